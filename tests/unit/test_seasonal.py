"""What is usual at this time of day, and how soon something else becomes usual."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bucket import BUCKET_MS
from detectors.seasonal import RateState, SeasonalRate

HOUR = 3_600_000
DAY = 24 * HOUR


class Stream:
    """A rate that learns, and how far it is."""

    def __init__(self, rate: SeasonalRate | None = None, now_ms: int = 0) -> None:
        self.rate = rate or SeasonalRate()
        self.now_ms = now_ms

    def learn(self, span_ms: int, count: float | Callable[[int], float]) -> Stream:
        """A count in each bucket, or one by time of day."""
        until_ms = self.now_ms + span_ms
        while self.now_ms < until_ms:
            self.rate.learn_one(self.now_ms, count(self.now_ms % DAY) if callable(count) else count)
            self.now_ms += BUCKET_MS
        return self

    @property
    def expected(self) -> float:
        return self.rate.expect(self.now_ms)


def encoded(rate: SeasonalRate) -> bytes:
    return msgspec.json.encode(rate.state)


def test_a_steady_rate_is_expected() -> None:
    assert Stream().learn(DAY, 2.0).expected == pytest.approx(2.0)


def test_each_time_of_day_has_its_own_rate() -> None:
    stream = Stream().learn(7 * DAY, lambda at: 5.0 if at >= DAY / 2 else 1.0)
    by_night, by_day = stream.rate.expect(7 * DAY + 6 * HOUR), stream.rate.expect(7 * DAY + 18 * HOUR)
    assert by_night == pytest.approx(1.0, rel=0.25)
    assert by_day == pytest.approx(5.0, rel=0.1)


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


def test_a_crisis_does_not_become_the_usual_within_hours() -> None:
    stream = Stream().learn(3 * DAY, 2.0)
    assert stream.learn(HOUR, 20.0).expected < 3.0
    assert stream.learn(HOUR, 20.0).expected < 4.0


def test_a_lasting_change_becomes_the_usual_within_days() -> None:
    stream = Stream().learn(3 * DAY, 2.0)
    assert stream.learn(2 * DAY, 20.0).expected == pytest.approx(20.0, rel=0.05)
    assert stream.learn(4 * DAY, 2.0).expected == pytest.approx(2.0, rel=0.25)


def test_one_step_of_madness_is_learned_as_three_times_the_usual() -> None:
    mad, lively = Stream().learn(DAY, 2.0), Stream().learn(DAY, 2.0)
    mad.learn(300_000, 1e6).learn(DAY, 2.0)
    lively.learn(300_000, 6.1).learn(DAY, 2.0)
    assert mad.expected == pytest.approx(lively.expected, rel=1e-6)


def test_after_a_crisis_the_usual_is_what_it_was() -> None:
    stream = Stream().learn(3 * DAY, 2.0).learn(HOUR, 40.0)
    assert stream.learn(DAY, 2.0).expected == pytest.approx(2.0, rel=0.2)


def test_the_longer_a_stream_is_known_the_surer_the_expectation() -> None:
    stream = Stream().learn(2 * HOUR, 2.0)
    seen = [stream.rate.dispersion(stream.now_ms, 300)]
    for _ in range(4):
        stream.learn(DAY, 2.0)
        seen.append(stream.rate.dispersion(stream.now_ms, 300))
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > 0.5 > 0.15 > seen[-1]


def test_longer_spans_are_steadier_and_wild_streams_less_sure() -> None:
    steady = Stream().learn(5 * DAY, 2.0).rate
    wild = Stream().learn(5 * DAY, lambda at: 4.0 if at // 300_000 % 2 else 0.0).rate
    assert steady.dispersion(5 * DAY, 60) > steady.dispersion(5 * DAY, 300) > steady.dispersion(5 * DAY, 3600)
    assert wild.dispersion(5 * DAY, 300) > 3 * steady.dispersion(5 * DAY, 300)


def test_a_stream_of_silence_expects_nothing() -> None:
    assert Stream().learn(DAY, 0.0).expected == 0.0


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
    whole, broken = SeasonalRate(), SeasonalRate()
    for place, count in enumerate(counts):
        if place == stop:
            broken = SeasonalRate(msgspec.json.decode(encoded(broken), type=RateState))
        at_ms = 7 * HOUR + place * BUCKET_MS
        assert whole.expect(at_ms) == broken.expect(at_ms)
        whole.learn_one(at_ms, count / 7)
        broken.learn_one(at_ms, count / 7)
    assert encoded(whole) == encoded(broken)
