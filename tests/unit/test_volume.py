"""What the volume detector sees, how soon, and what it lets be, on simulated ordinary days."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bucket import BUCKET_MS
from detectors.estimators import surge
from detectors.finding import Finding, Observation
from detectors.kinds import volume
from detectors.kinds.volume import VolumeSpike
from streams.simulation.mood_of_day import rhythm

MIN = 60_000 // BUCKET_MS
HOUR = 60 * MIN
DAY = 24 * HOUR
#: Midnight before a Monday.
MONDAY = 1_767_571_200_000
#: A Friday morning, where crises begin.
ONSET = 4 * DAY + 10 * HOUR


@cache
def ordinary_rates(
    rate_per_min: float, days: int, seed: int, push: float = 0.0
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Posts a minute to be expected, minute by minute: rhythm, gamma noise of shape 8, and a wander pushed so hard."""
    chance = np.random.default_rng([seed, days])
    minutes = days * 1440
    wander = np.zeros(minutes)
    for minute, pushed in enumerate(chance.normal(0.0, push, minutes - 1)):
        wander[minute + 1] = 0.995 * wander[minute] + pushed
    usual = rhythm(np.arange(minutes, dtype=np.float64) * 60_000 + MONDAY)
    return np.asarray(rate_per_min * usual * np.exp(wander) * chance.gamma(8.0, 0.125, minutes))


def counts(rates: np.ndarray[tuple[int], np.dtype[np.float64]], seed: int) -> list[float]:
    """Posts in each ten seconds."""
    return [float(count) for count in np.random.default_rng(seed).poisson(np.repeat(rates / 6.0, 6))]


def seen(place: int, voices: float, planned: float = 1.0) -> Observation:
    return Observation(MONDAY + place * BUCKET_MS, voices, planned=planned)


def watched(detector: VolumeSpike, course: Iterable[float], first: int = 0, planned: float = 1.0) -> list[int]:
    """Places of the buckets in which something is found anew, after three quarters of an hour without."""
    found_last, raised = -DAY, []
    for place, voices in enumerate(course, first):
        here = seen(place, voices, planned)
        found = detector.find(here)
        if found is not None and found.score >= 1.0:
            if place - found_last > 45 * MIN:
                raised.append(place)
            found_last = place
        detector.learn(here)
    return raised


@cache
def _known(rate_per_min: float) -> bytes:
    detector = VolumeSpike()
    watched(detector, counts(ordinary_rates(rate_per_min, 7, 9), 7)[:ONSET])
    return detector.snapshot()


def known(rate_per_min: float) -> VolumeSpike:
    """A detector that has watched four ordinary days and a morning."""
    return VolumeSpike.restore(_known(rate_per_min))


