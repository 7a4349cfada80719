"""When a trigger fires, and which line it says was not met."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from detectors.signal import Signal, SignalKind
from playbooks.content.trigger import Condition, EvidenceField, Match, Trigger, match
from tests.parts.signals import a_signal

TRIGGER = Trigger(
    kinds=(SignalKind.NEGATIVITY,),
    min_severity=3,
    platforms=("x",),
    conditions=(Condition(field=EvidenceField.AUTHORS, at_least=10, at_most=50),),
)


def with_authors(authors: int) -> Signal:
    """A signal with so many authors."""
    return a_signal(evidence={EvidenceField.AUTHORS: authors})


@pytest.mark.parametrize(
    ("signal", "found"),
    [
        (a_signal(), Match.FIRES),
        (a_signal(kind=SignalKind.VOLUME, severity=1), Match.OTHER_KIND),
        (a_signal(severity=2, platform="reddit"), Match.TOO_MILD),
        (a_signal(severity=3), Match.FIRES),
        (a_signal(platform="reddit"), Match.OTHER_PLATFORM),
        (a_signal(platform=None), Match.OTHER_PLATFORM),
        (with_authors(9), Match.EVIDENCE_SHORT),
        (with_authors(10), Match.FIRES),
        (with_authors(50), Match.FIRES),
        (with_authors(51), Match.EVIDENCE_SHORT),
    ],
)
def test_the_first_line_that_is_not_met_is_named(signal: Signal, found: Match) -> None:
    assert match(TRIGGER, signal) is found


def test_no_platforms_means_any_and_the_brand_as_a_whole() -> None:
    anywhere = Trigger(kinds=(SignalKind.NEGATIVITY,), min_severity=1)
    assert {match(anywhere, a_signal(platform=platform)) for platform in ("x", "reddit", None)} == {Match.FIRES}


@pytest.mark.parametrize(("expected", "found"), [(0.0, Match.FIRES), (10.0, Match.FIRES), (11.0, Match.EVIDENCE_SHORT)])
def test_what_was_never_expected_is_any_number_of_times_the_usual(expected: float, found: Match) -> None:
    trigger = Trigger(
        kinds=(SignalKind.NEGATIVITY,),
        min_severity=1,
        conditions=(Condition(field=EvidenceField.TIMES_USUAL, at_least=3),),
    )
    assert match(trigger, replace(a_signal(), observed=30.0, expected=expected)) is found
    assert match(trigger, replace(a_signal(), observed=0.0, expected=expected)) is Match.EVIDENCE_SHORT


def test_a_named_person_needs_no_figures() -> None:
    trigger = Trigger(
        kinds=(SignalKind.REPORTED,),
        min_severity=5,
        platforms=("x",),
        conditions=(Condition(field=EvidenceField.AUTHORS, at_least=10),),
        terms=("leak",),
    )
    assert match(trigger, a_signal(kind=SignalKind.REPORTED, severity=1, platform=None, evidence={})) is Match.FIRES


def test_a_mood_that_has_changed_for_good_counts_as_one() -> None:
    trigger = Trigger(
        kinds=(SignalKind.NEGATIVITY,),
        min_severity=1,
        conditions=(Condition(field=EvidenceField.LASTING, at_least=1),),
    )
    for lasting, found in ((0.0, Match.EVIDENCE_SHORT), (1.0, Match.FIRES)):
        assert match(trigger, a_signal(evidence={EvidenceField.LASTING: lasting})) is found
