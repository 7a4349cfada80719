"""Who is paged one after another while nobody acknowledges, and the page that each of them gets. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from playbooks.content.schema import Escalation, Playbook, Step
from playbooks.incidents import wording
from playbooks.incidents.action import Action, ActionDecision
from playbooks.incidents.afterwards import at_once
from playbooks.incidents.incident import IncidentView, PlannedAction
from playbooks.incidents.log_entry import ActionPlanned, PlannedBecause
from playbooks.incidents.still_asked import AskedEach, Members
from playbooks.labels import ActionKind

MINUTE_MS = 60_000

#: Pages that begin a ladder of their own: a signal called for them, or all had to be paged anew.
_FRESH = (
    None,
    PlannedBecause.FORGOTTEN,
    PlannedBecause.REOPENED,
    PlannedBecause.ARMED,
    PlannedBecause.UNMUTED,
)


class Rung(NamedTuple):
    """Who is paged so many minutes after the first page, if nobody has acknowledged by then."""

    after_min: int
    role: str
    why: PlannedBecause


def ladder(step: Step, escalation: Escalation) -> list[Rung]:
    """Everybody who is paged after a page that nobody acknowledges, in order of time.

    The first round is the escalation's levels; each further one begins with the step's own role. After the last round
    comes the last resort, and nobody after that.
    """
    return list(_rungs(step.to or "", escalation))


def newest_page(view: IncidentView, step: str) -> PlannedAction | None:
    """The page of a step whose ladder counts: the last that was planned anew and is really due."""
    pages = [a for a in view.planned(step) if a.decision is ActionDecision.DUE and a.why in _FRESH]
    return pages[-1] if pages else None


def page_id(paged: PlannedAction, rung: int) -> str:
    """The page of one level, `rung` from 0, of the ladder that `paged` began: of each level there is one."""
    return f"{paged.id}:up{rung + 1}"


def is_satisfied(view: IncidentView, step: Step, members: Members) -> bool:
    """Whether those have acknowledged who have to: anybody, or everybody in the role."""
    if not step.each:
        return bool(view.acknowledged) or not view.state.asks_for_somebody
    wanted = members(step.to or "")
    return bool(wanted) and wanted <= view.has_it


def page_of(
    view: IncidentView,
    playbook: Playbook,
    step: Step,
    id: str,
    role: str,
    why: PlannedBecause,
    now_ms: int,
    each: AskedEach | None = None,
    by: str = "",
) -> tuple[Action, ActionPlanned]:
    """A page that no signal called for, and what the log says of it.

    `each` is how a step stands that asks several, `by` who asks for the page.
    """
    waited_min = max(0, now_ms - view.recorded_ms) // MINUTE_MS
    notice = wording.paged_again(view, playbook, step, why, waited_min, each, by)
    if step.each:
        notice = msgspec.structs.replace(notice, spared=tuple(sorted(view.has_it)), each=True)
    page = at_once(view, id, step.id, ActionKind.PAGE, role, notice, now_ms)
    entry = ActionPlanned(id, step.id, ActionKind.PAGE, role, ActionDecision.DUE, now_ms, each=step.each, why=why)
    return page, entry


def step_of(playbook: Playbook, id: str) -> Step | None:
    """A step by its id; None where the incident was moved to a playbook that does not have it."""
    return next((step for step in playbook.steps if step.id == id), None)


def _rungs(role: str, escalation: Escalation) -> Iterator[Rung]:
    begun = 0
    for round_number in range(escalation.repeat + 1):
        if round_number:
            yield Rung(begun, role, PlannedBecause.NOT_ACKNOWLEDGED)
        for level in escalation.levels:
            yield Rung(begun + level.after_min, level.to, PlannedBecause.NOT_ACKNOWLEDGED)
        begun += escalation.levels[-1].after_min + escalation.every_min
    yield Rung(begun, escalation.last_resort, PlannedBecause.LAST_RESORT)
