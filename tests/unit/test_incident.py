"""The incident as a fold over its log, and the log's entries as they are stored."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from detectors.signal import SignalKind
from playbooks.action import ActionDecision
from playbooks.incident import IncidentState, project
from playbooks.labels import ActionKind
from playbooks.log_entry import (
    Acknowledged,
    ActionPlanned,
    HoldPlaced,
    HoldReleased,
    LogEntry,
    Logged,
    Opened,
    ReleaseAgreed,
    Resolved,
    ResolvedBy,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
)
from playbooks.trigger import Match
from tests.parts.signals import MORNING_MS, a_signal

OPENED = Opened("", "acme", "plain", "1.2.0", "hash", "Something is wrong", a_signal())
HELD = HoldPlaced("h-1", "acme", None, 2, ("on-call",))
ENTRIES: tuple[LogEntry, ...] = (
    OPENED,
    SignalJoined("sig-2", SignalKind.NEGATIVITY, "x", 3, 0.5, 0.2),
    SignalNoted("sig-3", SignalKind.VOLUME, None, 4, Match.OTHER_KIND),
    SeverityRaised(3, 4, a_signal("sig-4", severity=4)),
    ActionPlanned("a-1", "page", ActionKind.PAGE, "on-call", ActionDecision.DUE, 5, with_hold=False),
    HELD,
    Acknowledged(),
    ReleaseAgreed("h-1", "calm"),
    HoldReleased("h-1"),
    Resolved(ResolvedBy.PERSON, "over"),
)


def log(*entries: LogEntry, actor: str = "ada") -> list[Logged]:
    """Entries a second apart."""
    return [Logged(n, MORNING_MS + n * 1000, MORNING_MS + n * 1000, actor, entry) for n, entry in enumerate(entries, 1)]


def test_every_kind_of_entry_is_tried_here() -> None:
    assert {type(entry) for entry in ENTRIES} == set(get_args(LogEntry))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_an_entry_is_the_same_after_the_store(entry: LogEntry) -> None:
    assert msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(entry)), type=LogEntry) == entry


def test_the_tags_of_entries_are_those_that_are_stored_for_good() -> None:
    """These words stand in logs that nobody can change; renaming a type must not change them."""
    assert [entry.__struct_config__.tag for entry in ENTRIES] == [
        "opened",
        "signal_joined",
        "signal_noted",
        "severity_raised",
        "action_planned",
        "hold_placed",
        "acknowledged",
        "release_agreed",
        "hold_released",
        "resolved",
    ]


def test_an_incident_begins_opened() -> None:
    view = project("inc-1", log(OPENED))
    assert (view.state, view.severity, view.signals) == (IncidentState.OPENED, 3, 1)
    assert (view.brand, view.playbook, view.version, view.hash) == ("acme", "plain", "1.2.0", "hash")


def test_acknowledging_names_the_person() -> None:
    view = project("inc-1", log(OPENED, Acknowledged()))
    assert (view.state, view.acknowledged_by, view.acknowledged_ms) == (
        IncidentState.ACKNOWLEDGED,
        "ada",
        MORNING_MS + 2000,
    )


def test_getting_worse_asks_for_a_new_acknowledgement() -> None:
    view = project("inc-1", log(OPENED, Acknowledged(), SeverityRaised(3, 5, a_signal("sig-2", severity=5))))
    assert (view.state, view.severity, view.signal.id) == (IncidentState.OPENED, 5, "sig-2")


def test_a_hold_goes_only_with_its_own_release() -> None:
    view = project("inc-1", log(OPENED, HELD, ReleaseAgreed("h-1", "calm"), HoldReleased("another")))
    (hold,) = view.holds
    assert (hold.agreed, hold.in_force, view.held) == (("ada",), True, True)
    view = project("inc-1", log(OPENED, HELD, HoldReleased("h-1")))
    assert not view.held


def test_resolving_ends_the_incident_and_not_its_hold() -> None:
    view = project("inc-1", log(OPENED, HELD, Resolved(ResolvedBy.PERSON, "over")))
    assert (view.state, view.resolved_ms, view.held) == (IncidentState.RESOLVED, MORNING_MS + 3000, True)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((), "the log of 'inc-1' is empty"),
        ((Acknowledged(),), "begins with Acknowledged, not with Opened"),
        ((OPENED, OPENED), "'inc-1' is opened twice"),
    ],
    ids=["empty", "no opening", "two openings"],
)
def test_a_log_that_cannot_be_is_an_error(entries: tuple[LogEntry, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        project("inc-1", log(*entries))
