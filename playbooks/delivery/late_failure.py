"""A send that the other side took, and that reached nobody after all: a text undelivered, a call not answered.

By then the action is ended. Who is missed now is told to ops, as if the send had failed at once; and where nothing of a
page may wake anybody any more, the next level is called now and not when it is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from playbooks.delivery.standing import Entry, Point
from playbooks.labels import Channel, DeliveryOutcome

#: A mail lies there until somebody looks.
_WAKES_NOBODY = frozenset({Channel.EMAIL, Channel.GRAFANA, Channel.NONE})
_GONE = frozenset({DeliveryOutcome.FAILED, DeliveryOutcome.RECORDED})


class Late(NamedTuple):
    """What a late failure means: who is not reached any more, and whether nothing of the page may wake anybody."""

    missed: tuple[str, ...] = ()
    wakes_nobody: bool = False


def late(entries: Sequence[Entry], failed: Entry) -> Late:
    """What it means that `failed` comes after `entries`, the ledger of its action."""
    before, after = hopeful(entries), hopeful([*entries, failed])
    missed = () if any(person == failed.person for person, _ in after) else (failed.person,)
    rang = any(channel not in _WAKES_NOBODY for _, channel in before)
    return Late(missed, rang and all(channel in _WAKES_NOBODY for _, channel in after))


def wakes_nobody(entries: Sequence[Entry]) -> bool:
    """Whether a page that has just ended wakes nobody although it was to: what rings failed, and at most a mail got
    through. `entries` is its whole ledger; one that was to reach nobody (a replay, a drill without people) is none.
    """
    last = {entry.point: entry.outcome for entry in entries}
    failed = [channel for (_, channel), outcome in last.items() if outcome is DeliveryOutcome.FAILED]
    got = [channel for _, channel in hopeful(entries)]
    if not failed or any(channel not in _WAKES_NOBODY for channel in got):
        return False
    return not got or any(channel not in _WAKES_NOBODY for channel in failed)


def hopeful(entries: Iterable[Entry]) -> set[Point]:
    """The contact points that may have the message: the last that is known of them is no failure."""
    last = {entry.point: entry.outcome for entry in entries}
    return {point for point, outcome in last.items() if outcome not in _GONE}
