"""What is usual at this time of the week, and how soon something else becomes usual."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bucket import BUCKET_MS
from detectors.estimators.seasonal import LAG_STEPS, STEP_MS, RateState, SeasonalRate
from tests.parts.rivers_checks import EACH_CHECK, run_check

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY
#: In five minutes, where a test lasts for weeks.
COARSE_S = 300


class Stream:
    """A rate that learns, and how far it is."""

    def __init__(self, rate: SeasonalRate | None = None, now_ms: int = 0) -> None:
        self.rate = rate or SeasonalRate()
        self.now_ms = now_ms

    def learn(self, span_ms: int, count: float | Callable[[int], float], planned: float = 1.0) -> Stream:
        """A count in each bucket, or one by time of the week."""
        until_ms = self.now_ms + span_ms
        while self.now_ms < until_ms:
            here = count(self.now_ms % WEEK) if callable(count) else count
            self.rate.learn(self.now_ms, here, planned)
            self.now_ms += self.rate.bucket_s * 1000
        return self

    @property
    def expected(self) -> float:
        return self.rate.expect(self.now_ms)


def encoded(rate: SeasonalRate) -> bytes:
    return msgspec.json.encode(rate.state)


def again(rate: SeasonalRate, parent: SeasonalRate | None = None) -> SeasonalRate:
    return SeasonalRate(parent, rate.bucket_s).resume(msgspec.json.decode(encoded(rate), type=RateState))


def by_day(at_ms: int) -> float:
    """Five times as much in the second half of the day."""
    return 5.0 if at_ms % DAY >= DAY / 2 else 1.0


# --- what is usual ----------------------------------------------------------------------------------------------------


def test_a_steady_rate_is_expected() -> None:
    assert Stream().learn(DAY, 2.0).expected == pytest.approx(2.0, rel=0.01)


def test_each_time_of_day_has_its_own_rate() -> None:
    stream = Stream().learn(7 * DAY, by_day)
    assert stream.rate.expect(7 * DAY + 6 * HOUR) == pytest.approx(1.0, rel=0.3)
    assert stream.rate.expect(7 * DAY + 18 * HOUR) == pytest.approx(5.0, rel=0.1)


def test_a_weekly_peak_is_half_expected_after_two_weeks_and_soon_wholly() -> None:
    def weekly(at_ms: int) -> float:
        return 300.0 if 2 * DAY + 20 * HOUR <= at_ms < 2 * DAY + 21 * HOUR else 60.0

    stream = Stream(SeasonalRate(bucket_s=COARSE_S))
    peak = []
    for week in range(6):
        peak.append(stream.rate.expect(week * WEEK + 2 * DAY + 20 * HOUR + HOUR // 2))
        stream.learn(WEEK, weekly)
    ordinary = stream.rate.expect(stream.now_ms + 3 * DAY + 20 * HOUR + HOUR // 2)
    assert peak == sorted(peak)
    assert peak[2] > 1.6 * ordinary
    assert peak[5] > 2.3 * ordinary
    assert ordinary < 100.0


@pytest.mark.parametrize("bucket_s", [10, 60, 300, 3600, 6 * 3600])
def test_a_bucket_may_be_of_any_length(bucket_s: int) -> None:
    stream = Stream(SeasonalRate(bucket_s=bucket_s)).learn(8 * DAY, lambda at: bucket_s / 5.0)
    assert stream.expected == pytest.approx(bucket_s / 5.0, rel=0.05)


def test_a_stream_of_silence_expects_next_to_nothing() -> None:
    assert 0.0 < Stream().learn(DAY, 0.0).expected < 0.001


# --- how sure ---------------------------------------------------------------------------------------------------------


def test_a_stream_is_judged_only_after_its_first_hour() -> None:
    stream = Stream(now_ms=5 * DAY)
    assert not stream.rate.warm(stream.now_ms + DAY)
    stream.learn(HOUR - BUCKET_MS, 1.0)
    assert not stream.rate.warm(stream.now_ms)
    stream.learn(BUCKET_MS, 1.0)
    assert stream.rate.warm(stream.now_ms)


def test_a_stream_is_known_since_its_first_bucket() -> None:
    assert SeasonalRate().days(DAY) == 0.0
    assert Stream(now_ms=5 * DAY).learn(DAY, 0.0).rate.days(6 * DAY + DAY // 2) == 1.5


def test_the_longer_a_stream_is_known_the_surer_the_expectation() -> None:
    stream = Stream().learn(2 * HOUR, 2.0)
    seen = [stream.rate.dispersion(stream.now_ms, 300)]
    for _ in range(4):
        stream.learn(DAY, 2.0)
        seen.append(stream.rate.dispersion(stream.now_ms, 300))
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > 0.5 > 0.15 > seen[-1]


def test_longer_spans_are_steadier_and_wild_streams_less_sure() -> None:
    new = Stream().learn(DAY, 2.0).rate
    steady = Stream().learn(5 * DAY, 2.0).rate
    wild = Stream().learn(5 * DAY, lambda at: 4.0 if at // STEP_MS % 2 else 0.0).rate
    assert new.dispersion(DAY, 60) > new.dispersion(DAY, 300) > new.dispersion(DAY, 3600)
    assert wild.dispersion(5 * DAY, 300) > 3 * steady.dispersion(5 * DAY, 300)


# --- a crisis, and a lasting change -----------------------------------------------------------------------------------


def test_a_crisis_does_not_become_the_usual_within_hours() -> None:
    stream = Stream().learn(3 * DAY, 2.0)
    assert stream.learn(HOUR, 20.0).expected == pytest.approx(2.0, rel=0.01), "it waits for an hour"
    assert stream.learn(HOUR, 20.0).expected < 3.0


def test_a_doubled_level_is_the_usual_after_a_day() -> None:
    stream = Stream().learn(5 * DAY, 2.0)
    assert stream.learn(6 * HOUR, 4.0).expected < 3.3
    assert stream.learn(18 * HOUR, 4.0).expected == pytest.approx(4.0, rel=0.1)
    assert stream.learn(DAY, 4.0).expected == pytest.approx(4.0, rel=0.1)


def test_a_lasting_change_however_large_becomes_the_usual_within_days() -> None:
    stream = Stream().learn(3 * DAY, 2.0)
    assert stream.learn(5 * DAY, 20.0).expected == pytest.approx(20.0, rel=0.25)
    assert stream.learn(8 * DAY, 2.0).expected == pytest.approx(2.0, rel=0.25)


def test_one_step_of_madness_is_learned_as_three_times_the_usual() -> None:
    mad, lively = Stream().learn(DAY, 2.0), Stream().learn(DAY, 2.0)
    mad.learn(STEP_MS, 1e6).learn(DAY, 2.0)
    lively.learn(STEP_MS, 6.2).learn(DAY, 2.0)
    assert mad.expected == pytest.approx(lively.expected, rel=1e-4)


def test_after_a_crisis_the_usual_is_what_it_was() -> None:
    stream = Stream().learn(3 * DAY, 2.0).learn(HOUR, 40.0)
    assert stream.learn(DAY, 2.0).expected < 2.0 * 1.35, "at the hour at which it was, a day later"


def test_a_planned_campaign_is_not_learned() -> None:
    planned = Stream().learn(3 * DAY, 2.0).learn(6 * HOUR, 8.0, planned=4.0)
    assert planned.expected == pytest.approx(2.0, rel=0.01)


# --- late counts ------------------------------------------------------------------------------------------------------


def test_a_late_count_is_learned_as_if_it_had_been_in_time() -> None:
    late, in_time = Stream().learn(DAY, 2.0), Stream().learn(DAY, 2.0)
    in_time.learn(BUCKET_MS, 6.0).learn(2 * HOUR, 2.0)
    late.learn(BUCKET_MS, 2.0).learn(HOUR // 2, 2.0)
    assert late.rate.late(DAY, 4.0)
    late.learn(HOUR + HOUR // 2, 2.0)
    assert late.rate.state.slots == in_time.rate.state.slots


def test_what_comes_after_its_step_was_learned_is_let_be() -> None:
    stream = Stream().learn(DAY, 2.0)
    before = stream.rate.state
    assert not stream.rate.late(stream.now_ms - (LAG_STEPS + 2) * STEP_MS, 4.0)
    after = stream.rate.state
    assert (after.slots, after.waiting, after.learned.seen) == (before.slots, before.waiting, before.learned.seen)
    assert stream.rate.late(stream.now_ms - LAG_STEPS * STEP_MS, 4.0)
    assert stream.rate.state.waiting != before.waiting


# --- a platform and its brand -----------------------------------------------------------------------------------------


def test_a_new_platform_borrows_the_brands_shape_of_the_day_on_its_own_level() -> None:
    brand = Stream().learn(7 * DAY, by_day)
    borrowing = Stream(SeasonalRate(brand.rate), brand.now_ms).learn(6 * HOUR, 0.1)
    alone = Stream(now_ms=brand.now_ms).learn(6 * HOUR, 0.1)
    evening = brand.now_ms + 18 * HOUR
    assert borrowing.rate.expect(evening) == pytest.approx(0.5, rel=0.3)
    assert alone.rate.expect(evening) < 0.15
    assert borrowing.rate.dispersion(borrowing.now_ms, 300) < alone.rate.dispersion(alone.now_ms, 300)


def test_a_platform_with_a_life_of_its_own_is_known_by_it_in_the_end() -> None:
    brand = SeasonalRate(bucket_s=COARSE_S)
    platform = SeasonalRate(brand, COARSE_S)
    for at_ms in range(0, 3 * WEEK, COARSE_S * 1000):
        platform.learn(at_ms, 12.0 if at_ms % DAY < DAY / 2 else 4.0)
        brand.learn(at_ms, 20.0 * by_day(at_ms))
    assert platform.expect(3 * WEEK + 6 * HOUR) == pytest.approx(12.0, rel=0.25)
    assert platform.expect(3 * WEEK + 18 * HOUR) == pytest.approx(4.0, rel=0.25)


# --- its state --------------------------------------------------------------------------------------------------------


def test_expecting_learns_nothing_and_says_the_same_twice() -> None:
    stream = Stream().learn(DAY + 70_000, 2.0)
    before = encoded(stream.rate)
    later = [stream.rate.expect(stream.now_ms + ahead) for ahead in (0, HOUR, 5 * HOUR)]
    assert [stream.rate.expect(stream.now_ms + ahead) for ahead in (0, HOUR, 5 * HOUR)] == later
    assert encoded(stream.rate) == before


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=70, max_size=120), st.data())
def test_a_rate_made_from_its_state_anywhere_goes_on_to_the_last_bit(counts: list[int], data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(counts)))
    start_ms = Stream(TAUGHT.rate).now_ms + DAY
    brand, whole = again(TAUGHT.rate), SeasonalRate(TAUGHT.rate)
    whole.parent = brand
    broken = whole
    broken = again(whole, brand)
    for place, count in enumerate(counts):
        if place == stop:
            broken = again(broken, brand)
        at_ms = start_ms + place * 2 * BUCKET_MS
        assert whole.expect(at_ms) == broken.expect(at_ms)
        whole.learn(at_ms, count / 7)
        broken.learn(at_ms, count / 7)
        # In mid-step for the platform: what the brand learns there must not be seen by one that was stopped.
        brand.learn(at_ms, count)
    assert encoded(whole) == encoded(broken)


TAUGHT = Stream().learn(DAY, 1.0)


def test_a_rate_is_small_however_long_it_learns() -> None:
    rate = Stream(SeasonalRate(bucket_s=COARSE_S)).learn(3 * WEEK, by_day).rate
    state = rate.state
    tables = (state.slots, state.visits, state.week_seen, state.week_usual, state.waiting, state.spread)
    assert sum(map(len, tables)) < 2_500
    assert len(encoded(rate)) < 4_000


# --- as one of River's regressors -------------------------------------------------------------------------------------


@EACH_CHECK
def test_rivers_own_check(name: str) -> None:
    course = [({"at_ms": place * BUCKET_MS}, 1.0 + place % 3) for place in range(400)]
    run_check(name, SeasonalRate(), course)


def test_as_a_regressor_it_predicts_what_it_expects() -> None:
    rate = SeasonalRate()
    for place in range(720):
        rate.learn_one({"at_ms": place * BUCKET_MS}, 2.0)
    assert rate.predict_one({"at_ms": 720 * BUCKET_MS}) == rate.expect(720 * BUCKET_MS) == pytest.approx(2.0, rel=0.05)
