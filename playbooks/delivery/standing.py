"""What the ledger says of one action: who was reached, what is in doubt, what is still to be tried.

Pure: from ledger entries to a decision. The ledger is append-only and may hold a send that nobody wrote the end of
(the runner was killed in between); that is the doubt this module is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind, Channel, DeliveryOutcome


class OutboxState(StrEnum):
    """Where an action stands. New rows are `DUE`; nothing is due before its ``due_ms``.

    `SENDING` lasts as long as its lease, `AGAIN` until the next try is due. `DELIVERED` reached everybody it is for,
    `PARTLY` some of them, `FAILED` nobody; `RECORDED` was to reach nobody.
    """

    DUE = "due"
    SENDING = "sending"
    AGAIN = "again"
    DELIVERED = "delivered"
    PARTLY = "partly"
    RECORDED = "recorded"
    FAILED = "failed"


class Entry(msgspec.Struct, frozen=True):
    """One row of the ledger: an attempt to reach a person (empty where there is none) on a channel.

    `detail` is for people: what the other side answered, in our words.
    """

    outbox: str
    attempt: int
    recorded_ms: int
    person: str
    channel: Channel
    outcome: DeliveryOutcome
    detail: str

    @property
    def point(self) -> Point:
        """Whom and by what road."""
        return self.person, self.channel


Point = tuple[str, Channel]

_GOT = frozenset({DeliveryOutcome.ACCEPTED, DeliveryOutcome.DELIVERED, DeliveryOutcome.READ})
_FINAL = _GOT | {DeliveryOutcome.FAILED, DeliveryOutcome.RECORDED}


@dataclass(frozen=True, slots=True)
class Standing:
    """What follows: `again` is to be tried once more, `given_up` is not, `missed` are people nobody reached.

    `state` is what the action ends in where nothing is to be tried again.
    """

    again: frozenset[Point]
    given_up: frozenset[Point]
    missed: tuple[str, ...]
    state: OutboxState


def in_doubt(entries: Iterable[Entry]) -> list[Entry]:
    """The sends that were begun and never concluded: nobody knows whether the other side took them."""
    begun: dict[tuple[Point, int], Entry] = {}
    for entry in entries:
        if entry.outcome is DeliveryOutcome.SENDING:
            begun[entry.point, entry.attempt] = entry
        else:
            begun.pop((entry.point, entry.attempt), None)
    return list(begun.values())


def settled(entries: Iterable[Entry], *, repeats: bool) -> frozenset[Point]:
    """The contact points that nothing more is sent to.

    `repeats` says whether what was perhaps taken is sent again: yes for people, whom a second copy with the same
    idempotency key does not hurt and a missing page does.
    """
    final = _FINAL if repeats else _FINAL | {DeliveryOutcome.PERHAPS}
    return frozenset(entry.point for entry in entries if entry.outcome in final)


def sent_before(entries: Iterable[Entry]) -> dict[Point, tuple[str, ...]]:
    """For each contact point, the actions whose messages it has, or perhaps has, in the order of the ledger."""
    found: dict[Point, dict[str, None]] = {}
    for entry in entries:
        if entry.outcome in _GOT or entry.outcome in (DeliveryOutcome.SENDING, DeliveryOutcome.PERHAPS):
            found.setdefault(entry.point, {})[entry.outbox] = None
    return {point: tuple(actions) for point, actions in found.items()}


def sends_to(entries: Iterable[Entry]) -> Counter[Point]:
    """How many sends to each contact point were begun."""
    return Counter(entry.point for entry in entries if entry.outcome is DeliveryOutcome.SENDING)


def used_up(entries: Iterable[Entry], max_attempts: int) -> frozenset[Point]:
    """The contact points that have been sent to as often as is allowed."""
    return frozenset(point for point, sends in sends_to(entries).items() if sends >= max_attempts)


def stands(entries: Sequence[Entry], addressed: Collection[Point], *, max_attempts: int, repeats: bool) -> Standing:
    """What the ledger of one action comes to.

    `addressed` are the points that the action is for now: who has left a role is not tried again. `max_attempts`
    bounds the sends to each point.
    """
    still_open = frozenset(entry.point for entry in entries) - settled(entries, repeats=repeats)
    over = still_open & (used_up(entries, max_attempts) | (still_open - frozenset(addressed)))
    got = _people(entries, _GOT if repeats else _GOT | {DeliveryOutcome.PERHAPS})
    on_paper = _people(entries, {DeliveryOutcome.RECORDED})
    missed = {entry.person for entry in entries} - got - on_paper
    return Standing(still_open - over, over, tuple(sorted(missed)), _state(got, missed))


def _people(entries: Iterable[Entry], outcomes: Collection[DeliveryOutcome]) -> set[str]:
    return {entry.person for entry in entries if entry.outcome in outcomes}


def _state(got: set[str], missed: set[str]) -> OutboxState:
    if missed:
        return OutboxState.PARTLY if got else OutboxState.FAILED
    return OutboxState.DELIVERED if got else OutboxState.RECORDED


class Line(msgspec.Struct, frozen=True):
    """A ledger entry with the action it belongs to, for people to read."""

    entry: Entry
    action: ActionKind
    step: str
    target: str


def entry_of(due: DueAction, point: Point, outcome: DeliveryOutcome, detail: str, now_ms: int) -> Entry:
    """A ledger entry about the attempt that `due` is."""
    person, channel = point
    return Entry(due.id, due.attempt, now_ms, person, channel, outcome, detail)