def minutes_to_alarm(rate_per_min: float, more: Callable[[float], float], seed: int) -> float | None:
    """Minutes from the onset to the alarm, where the rate is `more` times as high so many minutes after it."""
    rates = ordinary_rates(rate_per_min, 7, 9)[ONSET // MIN : ONSET // MIN + 180]
    raised = watched(known(rate_per_min), counts(rates * [more(minute) for minute in range(180)], seed), ONSET)
    return (raised[0] + 1 - ONSET) / MIN if raised else None


def median_minutes(rate_per_min: float, more: Callable[[float], float]) -> float:
    found = [minutes_to_alarm(rate_per_min, more, seed) for seed in range(5)]
    return float(np.median([180.0 if minutes is None else minutes for minutes in found]))


# --- what is seen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate_per_min", "within"), [(3.0, 3.0), (15.0, 2.0), (0.3, 8.0)])
def test_eight_times_the_usual_is_seen_within_minutes(rate_per_min: float, within: float) -> None:
    assert median_minutes(rate_per_min, lambda minute: 8.0) <= within


@pytest.mark.parametrize("rate_per_min", [3.0, 15.0])
def test_a_slow_ramp_to_two_and_a_half_times_the_usual_is_seen(rate_per_min: float) -> None:
    assert median_minutes(rate_per_min, lambda minute: 1.0 + 1.5 * min(1.0, minute / 90.0)) <= 120.0


def test_a_burn_that_no_hour_shows_is_told_with_the_hours_that_it_took() -> None:
    detector, spans = known(3.0), []
    rates = ordinary_rates(3.0, 7, 9)[ONSET // MIN :][:240] * 1.9
    for place, voices in enumerate(counts(rates, 3), ONSET):
        found = detector.find(seen(place, voices))
        spans.append(found.span_s if found and found.score > 0.8 else 0)
        detector.learn(seen(place, voices))
    assert max(spans) > 3600


def test_quiet_days_of_any_size_raise_next_to_no_alarm() -> None:
    raised = {}
    for rate_per_min in (0.05, 0.3, 3.0, 50.0, 500.0):
        course = counts(ordinary_rates(rate_per_min, 4, 11, push=0.02), 13)
        raised[rate_per_min] = len(watched(VolumeSpike(), course))
    assert sum(raised.values()) <= 2, raised


def test_a_steady_stream_is_no_news_when_its_first_hour_is_over() -> None:
    assert not watched(VolumeSpike(), [3.0, 4.0] * HOUR)


def test_a_new_brand_is_useful_within_a_day() -> None:
    rates = ordinary_rates(3.0, 7, 9).copy()
    onset = 20 * 60
    rates[onset : onset + 60] *= 8.0
    raised = watched(VolumeSpike(), counts(rates, 17)[: (onset + 60) * MIN])
    assert raised
    assert 0 < raised[0] - onset * MIN <= 10 * MIN


# --- what is let be ---------------------------------------------------------------------------------------------------


def test_a_planned_campaign_raises_the_expectation_and_mutes_nothing() -> None:
    rates = ordinary_rates(3.0, 7, 9)[ONSET // MIN :][:120]
    campaign, crisis = counts(rates * 6.0, 3), counts(rates * 40.0, 3)
    assert watched(known(3.0), campaign, ONSET)
    assert not watched(known(3.0), campaign, ONSET, planned=6.0)
    assert watched(known(3.0), crisis, ONSET, planned=6.0)


def test_a_doubled_level_stops_being_news_within_two_days() -> None:
    rates = ordinary_rates(3.0, 9, 9)
    rates = np.concatenate((rates[: ONSET // MIN], rates[ONSET // MIN :] * 2.0))
    raised = watched(known(3.0), counts(rates, 19)[ONSET:], ONSET)
    assert not [place for place in raised if place > ONSET + 2 * DAY]


def test_what_came_late_counts_where_it_belongs() -> None:
    prompt, late = known(3.0), known(3.0)
    for place in range(ONSET, ONSET + 12):
        prompt.learn(seen(place, 3.0))
        late.learn(seen(place, 0.0))
    for place in range(ONSET, ONSET + 12):
        late.correct(seen(place, 3.0))
    one, other = prompt.find(seen(ONSET + 12, 3.0)), late.find(seen(ONSET + 12, 3.0))
    assert one is not None
    assert other is not None
    assert (one.observed, one.span_s) == (other.observed, other.span_s)


def test_a_few_posts_more_on_a_platform_of_few_posts_are_no_surge() -> None:
    detector = VolumeSpike(bucket_s=300)
    for place in range(14 * 288):
        detector.learn(Observation(place * 300_000, float(place % 4 == 0)))
    few, many = (detector.find(Observation(14 * 288 * 300_000, voices)) for voices in (8.0, 40.0))
    assert few is not None
    assert many is not None
    assert few.score < 0.5 < 1.0 < many.score


# --- as a function of the past ----------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(voices=st.integers(0, 60), more=st.integers(1, 60))
def test_more_voices_are_never_less_striking(voices: int, more: int) -> None:
    detector = known(3.0)
    low, high = detector.find(seen(ONSET, float(voices))), detector.find(seen(ONSET, float(voices + more)))
    assert (low.score if low else 0.0) <= (high.score if high else 0.0)


def test_what_comes_later_changes_nothing_that_was_said() -> None:
    course = counts(ordinary_rates(3.0, 7, 9)[ONSET // MIN :][:90] * 4.0, 23)

    def said(course: list[float]) -> list[Finding | None]:
        detector, out = known(3.0), []
        for place, voices in enumerate(course, ONSET):
            out.append(detector.find(seen(place, voices)))
            detector.learn(seen(place, voices))
        return out

    assert said(course)[:200] == said(course[:200])


def test_learning_says_the_same_whether_it_was_asked_before_or_not() -> None:
    asked, unasked = known(3.0), known(3.0)
    for place, voices in enumerate(counts(ordinary_rates(3.0, 7, 9)[ONSET // MIN :][:60] * 5.0, 29), ONSET):
        here = seen(place, voices)
        asked.find(here)
        asked.learn(here)
        unasked.learn(seen(place, voices))
    assert asked.snapshot() == unasked.snapshot()


def test_after_an_alarm_a_restored_detector_asks_for_as_much_as_one_that_went_on() -> None:
    whole = known(3.0)
    watched(whole, [5.0] * 90, ONSET)
    broken = VolumeSpike.restore(whole.snapshot())
    one, other = whole.find(seen(ONSET + 90, 5.0)), broken.find(seen(ONSET + 90, 5.0))
    assert one == other
    assert one is not None
    assert one.threshold > volume.THRESHOLD - 1.5


def test_a_platform_borrows_from_its_brand_and_goes_on_from_its_snapshot_to_the_last_bit() -> None:
    brand = known(3.0)
    platform = VolumeSpike(volume.THRESHOLD, brand)
    resumed = platform
    assert platform.rate.parent is brand.rate
    for place, voices in enumerate(counts(ordinary_rates(3.0, 7, 9)[ONSET // MIN :][:180], 31), ONSET):
        if place % 97 == 0:
            resumed = VolumeSpike.restore(resumed.snapshot(), volume.THRESHOLD, brand)
        for detector in (platform, resumed):
            assert detector.find(seen(place, voices // 2)) == platform.find(seen(place, voices // 2))
        for detector in (platform, resumed, brand):
            detector.learn(seen(place, voices // 2 if detector is not brand else voices))
    assert resumed.snapshot() == platform.snapshot()


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_a_snapshot_is_small_however_long_the_series() -> None:
    assert len(known(15.0).snapshot()) < 8_000


def test_buckets_of_minutes_show_surges_alone_and_a_file_may_have_them() -> None:
    detector = VolumeSpike(bucket_s=300)
    for place in range(3 * 288):
        detector.learn(Observation(place * 300_000, 10.0))
    found = detector.find(Observation(3 * 288 * 300_000, 200.0))
    assert found is not None
    assert found.score > 1.0
    assert found.span_s == surge.LONG_S
