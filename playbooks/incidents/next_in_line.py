"""Somebody asks that whoever comes next be paged now: who was paged so, who would be next, and their page. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import xxhash

from playbooks.content.schema import Playbook
from playbooks.incidents.action import Action
from playbooks.incidents.incident import IncidentView, PlannedAction
from playbooks.incidents.ladder import MINUTE_MS, is_satisfied, ladder, newest_page, page_id, page_of
from playbooks.incidents.log_entry import LogEntry, Noted, PlannedBecause
from playbooks.incidents.still_asked import Members

WORDS = "Asked that the next person be called now."


class Level(msgspec.Struct, frozen=True):
    """The next level of one step's ladder: its page will be `page`, to `role`, by itself at `due_ms`."""

    page: str
    step: str
    role: str
    due_ms: int


def next_levels(
    view: IncidentView, playbook: Playbook, members: Members, person: str, steps: Collection[str] = ()
) -> list[Level]:
    """The next level of each ladder, also where somebody has acknowledged; none of what everybody has answered.

    `person` asks, so a level with nobody else in it is passed over. `steps` are those whose ladders are meant, where
    they are not all.
    """
    found = []
    planned = {action.id for action in view.actions}
    for step in playbook.steps:
        paged = newest_page(view, step.id)
        if step.escalation is None or paged is None or (steps and step.id not in steps):
            continue
        if step.each and is_satisfied(view, step, members):
            continue
        for number, rung in enumerate(ladder(step, playbook.escalations[step.escalation])):
            if (page := page_id(paged, number)) not in planned and members(rung.role) - {person}:
                found.append(Level(page, step.id, rung.role, paged.due_ms + rung.after_min * MINUTE_MS))
                break
    return found


def called_before(view: IncidentView, playbook: Playbook) -> list[PlannedAction]:
    """The further pages of the ladders that count now, in the order in which they went out."""
    begun = paged_at_first(view, playbook)
    return [action for action in view.actions if any(action.id.startswith(f"{paged.id}:up") for paged in begun)]


def paged_at_first(view: IncidentView, playbook: Playbook) -> list[PlannedAction]:
    """The pages that began the ladders which count now, and those of steps without one."""
    return [paged for step in playbook.steps if (paged := newest_page(view, step.id)) is not None]


def seen_of(levels: Sequence[Level]) -> str:
    """What a page that asks hands on, so that its button calls whom it named, and nobody after them.

    >>> seen_of([]), seen_of([Level("inc-1:page:1:up1", "page", "second", 0)])
    ('', '0483ab12945cddf2')
    """
    return xxhash.xxh3_64_hexdigest("\x1f".join(level.page for level in levels).encode()) if levels else ""


def call(
    view: IncidentView, playbook: Playbook, levels: Sequence[Level], person: str, now_ms: int
) -> tuple[list[LogEntry], list[Action]]:
    """The pages to these levels, in the name of `person`, and what the log says of them."""
    entries: list[LogEntry] = [Noted(WORDS)]
    pages = []
    steps = {step.id: step for step in playbook.steps}
    for level in levels:
        step = steps[level.step]
        why = PlannedBecause.ASKED_FOR
        page, entry = page_of(view, playbook, step, level.page, level.role, why, now_ms, by=person)
        pages.append(page)
        entries.append(entry)
    return entries, pages
