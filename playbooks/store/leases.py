"""Leases: what only one process may do, and which process that is for now.

A lease is a row with an owner and an end. Whoever holds one renews it well before the end; who cannot must stop at
the end at the latest, because another may have taken it by then. Clocks are the holders' own wall clocks, so a lease
should be long against their difference. Losing one does no harm to the data: two sources sending at once make
repeats, which are dropped downstream.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from playbooks.store.engine import reading, writing
from playbooks.store.schema import leases


class Holder(msgspec.Struct, frozen=True):
    """Who has a lease, and until when (wall clock, milliseconds since 1970 UTC) if it is not renewed."""

    owner: str
    until_ms: int


def acquire(engine: Engine, name: str, owner: str, now_ms: int, lease_ms: int) -> bool:
    """Take the lease `name` for `lease_ms`, if nobody else holds it at `now_ms`; says whether `owner` has it now.

    An owner that has it already keeps it, with the new end. `owner` must be unique to the process.
    """
    taken = {"owner": owner, "until_ms": now_ms + lease_ms}
    with writing(engine) as conn:
        free = or_(leases.c.owner == owner, leases.c.until_ms <= now_ms)
        if conn.execute(update(leases).where(leases.c.name == name, free).values(taken)).rowcount:
            return True
        try:
            with conn.begin_nested():
                conn.execute(insert(leases).values(name=name, **taken))
        except IntegrityError:
            return False
    return True


def renew(engine: Engine, name: str, owner: str, now_ms: int, lease_ms: int) -> bool:
    """Put the end of `owner`'s lease at `now_ms` + `lease_ms`; False says that it is lost: stop at once.

    A lease that has run out and that nobody took is still its owner's.
    """
    mine = (leases.c.name == name, leases.c.owner == owner)
    with writing(engine) as conn:
        return conn.execute(update(leases).where(*mine).values(until_ms=now_ms + lease_ms)).rowcount == 1


def release(engine: Engine, name: str, owner: str) -> None:
    """Give the lease up, so that the next need not wait for its end; does nothing where it is lost already."""
    with writing(engine) as conn:
        conn.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))


def holder(engine: Engine, name: str) -> Holder | None:
    """Who has the lease, run out or not; None where nobody has."""
    with reading(engine) as conn:
        row = conn.execute(select(leases.c.owner, leases.c.until_ms).where(leases.c.name == name)).one_or_none()
    return None if row is None else Holder(row.owner, row.until_ms)
