"""How bad a finding is, and of what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.finding import Finding
from detectors.reason import Reason
from detectors.watch.severity import Circumstances, severity_of

HOUR = 3_600_000
#: Anger of a few more people than usual, over a while: nothing about it stands out.
PLAIN = Finding(7.0, 7.0, 1800, observed=12, expected=5, voices=30, negative=12, negative_share=0.4)
GRAVE = Finding(14.0, 7.0, 600, observed=60, expected=4, voices=70, negative=60, negative_share=0.86)


def test_anger_of_several_people_is_worth_a_page_and_no_more() -> None:
    assert severity_of(PLAIN, Circumstances(authors=12), 0).level == 3


@pytest.mark.parametrize("authors", [0, 1, 4])
def test_anger_of_a_few_people_is_no_crisis_however_loud(authors: int) -> None:
    found = severity_of(GRAVE, Circumstances(authors, reach=10**9, platforms=5), 0)
    assert (found.level, found.reasons) == (2, (Reason.FEW_PEOPLE,))


@given(st.floats(1.0, 1e6), st.integers(0, 10**7), st.integers(0, 10**12), st.integers(0, 20))
def test_numbers_alone_are_never_above_two(score: float, authors: int, reach: int, platforms: int) -> None:
    praise = Finding(9.0 * score, 9.0, 300, observed=9000, expected=4, voices=9000)
    found = severity_of(praise, Circumstances(authors, reach, platforms, begun_ms=0), 9 * HOUR)
    assert found.level <= 2
    assert found.reasons == (Reason.NUMBERS_ONLY,)


def test_a_storm_of_many_people_is_grave_and_one_of_a_crowd_is_for_the_whole_company() -> None:
    many = severity_of(GRAVE, Circumstances(authors=58), 0)
    assert many.level == 4
    assert set(many.reasons) == {
        Reason.UNLIKELY,
        Reason.ANGRY,
        Reason.MANY_TIMES_USUAL,
        Reason.MANY_PEOPLE,
        Reason.FAST,
    }
    crowd = severity_of(GRAVE, Circumstances(authors=160), 0)
    assert crowd.level == 5
    assert Reason.CROWD in crowd.reasons


def test_the_same_signs_from_fewer_people_are_less_grave() -> None:
    assert severity_of(GRAVE, Circumstances(authors=19, reach=10**6, platforms=3, begun_ms=0), 2 * HOUR).level == 3
    assert severity_of(GRAVE, Circumstances(authors=99, reach=10**6, platforms=3, begun_ms=0), 2 * HOUR).level == 4


@pytest.mark.parametrize(
    ("finding", "seen", "reason"),
    [
        (replace(PLAIN, tail=10.5), {}, Reason.UNLIKELY),
        (replace(PLAIN, negative_share=0.6), {}, Reason.ANGRY),
        (replace(PLAIN, expected=2.4), {}, Reason.MANY_TIMES_USUAL),
        (replace(PLAIN, span_s=900, negative=20.0), {}, Reason.FAST),
        (replace(PLAIN, lasting=True), {}, Reason.LASTING),
        (PLAIN, {"begun_ms": 0}, Reason.LASTING),
        (PLAIN, {"platforms": 2}, Reason.SEVERAL_PLATFORMS),
        (PLAIN, {"reach": 100_000}, Reason.FAR_REACH),
        (PLAIN, {"authors": 20}, Reason.MANY_PEOPLE),
    ],
)
def test_each_indicator_is_told_when_it_stands_out(finding: Finding, seen: dict[str, Any], reason: Reason) -> None:
    assert severity_of(PLAIN, Circumstances(authors=12), HOUR).reasons == ()
    assert severity_of(finding, Circumstances(**{"authors": 12, **seen}), HOUR).reasons == (reason,)


def test_a_detector_may_have_its_own_word() -> None:
    assert severity_of(replace(GRAVE, severity=1), Circumstances(authors=900), 0).level == 1


@given(
    st.floats(1.0, 3.0),
    st.floats(0.3, 1.0),
    st.integers(0, 300),
    st.integers(0, 300_000),
    st.integers(1, 4),
    st.integers(0, 3 * HOUR),
)
def test_more_of_anything_never_makes_it_milder(
    score: float, share: float, authors: int, reach: int, platforms: int, lasted_ms: int
) -> None:
    finding = replace(PLAIN, tail=7.0 * score, negative_share=share)
    seen = Circumstances(authors, reach, platforms, begun_ms=0)
    level = severity_of(finding, seen, lasted_ms).level
    assert severity_of(replace(finding, tail=finding.tail + 7.0), seen, lasted_ms).level >= level
    assert severity_of(finding, replace(seen, authors=authors + 90), lasted_ms).level >= level
    assert severity_of(finding, replace(seen, reach=reach + 90_000), lasted_ms).level >= level
    assert severity_of(finding, replace(seen, platforms=platforms + 1), lasted_ms).level >= level
    assert severity_of(finding, seen, lasted_ms + HOUR).level >= level
