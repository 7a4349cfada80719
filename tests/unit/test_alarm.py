"""When an alarm is raised, when it is signalled again, and when it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.alarm import CALM_MS, CALM_SCORE, AlarmState, advance, severity_of
from detectors.finding import Finding

STEP = 10_000


def scored(score: float, span_s: int = 300) -> Finding:
    """A finding of so many times its threshold."""
    return Finding(tail=score * 10.0, threshold=10.0, span_s=span_s, observed=40, expected=4, voices=50)


@pytest.mark.parametrize(
    ("score", "authors", "severity"),
    [
        (1.0, 4, 2),
        (1.0, 5, 3),
        (1.99, 500, 3),
        (2.0, 19, 3),
        (2.0, 20, 4),
        (3.99, 500, 4),
        (4.0, 99, 4),
        (4.0, 100, 5),
        (30.0, 1, 2),
        (30.0, 0, 2),
    ],
)
def test_severity_needs_both_a_high_score_and_many_people(score: float, authors: int, severity: int) -> None:
    assert severity_of(scored(score), authors) == severity


def test_below_the_threshold_nothing_is_signalled() -> None:
    state = AlarmState()
    assert [advance(state, found, 50, 0) for found in (None, scored(0.5), scored(0.99))] == [None, None, None]
    assert state.severity == 0


def test_an_alarm_is_signalled_once_and_again_only_when_it_gets_worse() -> None:
    state = AlarmState()
    course = [(1.1, 9), (1.2, 9), (2.5, 30), (1.5, 30), (2.6, 30), (4.2, 120), (9.0, 900)]
    said = [advance(state, scored(score), people, n * STEP) for n, (score, people) in enumerate(course)]
    assert said == [3, None, 4, None, None, 5, None]


def test_an_alarm_is_over_after_so_long_a_calm_and_not_a_bucket_sooner() -> None:
    state = AlarmState()
    advance(state, scored(1.1), 9, 0)
    advance(state, scored(0.1), 9, CALM_MS - STEP)
    assert state.severity == 3
    advance(state, scored(0.1), 9, CALM_MS)
    assert state.severity == 0
    assert advance(state, scored(1.1), 9, CALM_MS + STEP) == 3


def test_a_score_that_stays_nearly_high_keeps_the_alarm_on() -> None:
    state = AlarmState()
    advance(state, scored(1.1), 9, 0)
    for at_ms in range(0, 3 * CALM_MS, CALM_MS // 2):
        assert advance(state, scored(CALM_SCORE), 9, at_ms) is None
    assert advance(state, scored(1.1), 9, 3 * CALM_MS) is None
    assert state.severity == 3


def test_quiet_counts_as_calm() -> None:
    state = AlarmState()
    advance(state, scored(1.1), 9, 0)
    advance(state, None, 0, CALM_MS)
    assert state.severity == 0


def test_it_began_where_the_first_striking_span_began() -> None:
    state = AlarmState()
    advance(state, scored(1.1, span_s=300), 9, 1_000_000)
    advance(state, scored(4.5, span_s=60), 400, 1_100_000)
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
        severity = advance(state, scored(score), people, at_ms)
        assert (severity is None) == (score < 1.0 or severity_of(scored(score), people) <= last)
        last = severity or last
