"""What to do about a signal: a pure decision over the playbooks, the open incidents and the brand's arming.

`decide` is the whole of it, and is the same for the store, a replay and a backtest: time is handed in, ids follow from
what is decided, and what comes out is what the caller writes down. One incident is open for a run, a brand and a
playbook; a signal that fires the playbook opens it or joins it, and only getting worse pages again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import xxhash

from detectors.run import Replay, run_of
from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute, muted_by
from playbooks.content.catalog import Library, Pinned
from playbooks.content.schema import Playbook
from playbooks.content.trigger import Match, match
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import (
    ActionPlanned,
    LogEntry,
    Opened,
    Outranked,
    Resolved,
    ResolvedBy,
    SeverityRaised,
    SignalJoined,
    SignalNoted,
)
from playbooks.incidents.silenced import having_a_say, is_silent, silence
from playbooks.incidents.steps import HoldOrder, PlannedStep, plan_steps
from playbooks.incidents.timers import MINUTE_MS, Wake, quiet_wake
from playbooks.labels import ActionKind, SignalDecision

HOUR_MS = 3_600_000

#: Which decision stands for a signal that several playbooks had something to say about.
_WEIGHT = {
    SignalDecision.REPEAT: 0,
    SignalDecision.NO_PLAYBOOK: 1,
    SignalDecision.JOINED: 2,
    SignalDecision.RAISED: 3,
    SignalDecision.OPENED: 4,
}


class Plan(msgspec.Struct, frozen=True):
    """What one playbook makes of a signal.

    `entries` go into the log of `incident`, `due` into the outbox, `wakes` among the timers; `hold` is in force with
    the same commit. `ends` is an incident that had been quiet for too long to be the same crisis: it is resolved.
    """

    decision: SignalDecision
    incident: str
    entries: tuple[LogEntry, ...]
    due: tuple[Action, ...] = ()
    hold: HoldOrder | None = None
    wakes: tuple[Wake, ...] = ()
    ends: str | None = None
    ending: Resolved | None = None

    @property
    def pages(self) -> bool:
        """Whether a person is paged."""
        return bool(self.paged)

    @property
    def paged(self) -> tuple[str, ...]:
        """The roles that are paged, each once."""
        return tuple(dict.fromkeys(action.target for action in self.due if action.action is ActionKind.PAGE))

    @property
    def not_paged(self) -> tuple[ActionDecision, ...]:
        """Why pages that are called for are not sent; empty where all of them are."""
        planned = (entry for entry in self.entries if isinstance(entry, ActionPlanned))
        pages = (entry.decision for entry in planned if entry.kind is ActionKind.PAGE)
        return tuple(dict.fromkeys(decision for decision in pages if decision is not ActionDecision.DUE))


class Decided(msgspec.Struct, frozen=True):
    """What all playbooks together make of a signal."""

    decision: SignalDecision
    plans: tuple[Plan, ...] = ()


def decide(
    signal: Signal,
    library: Library,
    open_incidents: Mapping[str, IncidentView],
    arming: Arming,
    now_ms: int,
    mutes: Sequence[Mute] = (),
) -> Decided:
    """What follows from `signal`.

    `open_incidents` are those of the signal's run and brand, by cause; `now_ms` is the wall clock, from which a
    live action's delay counts, and by which `mutes` are in force. Of one cause one incident is open: a signal that
    fires any of its playbooks joins it. Raises `PlaybookError` where the library has lost a version that an open
    incident is pinned to.
    """
    plans: list[Plan] = []
    over: dict[str, IncidentView] = {}
    firing = {one.playbook.of_cause: one for one in library.firing(signal)}
    for view in {view.id: view for view in open_incidents.values()}.values():
        pinned = library.pinned(view.playbook, view.version, view.hash)
        if _is_over(view, signal, pinned):
            over |= dict.fromkeys(view.causes, view)
        else:
            fired = next((firing[cause] for cause in view.causes if cause in firing), None)
            plans.append(join(view, signal, pinned, arming, now_ms, fired, mutes))
    ended: set[str] = set()
    for cause, pinned in firing.items():
        before = over.get(cause)
        if before is None and cause in open_incidents:
            continue
        # What stands for several causes, because people merged them, ends once.
        ends = before if before is not None and before.id not in ended else None
        plans.append(_ending(open_incident(signal, pinned, arming, now_ms, mutes), ends))
        ended |= {ends.id} if ends is not None else set()
    decision = max((plan.decision for plan in plans), key=_WEIGHT.__getitem__, default=SignalDecision.NO_PLAYBOOK)
    return Decided(decision, tuple(plans))


def open_incident(signal: Signal, pinned: Pinned, arming: Arming, now_ms: int, mutes: Sequence[Mute] = ()) -> Plan:
    """Open an incident with `signal`, which fires the playbook."""
    playbook = pinned.playbook
    incident = incident_id(signal.run, signal.brand, playbook.id, signal.id)
    opened = Opened(
        run=signal.run,
        brand=signal.brand,
        playbook=playbook.id,
        version=playbook.version,
        hash=pinned.hash,
        title=playbook.title,
        signal=signal,
        cause=playbook.of_cause,
        ack_expires_ms=expiry_ms(playbook),
    )
    mute = muted_by(mutes, signal, [playbook], now_ms)
    steps = plan_steps(incident, None, signal, playbook, arming, now_ms, muted=mute is not None)
    planned = silenced(mute, planned_of(SignalDecision.OPENED, incident, [opened], steps), signal.run, None)
    if isinstance(run_of(signal.run), Replay):
        return planned
    return msgspec.structs.replace(planned, wakes=(*planned.wakes, quiet_wake(incident, signal.run, playbook, now_ms)))


def expiry_ms(playbook: Playbook) -> int | None:
    """How long an acknowledgement lasts that nothing follows, in milliseconds; None where it lasts."""
    return None if playbook.ack_expires_min is None else playbook.ack_expires_min * MINUTE_MS


def join(
    view: IncidentView,
    signal: Signal,
    pinned: Pinned,
    arming: Arming,
    now_ms: int,
    fired: Pinned | None = None,
    mutes: Sequence[Mute] = (),
) -> Plan:
    """What `signal` means for an incident that is open: it joins, makes it worse, or is only noted.

    `fired` is the playbook of the same cause that the signal would open now. One that comes before the incident's own
    makes it worse, once. What has been paged is muted no more.
    """
    found = match(pinned.playbook.trigger, signal)
    if found is not Match.FIRES and fired is None:
        noted = SignalNoted(signal.id, signal.kind, signal.platform, signal.severity, found)
        return Plan(SignalDecision.NO_PLAYBOOK, view.id, (noted,))
    entries: list[LogEntry] = [
        SignalJoined(signal.id, signal.kind, signal.platform, signal.severity, signal.observed, signal.expected)
    ]
    outranked = fired is not None and _comes_before(fired.playbook, pinned.playbook, view)
    mute = None if view.pages else muted_by(mutes, signal, having_a_say(pinned, fired), now_ms)
    muted = mute is not None
    steps = plan_steps(view.id, view, signal, pinned.playbook, arming, now_ms, outranked=outranked, muted=muted)
    if fired is not None and outranked:
        entries.append(Outranked(fired.playbook.id, fired.playbook.version, signal.id))
    if signal.severity > view.severity:
        entries.append(SeverityRaised(view.severity, signal.severity, signal))
    raised = outranked or signal.severity > view.severity
    decision = SignalDecision.RAISED if raised else SignalDecision.JOINED
    return silenced(mute, planned_of(decision, view.id, entries, steps), signal.run, view)


def planned_of(decision: SignalDecision, incident: str, entries: list[LogEntry], steps: Sequence[PlannedStep]) -> Plan:
    """The plan that `steps` come to, with `entries` before theirs in the log."""
    for step in steps:
        entries += step.entries
    due = tuple(step.action for step in steps if step.decision is ActionDecision.DUE)
    hold = next((step.hold for step in steps if step.hold), None)
    wakes = tuple(wake for step in steps for wake in step.wakes)
    return Plan(decision, incident, tuple(entries), due, hold, wakes)


def incident_id(run: str, brand: str, playbook: str, signal: str) -> str:
    """The id of the incident that `signal` opens: the same after a restart, a repeat or a replay of the same run.

    >>> incident_id("", "acme", "complaint-storm", "sig-1")
    'inc-d995c07b263b60ae'
    """
    return "inc-" + xxhash.xxh3_64_hexdigest("\x1f".join((run, brand, playbook, signal)).encode())


def silenced(mute: Mute | None, planned: Plan, run: str, view: IncidentView | None) -> Plan:
    """The plan with what `mute` leaves at the incident, where anything of it is not done because of that."""
    if not is_silent(planned.entries):
        return planned
    left = silence(mute, view, planned.incident, run)
    entries, wakes = (*planned.entries, *left.entries), (*planned.wakes, *left.wakes)
    return msgspec.structs.replace(planned, entries=entries, wakes=wakes)


def _comes_before(fired: Playbook, pinned: Playbook, view: IncidentView) -> bool:
    if fired.of_cause != pinned.of_cause:
        return False  # an incident that people merged into it does not decide which playbook it goes by
    return fired.precedence > pinned.precedence and fired.id not in view.outranked_by


def _is_over(view: IncidentView, signal: Signal, pinned: Pinned) -> bool:
    return signal.at_ms - view.last_signal_ms > pinned.playbook.trigger.quiet_h * HOUR_MS


def _ending(plan: Plan, over: IncidentView | None) -> Plan:
    if over is None:
        return plan
    reason = f"nothing had fired it since its last signal; {plan.incident} is a new incident"
    return msgspec.structs.replace(plan, ends=over.id, ending=Resolved(ResolvedBy.QUIET, reason))
