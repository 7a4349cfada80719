"""Taking in signals many at a time: what is known is read once, what follows is decided one after the other in memory,
and all of it is written in a few statements.

Five hundred incidents at once would else be ten thousand round trips to the store, one waiting for the other. What is
decided is the same as one by one, because an incident is the fold of its log: the next signal of a brand is decided
against the incident as the one before left it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, update

from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute
from playbooks.content.catalog import Library
from playbooks.incidents import plan
from playbooks.incidents.incident import IncidentView, advance
from playbooks.incidents.log_entry import RESPOND, Logged, Opened, SeverityRaised
from playbooks.labels import SignalDecision
from playbooks.store import mutes, timers
from playbooks.store.arming import armings_for
from playbooks.store.delivery import outbox
from playbooks.store.drill_over import is_over
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import posts
from playbooks.store.incidents.log import Said
from playbooks.store.incidents.rows import incident_row, lock_brands, open_of, place_hold
from playbooks.store.schema import incidents, signals

Whose = tuple[str, str]

#: The end of the year 9999.
LAST_MS = 253_402_300_799_999


class _Known(NamedTuple):
    """What the store says before the first of the signals, by run and brand or by run; the ids that it has."""

    open: dict[Whose, dict[str, IncidentView]]
    muted: dict[str, tuple[Mute, ...]]
    over: frozenset[str]
    taken: set[str]


def take_all(
    conn: Connection, new: Sequence[Signal], library: Library, brands: Collection[str], now_ms: int
) -> list[SignalDecision]:
    """Take in signals in their order, in the caller's transaction; of each, what became of it.

    `brands` are those of the settings. Raises `PlaybookError` where an open incident's playbook is gone, and
    `OverflowError` for a signal of a time that no calendar has.
    """
    for signal in new:
        if not 0 <= signal.at_ms <= LAST_MS:
            raise OverflowError(f"the signal {signal.id!r} is of no time that a calendar has")
    whose = sorted({(signal.run, signal.brand) for signal in new})
    lock_brands(conn, whose)
    batch = _Batch(conn, library, _known(conn, new, whose, now_ms), now_ms)
    armings = armings_for(conn, brands, new)
    decisions = [batch.take(signal, arming) for signal, arming in zip(new, armings, strict=True)]
    batch.write()
    return decisions


def _known(conn: Connection, new: Sequence[Signal], whose: Collection[Whose], now_ms: int) -> _Known:
    runs = sorted({run for run, _ in whose})
    ids = {signal.id for signal in new}
    return _Known(
        open=open_of(conn, whose),
        muted={run: mutes.in_force(conn, run, now_ms) for run in runs},
        over=frozenset(run for run in runs if is_over(conn, run, now_ms)),
        taken=set(conn.execute(select(signals.c.id).where(signals.c.id.in_(ids))).scalars()),
    )


class _Batch:
    """The signals of one transaction: `take` decides, `write` writes."""

    def __init__(self, conn: Connection, library: Library, known: _Known, now_ms: int) -> None:
        self._conn = conn
        self._library = library
        self._known = known
        self._now_ms = now_ms
        self._signals: list[dict[str, object]] = []
        self._plans: list[tuple[plan.Plan, Signal]] = []

    def take(self, signal: Signal, arming: Arming) -> SignalDecision:
        """Decide about one; the incidents that are known are from then on as it leaves them."""
        known, now_ms = self._known, self._now_ms
        if signal.id in known.taken:
            return SignalDecision.REPEAT
        known.taken.add(signal.id)
        referred, rows = posts.refer(self._conn, signal, now_ms)
        self._signals.append(_row(referred, now_ms))
        if signal.run in known.over:
            return SignalDecision.NO_PLAYBOOK
        here = known.open[signal.run, signal.brand]
        decided = plan.decide(referred, self._library, here, arming, now_ms, known.muted[signal.run])
        for each in decided.plans:
            _follow(here, each, referred, now_ms)
            self._plans.append((each, referred))
        if any(isinstance(entry, Opened | SeverityRaised) for each in decided.plans for entry in each.entries):
            posts.keep(self._conn, rows)  # those that the log quotes, and no others
        return decided.decision

    def write(self) -> None:
        """Write down all that was decided."""
        conn, plans, now_ms = self._conn, self._plans, self._now_ms
        if self._signals:
            conn.execute(insert(signals), self._signals)
        self._write_incidents()
        incident_log.append_all(conn, [said for each, signal in plans for said in _said(each, signal)], now_ms)
        for each, signal in plans:
            place_hold(conn, each, signal.run, signal.at_ms, now_ms)
        outbox.add(conn, [action for each, _ in plans for action in each.due])
        timers.add(conn, [wake for each, _ in plans for wake in each.wakes])

    def _write_incidents(self) -> None:
        ended = [each.ends for each, _ in self._plans if each.ends is not None]
        opened = [
            incident_row(each.incident, entry, signal, open=each.incident not in ended)
            for each, signal in self._plans
            for entry in each.entries[:1]
            if isinstance(entry, Opened)
        ]
        if ended:
            # Before the others are opened: of one cause one is open.
            self._conn.execute(update(incidents).where(incidents.c.id.in_(ended)).values(open=False))
        if opened:
            self._conn.execute(insert(incidents), opened)


def _follow(here: dict[str, IncidentView], each: plan.Plan, signal: Signal, now_ms: int) -> None:
    """The open incidents of a brand, by cause, after a plan."""
    for cause in [cause for cause, view in here.items() if view.id == each.ends]:
        del here[cause]
    view = next((one for one in here.values() if one.id == each.incident), None)
    causes = [cause for cause, one in here.items() if one.id == each.incident]
    for entry in each.entries:
        view = advance(view, each.incident, Logged(0, signal.at_ms, now_ms, RESPOND, entry))
    assert view is not None, "a plan has at least one entry"
    here.update(dict.fromkeys((*causes, view.cause), view))


def _said(each: plan.Plan, signal: Signal) -> list[Said]:
    ending = [Said(each.ends, (each.ending,), RESPOND, signal.at_ms)] if each.ends and each.ending else []
    return [*ending, Said(each.incident, each.entries, RESPOND, signal.at_ms)]


def _row(signal: Signal, now_ms: int) -> dict[str, object]:
    row = {"id": signal.id, "run": signal.run, "brand": signal.brand, "at_ms": signal.at_ms}
    return row | {"body": msgspec.to_builtins(signal), "recorded_ms": now_ms}
