"""An incident as a person sees it: a pure fold over its append-only log.

Nothing about an incident is true that does not follow from its entries in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

import msgspec
from msgspec.structs import replace

from detectors.signal import Signal
from playbooks.action import ActionDecision
from playbooks.hold_scope import ALL_POSTS, Narrowing
from playbooks.labels import ActionKind
from playbooks.log_entry import (
    Acknowledged,
    AcknowledgedBy,
    AcknowledgementForgotten,
    ActionPlanned,
    Contained,
    GlassBroken,
    HoldAskedAgain,
    HoldPlaced,
    HoldReleased,
    Logged,
    Muted,
    Noted,
    Opened,
    Outranked,
    PlannedBecause,
    PlaybookChanged,
    PostDecided,
    ReleaseAgreed,
    Reopened,
    Resolved,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
    StepDone,
    StepOverdue,
)


class IncidentState(StrEnum):
    """Where an incident stands.

    Getting worse takes an acknowledged or contained one back to `OPENED`, and so does an acknowledgement that is
    forgotten: somebody must look again. `REOPENED` is one that a person had ended too early.
    """

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    CONTAINED = "contained"
    RESOLVED = "resolved"
    REOPENED = "reopened"

    @property
    def asks_for_somebody(self) -> bool:
        """Whether nobody has it now.

        >>> IncidentState.REOPENED.asks_for_somebody, IncidentState.CONTAINED.asks_for_somebody
        (True, False)
        """
        return self in (IncidentState.OPENED, IncidentState.REOPENED)


class PlannedAction(msgspec.Struct, frozen=True):
    """A step as it was planned; what came of a due one stands in the ledger under the same id."""

    id: str
    step: str
    kind: ActionKind
    target: str
    decision: ActionDecision
    at_ms: int
    due_ms: int
    with_hold: bool = False
    deadline_ms: int | None = None
    each: bool = False
    why: PlannedBecause | None = None


class Acknowledgement(msgspec.Struct, frozen=True):
    """Somebody who has it, since when, and by which road they said so."""

    person: str
    at_ms: int
    how: AcknowledgedBy


class Done(msgspec.Struct, frozen=True):
    """Something that people were to do: who did it and when, or (without a person) that its deadline has passed."""

    action: str
    at_ms: int
    person: str = ""
    note: str = ""
    option: str = ""

    @property
    def is_overdue(self) -> bool:
        """Whether the deadline passed and nobody has done it."""
        return not self.person


class HoldView(msgspec.Struct, frozen=True):
    """A hold as the log tells it; `agreed` are the people who have said that it may go."""

    id: str
    brand: str
    platform: str | None
    releasers_needed: int
    released_by: tuple[str, ...]
    placed_ms: int
    agreed: tuple[str, ...] = ()
    released_ms: int | None = None
    only: Narrowing = ALL_POSTS
    protects: str = ""
    ask_again_min: int | None = None

    @property
    def in_force(self) -> bool:
        """Whether it still holds posts back."""
        return self.released_ms is None


class IncidentView(msgspec.Struct, frozen=True):
    """What a person sees of an incident, and what the planner goes by.

    `opened_ms` and `last_signal_ms` are event time, `recorded_ms` is the wall clock of the opening. `signals` counts
    those that fired the playbook. `signal` is the one that made it as severe as it is. `acknowledged` are all that
    have it now, `touched_ms` is when a person last did something. `done` is what became of tasks, decisions and
    statements, by planned action. `outranked_by` are playbooks of the same cause that would be opened now instead.
    """

    id: str
    run: str
    brand: str
    playbook: str
    version: str
    hash: str
    title: str
    state: IncidentState
    severity: int
    signal: Signal
    opened_ms: int
    recorded_ms: int
    last_signal_ms: int
    signals: int = 1
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    resolved_ms: int | None = None
    actions: tuple[PlannedAction, ...] = ()
    holds: tuple[HoldView, ...] = ()
    cause: str = ""
    ack_expires_ms: int | None = None
    acknowledged: tuple[Acknowledgement, ...] = ()
    touched_ms: int = 0
    done: tuple[Done, ...] = ()
    outranked_by: tuple[str, ...] = ()
    #: How often it has been ended.
    ended: int = 0
    #: The mutes that it has met, the newest last.
    mutes: tuple[Muted, ...] = ()

    @property
    def has_it(self) -> frozenset[str]:
        """Who has acknowledged it, each for themselves."""
        return frozenset(one.person for one in self.acknowledged)

    def done_of(self, action: str) -> Done | None:
        """What became of something that people were to do, None while it is open."""
        return next((one for one in self.done if one.action == action), None)

    @property
    def pages(self) -> bool:
        """Whether anybody was paged: a brand that is only observed has incidents and pages nobody."""
        return any(a.kind is ActionKind.PAGE and a.decision is ActionDecision.DUE for a in self.actions)

    @property
    def held(self) -> bool:
        """Whether a hold of this incident is in force."""
        return any(hold.in_force for hold in self.holds)

    def planned(self, step: str) -> list[PlannedAction]:
        """What has been planned for one step so far."""
        return [action for action in self.actions if action.step == step]


def project(incident: str, log: Iterable[Logged]) -> IncidentView:
    """The view that follows from a log; raises `ValueError` for one that does not begin with `Opened`."""
    view: IncidentView | None = None
    for logged in log:
        view = advance(view, incident, logged)
    if view is None:
        raise ValueError(f"the log of {incident!r} is empty")
    return view


def advance(view: IncidentView | None, incident: str, logged: Logged) -> IncidentView:
    """The view after one more entry; `view` is None before the first."""
    entry = logged.entry
    if view is None:
        if not isinstance(entry, Opened):
            raise ValueError(f"the log of {incident!r} begins with {type(entry).__name__}, not with Opened")
        return _opened(incident, logged, entry)
    match entry:
        case Opened():
            raise ValueError(f"{incident!r} is opened twice")
        case SignalJoined():
            return replace(view, signals=view.signals + 1, last_signal_ms=max(view.last_signal_ms, logged.at_ms))
        case SignalNoted():
            return view
        case SeverityRaised():
            return _asking(replace(view, severity=entry.after, signal=entry.signal))
        case Outranked():
            return _asking(replace(view, outranked_by=(*view.outranked_by, entry.playbook)))
        case ActionPlanned():
            return replace(view, actions=(*view.actions, _planned(logged, entry)))
        case Muted():
            return replace(view, mutes=(*view.mutes, entry))
        case HoldPlaced():
            return replace(view, holds=(*view.holds, _placed(logged, entry)))
        case Acknowledged():
            return _acknowledged(view, logged, entry)
        case AcknowledgementForgotten():
            return _asking(view)
        case StepDone():
            done = Done(entry.action, logged.at_ms, logged.actor, entry.note, entry.option)
            return replace(_touched(view, logged), done=_with(view.done, done))
        case StepOverdue():
            return replace(view, done=_with(view.done, Done(entry.action, logged.at_ms)))
        case Noted():
            return _touched(view, logged)
        case ReleaseAgreed():
            holds = tuple(_let_go(hold, logged, entry) for hold in view.holds)
            return replace(_touched(view, logged), holds=holds)
        case HoldReleased():
            return replace(view, holds=tuple(_let_go(hold, logged, entry) for hold in view.holds))
        case HoldAskedAgain():
            return view
        case PostDecided() | GlassBroken():
            return _touched(view, logged)
        case Contained():
            return replace(_touched(view, logged), state=IncidentState.CONTAINED)
        case Resolved():
            return replace(view, state=IncidentState.RESOLVED, resolved_ms=logged.at_ms, ended=view.ended + 1)
        case Reopened():
            return replace(_asking(_touched(view, logged)), state=IncidentState.REOPENED, resolved_ms=None)
        case PlaybookChanged():
            return _moved(_touched(view, logged), entry)
        case _:
            assert_never(entry)


def _opened(incident: str, logged: Logged, entry: Opened) -> IncidentView:
    return IncidentView(
        id=incident,
        run=entry.run,
        brand=entry.brand,
        playbook=entry.playbook,
        version=entry.version,
        hash=entry.hash,
        title=entry.title,
        state=IncidentState.OPENED,
        severity=entry.signal.severity,
        signal=entry.signal,
        opened_ms=logged.at_ms,
        recorded_ms=logged.recorded_ms,
        last_signal_ms=logged.at_ms,
        cause=entry.cause or entry.playbook,
        ack_expires_ms=entry.ack_expires_ms,
    )


def _asking(view: IncidentView) -> IncidentView:
    """Nobody has it any more."""
    return replace(view, state=IncidentState.OPENED, acknowledged=(), acknowledged_by=None, acknowledged_ms=None)


def _touched(view: IncidentView, logged: Logged) -> IncidentView:
    return replace(view, touched_ms=logged.recorded_ms)


def _acknowledged(view: IncidentView, logged: Logged, entry: Acknowledged) -> IncidentView:
    one = Acknowledgement(logged.actor, logged.at_ms, entry.how)
    return replace(
        _touched(view, logged),
        state=IncidentState.ACKNOWLEDGED if view.state.asks_for_somebody else view.state,
        acknowledged=(*view.acknowledged, one),
        acknowledged_by=view.acknowledged_by or one.person,
        acknowledged_ms=view.acknowledged_ms or one.at_ms,
    )


def _moved(view: IncidentView, entry: PlaybookChanged) -> IncidentView:
    return replace(
        view,
        playbook=entry.playbook,
        version=entry.version,
        hash=entry.hash,
        title=entry.title,
        cause=entry.cause,
        ack_expires_ms=entry.ack_expires_ms,
        outranked_by=tuple(name for name in view.outranked_by if name != entry.playbook),
    )


def _with(known: tuple[Done, ...], done: Done) -> tuple[Done, ...]:
    return (*(one for one in known if one.action != done.action), done)


def _planned(logged: Logged, entry: ActionPlanned) -> PlannedAction:
    return PlannedAction(
        id=entry.action,
        step=entry.step,
        kind=entry.kind,
        target=entry.target,
        decision=entry.decision,
        at_ms=logged.at_ms,
        due_ms=entry.due_ms,
        with_hold=entry.with_hold,
        deadline_ms=entry.deadline_ms,
        each=entry.each,
        why=entry.why,
    )


def _placed(logged: Logged, entry: HoldPlaced) -> HoldView:
    return HoldView(
        id=entry.hold,
        brand=entry.brand,
        platform=entry.platform,
        releasers_needed=entry.releasers_needed,
        released_by=entry.released_by,
        placed_ms=logged.at_ms,
        only=entry.only,
        protects=entry.protects,
        ask_again_min=entry.ask_again_min,
    )


def _let_go(hold: HoldView, logged: Logged, entry: ReleaseAgreed | HoldReleased) -> HoldView:
    if hold.id != entry.hold:
        return hold
    match entry:
        case ReleaseAgreed():
            return replace(hold, agreed=(*hold.agreed, logged.actor))
        case HoldReleased():
            return replace(hold, released_ms=logged.at_ms)
        case _:
            assert_never(entry)
