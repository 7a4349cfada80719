"""Who of those that a page asks each for themselves has acknowledged, and who is still asked. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from detectors.run import Replay, run_of
from playbooks.incidents.action import ActionDecision
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import PlannedBecause
from playbooks.labels import ActionKind

#: Who is in a role now, by their keys in the settings.
Members = Callable[[str], frozenset[str]]

#: Pages by which somebody else is called: they do not say whom a step asks.
_FURTHER = (PlannedBecause.NOT_ACKNOWLEDGED, PlannedBecause.LAST_RESORT, PlannedBecause.ASKED_FOR)


class AskedEach(msgspec.Struct, frozen=True):
    """One step that asks everybody in `role`: who has `acknowledged`, in order of time, and who is still `waiting`.

    Nobody in either: nobody is in the role just now.
    """

    step: str
    role: str
    acknowledged: tuple[str, ...]
    waiting: tuple[str, ...]

    def in_words(self, name_of: Callable[[str], str]) -> str:
        """In one sentence or two.

        >>> AskedEach("board", "board", ("ada",), ("bo", "cy")).in_words(str.capitalize)
        'Acknowledged: Ada. Still asked: Bo, Cy.'
        >>> AskedEach("board", "board", (), ()).in_words(str)
        'Nobody is in this role just now.'
        """
        if not self.acknowledged and not self.waiting:
            return "Nobody is in this role just now."
        has, asked = (", ".join(map(name_of, people)) for people in (self.acknowledged, self.waiting))
        return f"Acknowledged: {has or 'nobody yet'}. {f'Still asked: {asked}.' if asked else 'All of them have.'}"


def asked_each(view: IncidentView, members: Members) -> list[AskedEach]:
    """What each step that asks everybody in its role still waits for; nothing where it is over, or a replay.

    `members` says who is in a role now, in a drill only those who agreed to drills.
    """
    if view.state is IncidentState.RESOLVED or isinstance(run_of(view.run), Replay):
        return []
    pages = {
        action.step: action.target
        for action in view.actions
        if action.kind is ActionKind.PAGE
        and action.decision is ActionDecision.DUE
        and action.each
        and action.why not in _FURTHER
    }
    return [asked(view, step, role, members(role)) for step, role in pages.items()]


def asked(view: IncidentView, step: str, role: str, people: frozenset[str]) -> AskedEach:
    """How one step stands whose role `people` are in."""
    has = dict.fromkeys(one.person for one in view.acknowledged if one.person in people)
    return AskedEach(step, role, tuple(has), tuple(sorted(people - view.has_it)))
