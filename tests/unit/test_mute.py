"""Mutes: what they are about, what they never reach, and which of them may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.signal import SignalKind
from playbooks.armings.arming import DAY_MS, OWN_TROUBLES
from playbooks.armings.mute import FURTHEST_AHEAD_MS, LONGEST_MS, Mute, Muted, Wanted, judged, muted_by
from playbooks.armings.mute_words import SAID
from playbooks.content.catalog import load_library
from playbooks.content.schema import Playbook
from tests.parts.signals import a_signal

LIBRARY = {one.playbook.id: one.playbook for one in load_library().newest()}
STORM, SHIFT, SILENT = LIBRARY["complaint-storm"], LIBRARY["tone-shift"], LIBRARY["source-silence"]
NOW_MS = 1_000


def a_mute(id: str = "mute-1", **changes: Any) -> Mute:
    """Of negativity, for everybody, from 0 to 2000, unless something is said."""
    known = Mute(id, None, SignalKind.NEGATIVITY, None, 0, 2_000, "ada", "the final", 0)
    return msgspec.structs.replace(known, **changes)


def covers(mute: Mute, playbook: Playbook = STORM, **signal: Any) -> bool:
    """Whether it is about what the playbook does for a signal."""
    return mute.covers(a_signal(**signal), playbook)


def test_a_mute_is_about_its_brand_its_kind_and_its_playbook_and_nothing_else() -> None:
    assert covers(a_mute())
    assert not covers(a_mute(), kind=SignalKind.VOLUME)
    assert covers(a_mute(brand="acme"))
    assert not covers(a_mute(brand="bolt"))
    assert covers(a_mute(kind=None, playbook=STORM.id))
    assert not covers(a_mute(kind=None, playbook=SHIFT.id))
    assert not covers(a_mute(playbook=STORM.id), SHIFT)
    assert not covers(a_mute(kind=SignalKind.VOLUME, playbook=STORM.id))


@pytest.mark.parametrize("kind", sorted(OWN_TROUBLES | {SignalKind.REPORTED}))
def test_silence_dead_letters_and_what_a_person_reports_are_muted_by_name_alone(kind: SignalKind) -> None:
    broad = msgspec.structs.replace(
        STORM, trigger=msgspec.structs.replace(STORM.trigger, kinds=(SignalKind.VOLUME, kind))
    )
    assert not covers(a_mute(kind=None, playbook=STORM.id), broad, kind=kind)
    assert covers(a_mute(kind=None, playbook=STORM.id), broad, kind=SignalKind.VOLUME)
    assert covers(a_mute(kind=kind), broad, kind=kind)


def test_naming_the_playbook_of_silence_names_silence() -> None:
    assert covers(a_mute(kind=None, playbook=SILENT.id), SILENT, kind=SignalKind.SILENCE)


def test_a_mute_is_in_force_from_its_beginning_until_just_before_its_end_or_until_it_is_lifted() -> None:
    mute = a_mute(begins_ms=10, ends_ms=20)
    assert [mute.in_force(at) for at in (9, 10, 19, 20)] == [False, True, True, False]
    assert not a_mute(lifted_ms=5).in_force(10)


def test_of_several_mutes_the_one_counts_that_lasts_longest() -> None:
    long = a_mute("mute-2", ends_ms=9_000)
    found = muted_by([a_mute(), long, a_mute("mute-3", ends_ms=500)], a_signal(), [STORM], NOW_MS)
    assert found == long


def test_muting_the_lower_playbook_does_not_mute_the_higher() -> None:
    lower, both = a_mute(kind=None, playbook=SHIFT.id), a_mute("mute-2", ends_ms=9_000)
    assert muted_by([lower], a_signal(), [SHIFT], NOW_MS) == lower
    assert muted_by([lower], a_signal(), [SHIFT, STORM], NOW_MS) is None
    higher = a_mute("mute-3", kind=None, playbook=STORM.id, ends_ms=1_500)
    assert muted_by([lower, higher], a_signal(), [SHIFT, STORM], NOW_MS) == higher, "it ends with the first of the two"
    assert muted_by([lower, both], a_signal(), [SHIFT, STORM], NOW_MS) == both


def test_without_a_mute_nothing_is_silent() -> None:
    assert muted_by([], a_signal(), [STORM], NOW_MS) is None


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from([None, "acme", "bolt"])), max_size=6),
    st.integers(0, 20),
)
def test_whatever_mutes_there_are_one_that_is_found_is_in_force_and_about_the_signal(
    some: list[tuple[int, int, str | None]], at_ms: int
) -> None:
    mutes = [a_mute(f"m-{n}", begins_ms=a, ends_ms=b, brand=brand) for n, (a, b, brand) in enumerate(some)]
    found = muted_by(mutes, a_signal(), [STORM], at_ms)
    fitting = [one for one in mutes if one.in_force(at_ms) and one.covers(a_signal(), STORM)]
    assert (found is None) == (not fitting)
    assert found is None or (found in fitting and found.ends_ms == max(one.ends_ms for one in fitting))


def wanted(**changes: Any) -> Wanted:
    """A day of no negativity."""
    known = Wanted("acme", SignalKind.NEGATIVITY, None, NOW_MS, NOW_MS + DAY_MS, "the final")
    return msgspec.structs.replace(known, **changes)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (wanted(), Muted.DONE),
        (wanted(kind=None), Muted.MUTES_EVERYTHING),
        (wanted(reason=" \n"), Muted.NO_REASON),
        (wanted(ends_ms=NOW_MS), Muted.IS_PAST),
        (wanted(begins_ms=NOW_MS + 2 * DAY_MS), Muted.ENDS_BEFORE),
        (wanted(ends_ms=NOW_MS + LONGEST_MS), Muted.DONE),
        (wanted(ends_ms=NOW_MS + LONGEST_MS + 1), Muted.TOO_LONG),
        (wanted(begins_ms=0, ends_ms=NOW_MS + LONGEST_MS), Muted.DONE),
        (wanted(begins_ms=NOW_MS + FURTHEST_AHEAD_MS + 1, ends_ms=NOW_MS + FURTHEST_AHEAD_MS + 2), Muted.TOO_FAR_AHEAD),
    ],
)
def test_a_mute_has_an_end_within_two_weeks_a_reason_and_something_that_it_is_about(
    asked: Wanted, found: Muted
) -> None:
    assert judged(asked, NOW_MS) is found


def test_every_answer_has_its_words() -> None:
    assert set(SAID) == set(Muted)
