"""What should have happened by now and has not: messages, timers, tasks, and incidents that nobody has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.readiness.finding import Area, Finding, Reason, Weight
from playbooks.readiness.wording import span

#: What waits for longer is not merely between two looks of the runner.
LATE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Due:
    """Since when the oldest action and the oldest timer are due; None where none is."""

    action_ms: int | None = None
    timer_ms: int | None = None


def waiting_findings(due: Due, views: Collection[IncidentView], now_ms: int) -> Iterator[Finding]:
    """What is found about what waits. `views` are the incidents of life that are not resolved."""
    found = [*_due(due, now_ms), *(one for view in views for one in _of_incident(view, now_ms))]
    yield from found
    if not found:
        text = "Nothing that is due waits, and no time limit is past."
        yield Finding(weight=Weight.WELL, area=Area.INCIDENTS, reason=Reason.NOTHING_WAITS, text=text)


def _due(due: Due, now_ms: int) -> Iterator[Finding]:
    if due.action_ms is not None and now_ms - due.action_ms > LATE_MS:
        text = f"Something that is to be sent has waited for {span(now_ms - due.action_ms)}."
        to_do = "See the incident's page for what waits and why, and whether the runner gets on."
        yield _found(Weight.FAILS, Reason.DUE_WAITS, text, to_do)
    if due.timer_ms is not None and now_ms - due.timer_ms > LATE_MS:
        text = f"A time limit ran out {span(now_ms - due.timer_ms)} ago, and nothing has come of it."
        yield _found(Weight.FAILS, Reason.TIMERS_WAIT, text, "See whether the runner gets on; its log says why not.")


def _of_incident(view: IncidentView, now_ms: int) -> Iterator[Finding]:
    what = f"{view.title} ({view.brand}, {view.id})"
    if view.state in (IncidentState.OPENED, IncidentState.REOPENED):
        text = f"Nobody has acknowledged: {what}, open for {span(max(0, now_ms - view.recorded_ms))}."
        yield _found(Weight.LOOK, Reason.UNACKNOWLEDGED, text, "Somebody takes it, on its page.")
    late = [action for action in view.actions if action.kind.is_for_people and _overdue(view, action.id, now_ms)]
    if late:
        steps = ", ".join(action.step for action in late)
        text = f"Past its time limit: {steps} of {what}."
        yield _found(Weight.LOOK, Reason.OVERDUE, text, "Do it and tick it off on the incident's page.")


def _overdue(view: IncidentView, action: str, now_ms: int) -> bool:
    limit = next((one.deadline_ms for one in view.actions if one.id == action), None)
    done = view.done_of(action)
    return limit is not None and limit <= now_ms and (done is None or done.is_overdue)


def _found(weight: Weight, reason: Reason, text: str, to_do: str) -> Finding:
    return Finding(weight=weight, area=Area.INCIDENTS, reason=reason, text=text, to_do=to_do)
