"""What falls due while nobody does anything: the next page, a deadline, an acknowledgement that nothing followed.

A timer is a row in the store, written in the transaction that makes it necessary; the runner wakes it when it is due.
Nothing is ever cancelled: a timer that is no longer needed looks at its incident and finds nothing to do. So whatever
process dies in between, nobody is forgotten, and an acknowledgement and a timer at the same moment follow one another
under the incident's lock.

`on_wake` is the whole decision, and pure: the incident as its log tells it, the playbook it is pinned to, the clock.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from playbooks.content.schema import Playbook, Step
from playbooks.incidents import wording
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.afterwards import all_clear, at_once
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.ladder import MINUTE_MS as MINUTE_MS
from playbooks.incidents.ladder import is_satisfied, ladder, newest_page, page_id, page_of, step_of
from playbooks.incidents.log_entry import (
    AcknowledgementForgotten,
    ActionPlanned,
    LogEntry,
    PlannedBecause,
    Resolved,
    ResolvedBy,
    StepOverdue,
)
from playbooks.incidents.still_asked import Members as Members
from playbooks.incidents.still_asked import asked
from playbooks.labels import ActionKind


class Escalate(msgspec.Struct, frozen=True, tag="escalate"):
    """Somebody else is to be paged if nobody has acknowledged the page `action` of a step; `rung` counts from 0."""

    action: str
    step: str
    rung: int


class Deadline(msgspec.Struct, frozen=True, tag="deadline"):
    """People were to have done something by now."""

    action: str
    step: str


class Forgotten(msgspec.Struct, frozen=True, tag="forgotten"):
    """Somebody has acknowledged; by now they should have done something more."""


class Quiet(msgspec.Struct, frozen=True, tag="quiet"):
    """By now nothing may have fired the incident for so long that it is over."""


class CatchUp(msgspec.Struct, frozen=True, tag="catch_up"):
    """What could not be done before perhaps can by now: a mute has ended, or a brand was armed (`why`)."""

    why: PlannedBecause


class AskAgain(msgspec.Struct, frozen=True, tag="ask_again"):
    """By now people are to be asked whether a hold is still needed (`hold_lease.py`)."""

    hold: str


#: What follows from looking at the incident alone (`on_wake`).
Timer = Escalate | Deadline | Forgotten | Quiet
AnyTimer = Timer | CatchUp | AskAgain


class Wake(msgspec.Struct, frozen=True):
    """A timer of an incident, due at `due_ms` by the wall clock. The same `id` twice is one timer."""

    id: str
    incident: str
    run: str
    due_ms: int
    timer: AnyTimer


class Woken(msgspec.Struct, frozen=True):
    """What follows: rows for the log, actions for the outbox, and further timers; with an `ending` it is over."""

    entries: tuple[LogEntry, ...] = ()
    due: tuple[Action, ...] = ()
    wakes: tuple[Wake, ...] = ()
    ending: Resolved | None = None


NOTHING = Woken()


def first_wake(action: Action, step: Step, playbook: Playbook) -> tuple[Wake, ...]:
    """The timer that a page which is due, or something for people to do, brings with it, if it brings one."""
    if step.action is ActionKind.PAGE and step.escalation is not None:
        return (_rung_wake(action.id, action.incident, action.run, step, playbook, 0, action.due_ms),)
    if step.action.is_for_people and step.deadline_min is not None:
        due_ms = action.due_ms + step.deadline_min * MINUTE_MS
        timer = Deadline(action.id, step.id)
        return (Wake(f"{action.id}:deadline", action.incident, action.run, due_ms, timer),)
    return ()


def quiet_wake(incident: str, run: str, playbook: Playbook, from_ms: int) -> Wake:
    """The timer that ends an incident which nothing has fired, and nobody has touched, since `from_ms`."""
    due_ms = from_ms + _quiet_ms(playbook)
    return Wake(f"{incident}:quiet:{due_ms}", incident, run, due_ms, Quiet())


def after_acknowledging(view: IncidentView, now_ms: int) -> tuple[Wake, ...]:
    """The timer that looks whether an acknowledgement was followed by anything, where the playbook asks for it."""
    if view.ack_expires_ms is None:
        return ()
    due_ms = now_ms + view.ack_expires_ms
    return (Wake(f"{view.id}:forgotten:{due_ms}", view.id, view.run, due_ms, Forgotten()),)


def on_wake(view: IncidentView, timer: Timer, playbook: Playbook, now_ms: int, members: Members) -> Woken:
    """What follows from a timer that is due.

    `view` is the incident now, `playbook` what it is pinned to. Nothing follows where the incident is over, where
    somebody has acknowledged, or where a newer page has taken the place of the one that the timer belongs to.
    """
    if view.state is IncidentState.RESOLVED:
        return NOTHING
    match timer:
        case Escalate():
            return _escalate(view, timer, playbook, now_ms, members)
        case Deadline():
            return _overdue(view, timer, playbook, now_ms)
        case Forgotten():
            return _forgotten(view, playbook, now_ms)
        case Quiet():
            return _quiet(view, playbook, now_ms)
        case _:
            assert_never(timer)


def page_anew(view: IncidentView, playbook: Playbook, why: PlannedBecause, now_ms: int) -> Woken:
    """Every page of the playbook once more, each with its ladder: nobody has it any more."""
    entries: list[LogEntry] = []
    due: list[Action] = []
    wakes: list[Wake] = []
    for step in playbook.steps:
        before = [action for action in view.planned(step.id) if action.decision is ActionDecision.DUE]
        if step.action is not ActionKind.PAGE or not before:
            continue
        id = f"{view.id}:{step.id}:{len(view.planned(step.id)) + 1}"
        page, entry = page_of(view, playbook, step, id, step.to or "", why, now_ms)
        entries.append(entry)
        due.append(page)
        wakes += first_wake(page, step, playbook)
    return Woken(tuple(entries), tuple(due), tuple(wakes))


# --- the next to be paged ---------------------------------------------------------------------------------------------


def _escalate(view: IncidentView, timer: Escalate, playbook: Playbook, now_ms: int, members: Members) -> Woken:
    step = step_of(playbook, timer.step)
    paged = newest_page(view, timer.step)
    if step is None or step.escalation is None or paged is None or paged.id != timer.action:
        return NOTHING
    if is_satisfied(view, step, members):
        return NOTHING
    rungs = ladder(step, playbook.escalations[step.escalation])
    if timer.rung >= len(rungs):
        return NOTHING
    rung, id, further = rungs[timer.rung], page_id(paged, timer.rung), timer.rung + 1
    wakes: tuple[Wake, ...] = ()
    if further < len(rungs):
        wakes = (_rung_wake(timer.action, view.id, view.run, step, playbook, further, paged.due_ms),)
    if any(action.id == id for action in view.actions):
        return Woken(wakes=wakes)  # somebody asked for them before it was their turn
    each = asked(view, step.id, step.to or "", members(step.to or "")) if step.each else None
    page, entry = page_of(view, playbook, step, id, rung.role, rung.why, now_ms, each)
    return Woken((entry,), (page,), wakes)


def _rung_wake(action: str, incident: str, run: str, step: Step, playbook: Playbook, rung: int, paged_ms: int) -> Wake:
    after_min = ladder(step, playbook.escalations[step.escalation or ""])[rung].after_min
    timer = Escalate(action, step.id, rung)
    return Wake(f"{action}:rung{rung + 1}", incident, run, paged_ms + after_min * MINUTE_MS, timer)


# --- deadlines, and acknowledgements that nothing followed -----------------------------------------------------------


def _overdue(view: IncidentView, timer: Deadline, playbook: Playbook, now_ms: int) -> Woken:
    step = step_of(playbook, timer.step)
    if step is None or view.done_of(timer.action) is not None:
        return NOTHING
    overdue = StepOverdue(timer.action, timer.step)
    notice = wording.overdue(view, playbook, step)
    id = f"{timer.action}:overdue"
    told = at_once(view, id, step.id, ActionKind.NOTIFY, step.to or "", notice, now_ms)
    planned = ActionPlanned(id, step.id, ActionKind.NOTIFY, step.to or "", ActionDecision.DUE, now_ms)
    return Woken((overdue, planned), (told,))


def _forgotten(view: IncidentView, playbook: Playbook, now_ms: int) -> Woken:
    if view.ack_expires_ms is None or view.state is not IncidentState.ACKNOWLEDGED:
        return NOTHING
    expires_ms = view.touched_ms + view.ack_expires_ms
    if now_ms < expires_ms:
        return Woken(wakes=(Wake(f"{view.id}:forgotten:{expires_ms}", view.id, view.run, expires_ms, Forgotten()),))
    anew = page_anew(view, playbook, PlannedBecause.FORGOTTEN, now_ms)
    return msgspec.structs.replace(anew, entries=(AcknowledgementForgotten(), *anew.entries))


def _quiet(view: IncidentView, playbook: Playbook, now_ms: int) -> Woken:
    last_ms = max(view.last_signal_ms, view.touched_ms, view.recorded_ms)
    if now_ms < last_ms + _quiet_ms(playbook):
        return Woken(wakes=(quiet_wake(view.id, view.run, playbook, last_ms),))
    if view.state.asks_for_somebody and view.pages:
        # Whom it asked for should look, also when it is quiet by then.
        return Woken(wakes=(quiet_wake(view.id, view.run, playbook, now_ms),))
    reason = f"nothing has fired it for {playbook.trigger.quiet_h:g} hours"
    return Woken(due=tuple(all_clear(view, "", reason, now_ms)), ending=Resolved(ResolvedBy.QUIET, reason))


def _quiet_ms(playbook: Playbook) -> int:
    return int(playbook.trigger.quiet_h * 3_600_000)
