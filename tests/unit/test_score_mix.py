"""How a brand's voices usually score, and how far their mood wanders."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest

from detectors.estimators.score_mix import NEGATIVITY, TURNED, Floats, MixState, ScoreMix
from detectors.finding import BINS

STEP_MS = 300_000
DAY = 288
#: How the scores of negative posts and of others are spread, by a fair text model.
NEGATIVE: Floats = np.array([0.01, 0.04, 0.08, 0.12, 0.14, 0.14, 0.20, 0.27])
OTHERS: Floats = np.array([0.18, 0.30, 0.26, 0.11, 0.07, 0.04, 0.03, 0.01])


def mixed(part: float, voices: float = 15.0) -> Floats:
    """The voices of a step, that part of them negative."""
    return voices * (part * NEGATIVE + (1.0 - part) * OTHERS)


def heard(mix: ScoreMix, steps: int, part: float, voices: float = 15.0, expected: float = 15.0) -> ScoreMix:
    """So many more steps."""
    first = 0 if mix.state.step_ms < 0 else mix.state.step_ms // STEP_MS + 1
    for step in range(first, first + steps):
        bins = mixed(part, voices).tolist()
        mix.learn(step * STEP_MS, bins, sum(bins[BINS // 2 :]), expected)
    return mix


@cache
def _lesson(part: float, voices: float, expected: float, steps: int) -> bytes:
    return msgspec.json.encode(heard(ScoreMix(), steps, part, voices, expected).state)


def taught(part: float = 0.22, voices: float = 15.0, steps: int = 2 * DAY) -> ScoreMix:
    """A mix that has heard two ordinary days; from one lesson for all tests."""
    return ScoreMix(None, msgspec.json.decode(_lesson(part, voices, voices, steps), type=MixState))


def thawed(mix: ScoreMix, brand: ScoreMix | None = None) -> ScoreMix:
    return ScoreMix(brand, msgspec.json.decode(msgspec.json.encode(mix.state), type=MixState))


@pytest.mark.parametrize("part", [0.1, 0.22, 0.5])
def test_the_part_that_is_negative_is_found_without_a_label(part: float) -> None:
    assert taught(part).state.part == pytest.approx(part, abs=0.07)


def test_a_voice_weighs_what_its_score_is_worth_to_this_brand() -> None:
    mix = taught()
    ratio = np.exp(mix.weights[:, 4]) * 10.0 - 9.0
    true_ratio = NEGATIVE / mixed(0.22, 1.0)
    assert np.all(np.diff(ratio) > 0.0)
    assert ratio == pytest.approx(true_ratio, abs=0.8)


def test_scores_that_tell_nothing_weigh_nothing() -> None:
    mix = ScoreMix()
    for step in range(DAY):
        mix.learn(step * STEP_MS, [15.0 * (place == 3) for place in range(BINS)], 0.0, 15.0)
    assert abs(mix.weights[3]).max() < 0.3


def test_evidence_is_the_sum_of_what_each_voice_weighs() -> None:
    mix = taught()
    found = mix.evidence(mixed(0.5).tolist(), TURNED.tolist())
    assert found == pytest.approx((mixed(0.5) @ mix.weights).tolist())


def test_the_usual_share_follows_the_mood_of_the_last_hours() -> None:
    mix = taught()
    before = mix.usual_share
    heard(mix, 100, 0.30)
    assert before + 0.02 < mix.usual_share < before + 0.08


def test_how_unsure_it_is_falls_with_what_was_heard() -> None:
    young, old = taught(steps=12), taught()
    seldom = taught(voices=0.2)
    assert young.unsure > 2.0 * old.unsure
    assert seldom.unsure > old.unsure


def test_a_step_is_learned_half_an_hour_late() -> None:
    mix = taught(steps=DAY)
    quiet = thawed(mix)
    heard(mix, 7, 0.9)
    heard(quiet, 7, 0.22)
    assert mix.state.mood == quiet.state.mood
    heard(mix, 1, 0.9)
    heard(quiet, 1, 0.22)
    assert mix.state.mood > quiet.state.mood


def test_a_crisis_is_damped_for_a_day_and_then_becomes_the_usual() -> None:
    mix = taught(voices=75.0)
    before = mix.state.now
    heard(mix, DAY // 3, 0.8, 75.0, 75.0)
    assert mix.state.now < before + 0.25
    heard(mix, DAY, 0.8, 75.0, 75.0)
    assert mix.state.now > before + 0.4


def test_a_crowd_with_a_mood_of_its_own_teaches_nothing_of_the_usual_one() -> None:
    mix = taught()
    before = mix.state.now
    praise = heard(thawed(mix), 36, 0.05, voices=120.0)
    assert praise.state.now == pytest.approx(before, abs=0.02)
    assert heard(mix, 36, 0.05).state.now < before - 0.04


def test_a_platform_starts_with_the_mix_of_its_brand() -> None:
    brand = taught(0.5)
    alone, part_of_it = ScoreMix(), ScoreMix(brand)
    assert part_of_it.state.part == pytest.approx(brand.state.part, abs=0.02)
    assert alone.state.part < 0.4
    assert part_of_it.unsure < alone.unsure


def test_what_came_late_is_counted_while_its_step_waits() -> None:
    on_time, late = taught(steps=DAY), taught(steps=DAY)
    extra = [5.0 * (score > 0.9) for score in NEGATIVITY]
    on_time.learn((DAY - 1) * STEP_MS, extra, 5.0, 0.0)
    heard(on_time, 9, 0.22)
    heard(late, 3, 0.22)
    late.late((DAY - 1) * STEP_MS, extra, 5.0)
    heard(late, 6, 0.22)
    assert late.state == on_time.state
    late.late((DAY - 1) * STEP_MS, extra, 5.0)
    assert late.state == on_time.state


def test_restored_in_the_middle_of_a_step_it_goes_on_to_the_last_bit_though_its_brand_has_learned() -> None:
    brand = taught(0.3, steps=DAY)
    whole = heard(ScoreMix(brand), DAY, 0.2)
    heard(brand, 50, 0.6)
    again = thawed(whole, brand)
    assert np.array_equal(again.weights, whole.weights)
    assert heard(again, 20, 0.25).state == heard(whole, 20, 0.25).state
