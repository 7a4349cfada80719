"""Timers in the store: written with what makes them necessary, and taken once, under their incident's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from playbooks.incidents.timers import AnyTimer, Wake
from playbooks.store.engine import reading
from playbooks.store.schema import timers


def add(conn: Connection, wakes: Iterable[Wake]) -> None:
    """Write timers down, in the caller's transaction; one that is there already stays as it is."""
    rows = [
        {"id": wake.id, "incident": wake.incident, "run": wake.run, "due_ms": wake.due_ms, "body": body}
        for wake in wakes
        for body in (msgspec.to_builtins(wake.timer),)
    ]
    if rows:
        insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        conn.execute(insert(timers).on_conflict_do_nothing(), rows)


def due(engine: Engine, now_ms: int, limit: int, without: Collection[str] = ()) -> list[str]:
    """The ids of timers to be woken, `without` these, those first that are due longest."""
    query = (
        select(timers.c.id)
        .where(timers.c.woken_ms.is_(None), timers.c.due_ms <= now_ms, timers.c.id.not_in(without))
        .order_by(timers.c.due_ms, timers.c.id)
        .limit(limit)
    )
    with reading(engine) as conn:
        return list(conn.execute(query).scalars())


def incident_of(conn: Connection, id: str) -> str | None:
    """The incident of a timer that was not woken yet: to be locked before the timer is, as people's deeds do."""
    query = select(timers.c.incident).where(timers.c.id == id, timers.c.woken_ms.is_(None))
    found: str | None = conn.execute(query).scalar()
    return found


def take(conn: Connection, id: str, now_ms: int) -> Wake | None:
    """Mark a timer as woken, in the caller's transaction; None where somebody else had it. The incident is locked."""
    query = select(timers).where(timers.c.id == id, timers.c.woken_ms.is_(None)).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    conn.execute(update(timers).where(timers.c.id == id).values(woken_ms=now_ms))
    timer: AnyTimer = msgspec.convert(row["body"], AnyTimer)
    return Wake(row["id"], row["incident"], row["run"], row["due_ms"], timer)
