"""When an alarm is raised, when it is signalled again, and when it is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.reason import Reason
from detectors.watch.alarm import CALM_MS, CALM_SCORE, AlarmState, advance
from detectors.watch.severity import Circumstances, severity_of

STEP = 10_000


def scored(score: float, span_s: int = 300) -> Finding:
    """A finding of so many times its threshold, which gets worse with the people behind it."""
    return Finding(score * 10.0, 10.0, span_s, observed=40, expected=4, voices=50, negative=40, negative_share=0.8)


def level(state: AlarmState, found: Finding | None, authors: int, at_ms: int) -> int | None:
    severity = advance(state, found, Circumstances(authors), at_ms)
    return severity.level if severity else None


def test_below_the_threshold_nothing_is_signalled() -> None:
    state = AlarmState()
    assert [level(state, found, 50, 0) for found in (None, scored(0.5), scored(0.99))] == [None, None, None]
    assert state.severity == 0


def test_an_alarm_is_signalled_once_and_again_only_when_it_gets_worse() -> None:
    state = AlarmState()
    course = [(1.1, 9), (1.2, 9), (2.5, 30), (1.5, 30), (2.6, 30), (4.2, 120), (9.0, 900)]
    said = [level(state, scored(score), people, n * STEP) for n, (score, people) in enumerate(course)]
    assert said == [3, None, 4, None, None, 5, None]


def test_an_alarm_is_over_after_so_long_a_calm_and_not_a_bucket_sooner() -> None:
    state = AlarmState()
    level(state, scored(1.1), 9, 0)
    level(state, scored(0.1), 9, CALM_MS - STEP)
    assert state.severity == 3
    level(state, scored(0.1), 9, CALM_MS)
    assert state.severity == 0
    assert level(state, scored(1.1), 9, CALM_MS + STEP) == 3


def test_a_score_that_stays_nearly_high_keeps_the_alarm_on() -> None:
    state = AlarmState()
    level(state, scored(1.1), 9, 0)
    for at_ms in range(0, 3 * CALM_MS, CALM_MS // 2):
        assert level(state, scored(CALM_SCORE), 9, at_ms) is None
    assert level(state, scored(1.1), 9, 3 * CALM_MS) is None
    assert state.severity == 3


def test_quiet_counts_as_calm() -> None:
    state = AlarmState()
    level(state, scored(1.1), 9, 0)
    level(state, None, 0, CALM_MS)
    assert state.severity == 0


def test_it_began_where_the_first_striking_span_began() -> None:
    state = AlarmState()
    level(state, scored(1.1, span_s=300), 9, 1_000_000)
    level(state, scored(4.5, span_s=60), 400, 1_100_000)
    assert state.since_ms == 700_000


@given(st.lists(st.tuples(st.floats(0.0, 9.0), st.integers(0, 300), st.integers(1, 400)), max_size=80))
def test_without_a_calm_between_them_signals_only_rise(course: list[tuple[float, int, int]]) -> None:
    state = AlarmState()
    at_ms = calm_since = last = 0
    for score, people, steps in course:
        at_ms += steps * STEP
        if score >= CALM_SCORE:
            calm_since = at_ms
        if at_ms - calm_since >= CALM_MS:
            last = 0
        severity = level(state, scored(score), people, at_ms)
        assert severity is None or (severity > last and score >= 1.0)
        assert score < 1.0 or state.severity >= severity_of(scored(score), Circumstances(people), at_ms).level
        last = severity or last


def test_what_lasts_for_an_hour_is_told_as_lasting() -> None:
    state = AlarmState()
    level(state, scored(1.1), 30, 0)
    for at_ms in range(STEP, 40 * 60_000, STEP):
        assert level(state, scored(1.1), 30, at_ms) is None
    assert state.since_ms == -300_000
    worse = advance(state, scored(1.1), Circumstances(150, reach=200_000, platforms=2), 60 * 60_000)
    assert worse is not None
    assert Reason.LASTING in worse.reasons
