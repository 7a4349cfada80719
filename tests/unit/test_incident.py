"""The incident as a fold over its log, and the log's entries as they are stored."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from detectors.signal import SignalKind
from playbooks.content.trigger import Match
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, project
from playbooks.incidents.log_entry import (
    AccountRead,
    Acknowledged,
    AcknowledgedBy,
    AcknowledgementForgotten,
    ActionPlanned,
    Contained,
    GlassBroken,
    HoldAskedAgain,
    HoldPlaced,
    HoldReleased,
    HoldTermsRaised,
    Judged,
    LogEntry,
    Logged,
    MergedFrom,
    MergedInto,
    Muted,
    Noted,
    Opened,
    Outranked,
    PlaybookChanged,
    PostDecided,
    PostLeaked,
    ReleaseAgreed,
    Reopened,
    Reported,
    Resolved,
    ResolvedBy,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
    StepDone,
    StepOverdue,
)
from playbooks.labels import ActionKind, Judgement
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
    Outranked("storm", "2.0.0", "sig-5"),
    AcknowledgementForgotten(),
    StepDone("a-2", "ask", "asked", "yes"),
    StepOverdue("a-2", "ask"),
    Noted("the shop is closed"),
    Contained("no new posts"),
    Reopened("it goes on"),
    PlaybookChanged("storm", "2.0.0", "hash-2", "A storm", "complaints", 60_000, "it grew"),
    Muted("mute-1", "ada", "the site is being moved", 9),
    MergedInto("inc-2", "the same parcels"),
    MergedFrom("inc-3", "Another storm", ("other",), 4, a_signal("sig-6", severity=4), 7, 12, "the same parcels"),
    Judged(Judgement.FALSE, "a planned sale"),
    HoldAskedAgain("h-1"),
    PostDecided("post-1", "x", "keep", "not now"),
    GlassBroken("post-2", "x", "a recall", 60_000),
    HoldTermsRaised("h-1", 2, ("on-call", "executives"), "executives"),
    Reported("somebody is in hospital", 4),
    AccountRead("main", "acme on x, in Buffer (main)", "partial", 1, 2),
    PostLeaked("main", "acme on x, in Buffer (main)", "61f3", 100),
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
        "outranked",
        "acknowledgement_forgotten",
        "step_done",
        "step_overdue",
        "noted",
        "contained",
        "reopened",
        "playbook_changed",
        "muted",
        "merged_into",
        "merged_from",
        "judged",
        "hold_asked_again",
        "post_decided",
        "glass_broken",
        "hold_terms_raised",
        "reported",
        "account_read",
        "post_leaked",
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


def test_several_may_have_it_and_all_are_asked_anew_when_it_is_forgotten() -> None:
    entries = [*log(OPENED), *log(Acknowledged(AcknowledgedBy.SLACK), actor="ada"), *log(Acknowledged(), actor="bo")]
    view = project("inc-1", entries)
    assert (view.has_it, view.acknowledged_by) == (frozenset({"ada", "bo"}), "ada")
    assert view.acknowledged[0].how is AcknowledgedBy.SLACK
    forgotten = project("inc-1", [*entries, *log(AcknowledgementForgotten())])
    assert (forgotten.state, forgotten.has_it, forgotten.acknowledged_by) == (IncidentState.OPENED, frozenset(), None)


def test_a_contained_incident_is_nobodys_worry_until_it_gets_worse() -> None:
    contained = (OPENED, Acknowledged(), Contained("no new posts"))
    assert project("inc-1", log(*contained)).state is IncidentState.CONTAINED
    worse = SeverityRaised(3, 5, a_signal("sig-2", severity=5))
    assert project("inc-1", log(*contained, worse)).state is IncidentState.OPENED
    assert project("inc-1", log(*contained, Acknowledged(), actor="bo")).state is IncidentState.CONTAINED


def test_what_is_opened_again_is_over_no_more_and_asks_for_somebody() -> None:
    view = project("inc-1", log(OPENED, Acknowledged(), Resolved(ResolvedBy.PERSON, "over"), Reopened("it goes on")))
    assert (view.state, view.resolved_ms, view.has_it, view.ended) == (IncidentState.REOPENED, None, frozenset(), 1)
    assert view.state.asks_for_somebody


def test_what_is_overdue_can_still_be_done() -> None:
    late = project("inc-1", log(OPENED, StepOverdue("a-2", "ask"))).done_of("a-2")
    done = project("inc-1", log(OPENED, StepOverdue("a-2", "ask"), StepDone("a-2", "ask"))).done_of("a-2")
    assert late
    assert done
    assert (late.is_overdue, done.is_overdue, done.person) == (True, False, "ada")


def test_an_incident_can_be_moved_to_another_playbook_by_name() -> None:
    moved = PlaybookChanged("storm", "2.0.0", "hash-2", "A storm", "complaints", None, "it grew")
    view = project("inc-1", log(OPENED, Outranked("storm", "2.0.0", "sig-5"), moved))
    assert (view.playbook, view.version, view.hash, view.cause) == ("storm", "2.0.0", "hash-2", "complaints")
    assert (view.outranked_by, view.touched_ms) == ((), MORNING_MS + 3000)


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
