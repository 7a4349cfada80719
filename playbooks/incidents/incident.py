"""An incident as a person sees it: a pure fold over its append-only log.

Nothing about an incident is true that does not follow from its entries in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import msgspec
from msgspec.structs import replace

from detectors.signal import Signal, SignalKind
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import (
    AccountRead,
    Acknowledged,
    AcknowledgementForgotten,
    ActionPlanned,
    Contained,
    GlassBroken,
    HoldAskedAgain,
    HoldPlaced,
    HoldReleased,
    HoldTermsRaised,
    Judged,
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
from playbooks.incidents.parts import Acknowledgement as Acknowledgement
from playbooks.incidents.parts import Done as Done
from playbooks.incidents.parts import HoldView as HoldView
from playbooks.incidents.parts import IncidentState as IncidentState
from playbooks.incidents.parts import PlannedAction as PlannedAction
from playbooks.incidents.parts import Report as Report
from playbooks.incidents.parts import WentBy as WentBy
from playbooks.labels import ActionKind, Judgement


class IncidentView(msgspec.Struct, frozen=True):
    """What a person sees of an incident, and what the planner goes by.

    `opened_ms` and `last_signal_ms` are event time, `recorded_ms` is the wall clock of the opening. `signals` counts
    those that fired the playbook. `signal` is the one that made it as severe as it is, or that
    was known when a report did. `acknowledged` are all that
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
    #: Which incident it goes on as, and which go on as this one.
    merged_into: str | None = None
    merged: tuple[MergedFrom, ...] = ()
    judgement: Judgement = Judgement.UNJUDGED
    judged_by: str = ""
    #: The mutes that it has met, the newest last.
    mutes: tuple[Muted, ...] = ()
    #: What people reported, the newest last.
    reports: tuple[Report, ...] = ()
    #: Who ended it, empty where nobody did or it ended by itself.
    resolved_by: str = ""

    @property
    def goes_by(self) -> WentBy:
        """The version of a playbook that it goes by now."""
        return WentBy(self.playbook, self.version, self.hash)

    def ordered_by(self, action: str) -> WentBy:
        """The version that ordered an action, which it may not go by any more; the one it goes by of any other."""
        return next((one.by for one in self.actions if one.id == action and one.by is not None), self.goes_by)

    @property
    def causes(self) -> tuple[str, ...]:
        """Its own cause, and those of the incidents that were merged into it."""
        return (self.cause, *(cause for one in self.merged for cause in one.causes if cause != self.cause))

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
            return _asking(replace(view, severity=entry.after, signal=_worse(view.signal, entry.signal)))
        case Outranked():
            return _asking(replace(view, outranked_by=(*view.outranked_by, entry.playbook)))
        case ActionPlanned():
            return replace(view, actions=(*view.actions, _planned(view, logged, entry)))
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
        case Reported():
            report = Report(logged.actor, entry.what, logged.at_ms)
            return replace(_touched(view, logged), reports=(*view.reports, report))
        case Noted():
            return _touched(view, logged)
        case ReleaseAgreed():
            holds = tuple(_changed(hold, logged, entry) for hold in view.holds)
            return replace(_touched(view, logged), holds=holds)
        case HoldReleased() | HoldTermsRaised():
            return replace(view, holds=tuple(_changed(hold, logged, entry) for hold in view.holds))
        case HoldAskedAgain() | AccountRead() | PostLeaked():
            return view
        case PostDecided() | GlassBroken():
            return _touched(view, logged)
        case Contained():
            return replace(_touched(view, logged), state=IncidentState.CONTAINED)
        case Resolved():
            over = replace(view, state=IncidentState.RESOLVED, resolved_ms=logged.at_ms, ended=view.ended + 1)
            return replace(over, resolved_by=logged.actor if entry.how is ResolvedBy.PERSON else "")
        case Reopened():
            asking = _asking(_touched(view, logged))
            return replace(asking, state=IncidentState.REOPENED, resolved_ms=None, resolved_by="", merged_into=None)
        case PlaybookChanged():
            return _moved(_touched(view, logged), entry, logged.actor)
        case MergedInto():
            over = replace(_touched(view, logged), state=IncidentState.RESOLVED, resolved_ms=logged.at_ms)
            return replace(over, merged_into=entry.incident)
        case MergedFrom():
            return _grown(_touched(view, logged), entry)
        case Judged():
            return replace(_touched(view, logged), judgement=entry.verdict, judged_by=logged.actor)
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


def _worse(known: Signal, worse: Signal) -> Signal:
    """What is shown as the reason: a report has no figures, so those that are known stay, with its severity."""
    reported = worse.kind is SignalKind.REPORTED and known.kind is not SignalKind.REPORTED
    return replace(known, severity=worse.severity) if reported else worse


def _asking(view: IncidentView) -> IncidentView:
    """Nobody has it any more."""
    return replace(view, state=IncidentState.OPENED, acknowledged=(), acknowledged_by=None, acknowledged_ms=None)


def _asking_all_but(person: str, view: IncidentView) -> IncidentView:
    """Nobody has it any more but `person`, where they had it."""
    asking = _asking(view)
    own = tuple(one for one in view.acknowledged if one.person == person)
    if not own:
        return asking
    state, at_ms = IncidentState.ACKNOWLEDGED, own[0].at_ms
    return replace(asking, state=state, acknowledged=own, acknowledged_by=person, acknowledged_ms=at_ms)


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


def _moved(view: IncidentView, entry: PlaybookChanged, actor: str) -> IncidentView:
    return replace(
        _asking_all_but(actor, view) if entry.graver else view,
        playbook=entry.playbook,
        version=entry.version,
        hash=entry.hash,
        title=entry.title,
        cause=entry.cause,
        ack_expires_ms=entry.ack_expires_ms,
        outranked_by=tuple(name for name in view.outranked_by if name != entry.playbook),
    )


def _grown(view: IncidentView, entry: MergedFrom) -> IncidentView:
    """With another incident in it. Whoever merged them knows of both: nobody is asked anew."""
    worse = entry.severity > view.severity
    return replace(
        view,
        merged=(*view.merged, entry),
        severity=max(view.severity, entry.severity),
        signal=entry.signal if worse else view.signal,
        signals=view.signals + entry.signals,
        last_signal_ms=max(view.last_signal_ms, entry.last_signal_ms),
    )


def _with(known: tuple[Done, ...], done: Done) -> tuple[Done, ...]:
    return (*(one for one in known if one.action != done.action), done)


def _planned(view: IncidentView, logged: Logged, entry: ActionPlanned) -> PlannedAction:
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
        by=view.goes_by,
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
        one_of=entry.one_of,
    )


def _changed(hold: HoldView, logged: Logged, entry: ReleaseAgreed | HoldReleased | HoldTermsRaised) -> HoldView:
    if hold.id != entry.hold:
        return hold
    match entry:
        case ReleaseAgreed():
            return replace(hold, agreed=(*hold.agreed, logged.actor))
        case HoldReleased():
            return replace(hold, released_ms=logged.at_ms)
        case HoldTermsRaised():
            many, roles = entry.releasers_needed, entry.released_by
            return replace(hold, releasers_needed=many, released_by=roles, one_of=entry.one_of, agreed=())
        case _:
            assert_never(entry)
