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
from playbooks.labels import ActionKind
from playbooks.log_entry import (
    Acknowledged,
    ActionPlanned,
    HoldPlaced,
    HoldReleased,
    Logged,
    Opened,
    ReleaseAgreed,
    Resolved,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
)


class IncidentState(StrEnum):
    """Where an incident stands. Getting worse takes an acknowledged one back to `OPENED`: somebody must look again."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


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

    @property
    def in_force(self) -> bool:
        """Whether it still holds posts back."""
        return self.released_ms is None


class IncidentView(msgspec.Struct, frozen=True):
    """What a person sees of an incident, and what the planner goes by.

    `opened_ms` and `last_signal_ms` are event time, `recorded_ms` is the wall clock of the opening. `signals` counts
    those that fired the playbook. `signal` is the one that made it as severe as it is.
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
            return replace(view, severity=entry.after, signal=entry.signal, state=IncidentState.OPENED)
        case ActionPlanned():
            return replace(view, actions=(*view.actions, _planned(logged, entry)))
        case HoldPlaced():
            return replace(view, holds=(*view.holds, _placed(logged, entry)))
        case Acknowledged():
            return replace(
                view,
                state=IncidentState.ACKNOWLEDGED,
                acknowledged_by=logged.actor,
                acknowledged_ms=logged.at_ms,
            )
        case ReleaseAgreed() | HoldReleased():
            return replace(view, holds=tuple(_let_go(hold, logged, entry) for hold in view.holds))
        case Resolved():
            return replace(view, state=IncidentState.RESOLVED, resolved_ms=logged.at_ms)
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
    )


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
    )


def _placed(logged: Logged, entry: HoldPlaced) -> HoldView:
    return HoldView(
        id=entry.hold,
        brand=entry.brand,
        platform=entry.platform,
        releasers_needed=entry.releasers_needed,
        released_by=entry.released_by,
        placed_ms=logged.at_ms,
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
