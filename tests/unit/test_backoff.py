"""Waits between tries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playbooks.delivery.backoff import wait_s

CHANCE = st.floats(0, 1)


@given(st.integers(1, 10_000), CHANCE, st.floats(0.01, 10), st.floats(10, 1_000))
def test_a_wait_lies_in_the_upper_half_of_its_step(attempt: int, chance: float, first: float, longest: float) -> None:
    step = min(longest, first * 2.0 ** min(attempt - 1, 30))
    assert step / 2 <= wait_s(attempt, chance, first, longest) <= step


@given(st.integers(1, 10), CHANCE, st.floats(0, 10_000))
def test_nobody_comes_back_earlier_than_asked_or_later_than_the_longest(
    attempt: int, chance: float, asked: float
) -> None:
    waited = wait_s(attempt, chance, 2.0, 300.0, asked)
    assert max(min(asked, 300.0), wait_s(attempt, chance, 2.0, 300.0)) <= waited <= 300.0
