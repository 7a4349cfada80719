"""The outgoing-post check on labelled posts: floors a little below what `policy_figures` gives, so that a drop is seen.

Room: three hundredths for what is asked cold, since the posts that are kept apart are others; chance alone makes one.
"""

from __future__ import annotations

import pytest

from tests.parts.require import require
from tests.yardsticks.policy_figures import Figures, figures

pytestmark = [pytest.mark.yardsticks, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def found() -> Figures:
    require("yardsticks")
    return figures(folds=1)


def test_nothing_learned_offensive_posts_are_held_and_others_go(found: Figures) -> None:
    assert min(found.cold["offensive train"], found.cold["offensive val"]) >= 0.73


def test_nothing_learned_hateful_posts_are_held_and_others_go(found: Figures) -> None:
    assert min(found.cold["hate train"], found.cold["hate val"]) >= 0.64


def test_the_lists_say_more_than_a_list_of_feelings_does_on_every_part(found: Figures) -> None:
    assert {name for name, ours in found.cold.items() if ours < found.vader[name] + 0.05} == set()


def test_editors_decisions_make_it_better(found: Figures) -> None:
    assert found.learned >= 0.745
    assert min(found.crossed) >= 0.74


def test_at_most_two_in_a_hundred_well_meant_posts_are_held(found: Figures) -> None:
    assert found.well_meant <= 0.015
    assert found.well_meant_learned <= 0.02
