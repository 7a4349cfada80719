"""Whether the log is what was written: the hash of each entry, and what each reference is the hash of."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, select

from playbooks.store.engine import whole
from playbooks.store.incidents import posts
from playbooks.store.incidents.log_hash import NOTHING, digest
from playbooks.store.schema import incident_log, incidents
from playbooks.store.schema import posts as posts_table

_AT_ONCE = 500


class Verified(msgspec.Struct, frozen=True):
    """What the log of one incident came to. `last` is the hash of its last entry: keep it to notice a log cut short.

    `erased` counts posts that were quoted and are gone by somebody's word. `faults` are sentences, none where all is
    well.
    """

    incident: str
    entries: int
    last: str
    posts: int
    erased: int
    faults: tuple[str, ...] = ()


def verify(engine: Engine, only: Sequence[str] = ()) -> list[Verified]:
    """Check the logs of all incidents, or of those named; one that there is not has a fault."""
    with whole(engine) as conn:
        ids = conn.execute(select(incidents.c.id).order_by(incidents.c.opened_ms, incidents.c.id)).scalars().all()
        wanted = list(only) or ids
        return [_verified(conn, id) if id in set(ids) else _unknown(id) for id in wanted]


def _verified(conn: Connection, incident: str) -> Verified:
    query = select(incident_log).where(incident_log.c.incident == incident).order_by(incident_log.c.n)
    rows = conn.execute(query).mappings().all()
    faults, last = [], NOTHING
    for n, row in enumerate(rows, 1):
        if row["n"] != n:
            faults.append(f"entry {n} is missing: the next is {row['n']}")
            break
        if row["hash"] != _hash(last, row):
            faults.append(f"entry {n} ({row['entry']}) is not what was written, or what stood before it is not")
            break
        last = row["hash"]
    refs = posts.refs_in(row["body"] for row in rows)
    found = _posts(conn, refs)
    faults += [f"the post {ref[:23]} is gone, and nobody erased it" for ref in sorted(refs - found.keys())]
    faults += [f"the post {ref[:23]} is not what was written" for ref, row in found.items() if not posts.is_intact(row)]
    if not rows:
        faults.append("its log is empty")
    erased = sum(row["salt"] is None for row in found.values())
    return Verified(incident, len(rows), last, len(refs), erased, tuple(faults))


def _hash(before: str, row: RowMapping) -> str:
    names = ("incident", "n", "at_ms", "recorded_ms", "actor", "entry", "body")
    return digest([before, *(row[name] for name in names)])


def _posts(conn: Connection, refs: set[str]) -> dict[str, RowMapping]:
    wanted = sorted(refs)
    found: dict[str, RowMapping] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        query = select(posts_table).where(posts_table.c.ref.in_(wanted[first : first + _AT_ONCE]))
        found |= {row["ref"]: row for row in conn.execute(query.order_by(posts_table.c.ref)).mappings()}
    return found


def _unknown(incident: str) -> Verified:
    return Verified(incident, 0, NOTHING, 0, 0, ("there is no such incident",))
