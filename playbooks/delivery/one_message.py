"""Somebody who is in two roles gets one message of one thing, not one for each role. Pure.

What goes out together (one signal's pages and notices, one all-clear to every role) has one order: pages first, those
that ask each of several before the others. Whoever has the earlier message by a road is not sent the later one by it,
and the ledger says so. Also pages of one signal to one role are one, where levels of escalations fall due together,
and the ends of incidents that were merged. While it is not known whether they will have it, the later one waits for a
moment; what cannot be known is sent. So nobody is missed, and a page never waits for a notice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import msgspec

from playbooks.delivery.addressed import Note
from playbooks.delivery.roads import STATEFUL
from playbooks.delivery.standing import Entry, Point
from playbooks.effects.message import Notice
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind, DeliveryOutcome

#: How soon it is looked again what became of an earlier message, and how often at most: for about half a minute.
LOOK_MS = 500
LOOKS = 60

_HAS = frozenset({DeliveryOutcome.ACCEPTED, DeliveryOutcome.DELIVERED, DeliveryOutcome.READ, DeliveryOutcome.PERHAPS})
_UNDER_WAY = frozenset({DeliveryOutcome.SENDING, DeliveryOutcome.RETRY})


class Beside(msgspec.Struct, frozen=True):
    """Another action of the same incident that fell due at the same moment, its ledger, and whether it is `ended`."""

    id: str
    action: ActionKind
    step: str
    target: str
    notice: Notice
    ended: bool
    entries: tuple[Entry, ...]


_LEVEL = re.compile(r":up\d+$")
#: The steps of an all-clear: of the incident that ended, and of one that had gone on as it.
OVER = "over"
OVER_WITH = "over-with"


def is_level(due: DueAction) -> bool:
    """Whether an action is the page of an escalation's level, of which several may fall due together."""
    return due.action is ActionKind.PAGE and _LEVEL.search(due.id) is not None


def is_end_of_merged(due: DueAction) -> bool:
    """Whether an action tells that an incident is over together with the one that it went on as."""
    return due.action is ActionKind.NOTIFY and due.step == OVER_WITH


class Twice(NamedTuple):
    """The contact points that are not sent to: `notes` say why not at all, `waiting` are looked at again."""

    notes: tuple[Note, ...] = ()
    waiting: frozenset[Point] = frozenset()

    @property
    def points(self) -> frozenset[Point]:
        """All of them."""
        return self.waiting | {note.point for note in self.notes}


def told_twice(
    due: DueAction,
    notice: Notice,
    points: Collection[Point],
    others: Iterable[Beside],
    in_role: Collection[tuple[str, str]],
) -> Twice:
    """Which of `points` have the same from another action, or will have it in a moment.

    `in_role` are the roles, each with a person who is in it now: whom an action that has not begun will be sent to.
    """
    notes: dict[Point, Note] = {}
    waiting: set[Point] = set()
    patient = due.attempt <= LOOKS
    for other in others:
        first = _goes_before(other, due, notice)
        if not first and not _falls_due_with(other, due, notice):
            continue
        for point in _asked_by(other, notice, points):
            if (last := _last(other.entries, point)) in _HAS:
                notes[point] = _has_it(point, other)
            elif not first:
                if patient and last is DeliveryOutcome.SENDING:
                    waiting.add(point)  # it was begun before this one was there
            elif (
                patient and not other.ended and (last in _UNDER_WAY or (not last and _expected(other, point, in_role)))
            ):
                waiting.add(point)
    return Twice(tuple(notes.values()), frozenset(waiting - set(notes)))


def _goes_before(other: Beside, due: DueAction, notice: Notice) -> bool:
    """Whether the other action says the same to another role, and comes first."""
    if other.notice.stage is not notice.stage or notice.own_words or other.notice.own_words:
        return False
    if other.notice.incident != notice.incident:
        return is_end_of_merged(due) and (other.step == OVER or (other.step == due.step and other.id < due.id))
    if other.target == due.target and not _falls_due_with(other, due, notice):
        return False
    if other.action is due.action and other.step == due.step:
        return other.id < due.id  # one thing that is told to several roles
    same_signal = notice.signal is not None and other.notice.signal == notice.signal
    if other.action is not ActionKind.PAGE or not same_signal:
        return False
    return due.action is ActionKind.NOTIFY or _order(other.notice, other.id) < _order(notice, due.id)


def _falls_due_with(other: Beside, due: DueAction, notice: Notice) -> bool:
    """Whether both are pages of one signal, this one of an escalation's level: also to one role there are two then."""
    same = notice.signal is not None and other.notice.signal == notice.signal
    both_say_it = not notice.own_words and not other.notice.own_words and other.notice.stage is notice.stage
    return is_level(due) and other.action is ActionKind.PAGE and other.id != due.id and same and both_say_it


def _asked_by(other: Beside, notice: Notice, points: Collection[Point]) -> list[Point]:
    """The points at which one of the two is enough: a pager that keeps alerts closes those of each incident."""
    if other.notice.incident == notice.incident:
        return list(points)
    return [point for point in points if point[1] not in STATEFUL]


def _order(notice: Notice, id: str) -> tuple[bool, str]:
    # Who has to acknowledge for themselves is waited for by their own page.
    return (not notice.each, id)


def _expected(other: Beside, point: Point, in_role: Collection[tuple[str, str]]) -> bool:
    person, _ = point
    return other.notice.is_for(person) and (other.target, person) in in_role


def _last(entries: Sequence[Entry], point: Point) -> DeliveryOutcome | None:
    return next((entry.outcome for entry in reversed(entries) if entry.point == point), None)


def _has_it(point: Point, other: Beside) -> Note:
    what = "page" if other.action is ActionKind.PAGE else "message"
    detail = f"not sent twice: has the {what} to {other.target} by the same road"
    return Note(point, DeliveryOutcome.RECORDED, detail)
