"""An ordinary week of three airlines: nobody is paged more than once, cold or after learning."""

from __future__ import annotations

import pytest

from tests.parts.require import require
from tests.yardsticks.airline_weeks import airline_weeks

pytestmark = [pytest.mark.yardsticks, pytest.mark.slow, pytest.mark.timeout(600)]


def test_no_airline_is_paged_for_more_than_once_in_an_ordinary_week() -> None:
    require("yardsticks")
    found = airline_weeks()
    assert len(found.cold) == len(found.learned) == 3
    assert max(found.cold.values()) <= 1
    assert max(found.learned.values()) <= 1
