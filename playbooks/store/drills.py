"""Drills in the store: begun before the first mention, kept with what was measured when they are over.

Nothing of a drill wakes anybody once it is over, or after the time by which it must be: so a drill whose command was
killed ends too, and what comes of it late opens and pages nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, and_, insert, or_, select, update

from detectors.signal import Signal
from playbooks.armings.arming import Arming
from playbooks.content.catalog import Pinned
from playbooks.delivery.standing import Entry, OutboxState
from playbooks.drills.drill import Drill, Place, Result
from playbooks.drills.measure import Known
from playbooks.incidents import afterwards
from playbooks.incidents.log_entry import Resolved, ResolvedBy
from playbooks.incidents.plan import open_incident
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.store.delivery import outbox
from playbooks.store.drill_over import is_over
from playbooks.store.engine import reading, writing
from playbooks.store.holds.holds import holds_of_incident
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents.incidents import list_incidents
from playbooks.store.incidents.rows import end, lock_brand, write_plan
from playbooks.store.schema import deliveries, drills, incidents
from playbooks.store.schema import outbox as actions

#: Who ends a drill's incidents where nobody was named, as the log says it.
BY_ITSELF = "drill"
_REASON = "The drill is over."


def keep(engine: Engine, drill: Drill) -> None:
    """Keep a drill that is about to begin, or one that was run elsewhere, with what was measured."""
    figures = None if drill.result is None else msgspec.to_builtins(drill.result)
    row = msgspec.to_builtins(drill) | {"figures": figures}
    del row["result"]
    with writing(engine) as conn:
        conn.execute(insert(drills).values(row))


def open_by_hand(engine: Engine, signal: Signal, pinned: Pinned, now_ms: int) -> None:
    """Open a drill's incident as a named person would by reporting it; a drill goes all the way."""
    with writing(engine) as conn:
        lock_brand(conn, signal.run, signal.brand)
        write_plan(conn, open_incident(signal, pinned, Arming.PAGE_AND_HOLD, now_ms), signal, now_ms)


def finish(engine: Engine, run: str, result: Result | None, now_ms: int) -> Drill | None:
    """Keep what was measured, and say that the drill is over; None where it was never begun, or is over already.

    What was still to be sent for it is not sent. Its open incidents end, and everybody who was paged or told hears the
    all-clear. Its holds stay: nothing but people lets one go, and they hold nothing back any more. All of it is one
    transaction.
    """
    with writing(engine) as conn:
        mine = drills.c.run == run
        row = conn.execute(select(drills).where(mine).with_for_update()).mappings().first()
        if row is None or row["ended_ms"] is not None:
            return None
        figures = None if result is None else msgspec.to_builtins(result)
        conn.execute(update(drills).where(mine).values(ended_ms=now_ms, figures=figures))
        _call_off(conn, run, now_ms)
        _end_incidents(conn, run, row["person"], now_ms)
        return msgspec.structs.replace(_drill(row), ended_ms=now_ms, result=result)


def finish_forgotten(engine: Engine, now_ms: int) -> list[str]:
    """End the drills whose command was killed and whose time is over; their runs."""
    query = select(drills.c.run).where(drills.c.ended_ms.is_(None), drills.c.until_ms <= now_ms)
    with reading(engine) as conn:
        forgotten = list(conn.execute(query.order_by(drills.c.run)).scalars())
    for run in forgotten:
        finish(engine, run, None, now_ms)
    return forgotten


def read_drills(engine: Engine, limit: int = 100, name: str | None = None) -> list[Drill]:
    """Drills, the newest first; of one name, or of all."""
    query = select(drills).order_by(drills.c.begun_ms.desc(), drills.c.run.desc()).limit(limit)
    if name is not None:
        query = query.where(drills.c.name == name)
    with reading(engine) as conn:
        return [_drill(row) for row in conn.execute(query).mappings()]


def over(engine: Engine, runs: Sequence[str], now_ms: int) -> frozenset[str]:
    """Those of `runs` that are drills which are over."""
    with reading(engine) as conn:
        return frozenset(run for run in set(runs) if is_over(conn, run, now_ms))


def what_is_known(engine: Engine, run: str) -> Known:
    """What the store knows of a drill just now."""
    views = list_incidents(engine, run)[::-1]
    ledger = {view.id: outbox.ledger(engine, view.id) for view in views}
    return Known(views, ledger, [hold for view in views for hold in holds_of_incident(engine, view.id)])


def _call_off(conn: Connection, run: str, now_ms: int) -> None:
    """Pages that are not out yet, and whatever is due later or to be tried again, are written down and not sent."""
    due, again = actions.c.state == OutboxState.DUE.value, actions.c.state == OutboxState.AGAIN.value
    later = or_(actions.c.due_ms > now_ms, actions.c.action == ActionKind.PAGE.value)
    waiting = select(actions.c.id, actions.c.attempts).where(actions.c.run == run, or_(again, and_(due, later)))
    for id, attempt in conn.execute(waiting.with_for_update()).all():
        said = Entry(id, attempt, now_ms, "", Channel.NONE, DeliveryOutcome.RECORDED, _REASON)
        conn.execute(insert(deliveries).values(msgspec.to_builtins(said)))
        ended = {"state": OutboxState.RECORDED.value, "lease_until_ms": None}
        conn.execute(update(actions).where(actions.c.id == id).values(ended))


def _end_incidents(conn: Connection, run: str, person: str, now_ms: int) -> None:
    mine = (incidents.c.run == run, incidents.c.open)
    for incident in conn.execute(select(incidents.c.id).where(*mine).order_by(incidents.c.id)).scalars().all():
        if not incident_log.lock(conn, incident):
            continue
        view = incident_log.views(conn, [incident])[incident]
        ending = Resolved(ResolvedBy.PERSON, _REASON)
        end(conn, incident, ending, actor=person or BY_ITSELF, at_ms=now_ms, now_ms=now_ms)
        outbox.add(conn, afterwards.all_clear(view, person, _REASON, now_ms))


def _drill(row: RowMapping) -> Drill:
    return Drill(
        run=row["run"],
        name=row["name"],
        brand=row["brand"],
        place=Place(row["place"]),
        person=row["person"],
        begun_ms=row["begun_ms"],
        until_ms=row["until_ms"],
        ended_ms=row["ended_ms"],
        result=None if row["figures"] is None else msgspec.convert(row["figures"], Result),
    )
