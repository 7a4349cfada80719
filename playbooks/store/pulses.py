"""What each process last said of itself: one row a process, written every few seconds, read by whoever looks.

A row stays when its process ends, so that it can be told since when nobody has been heard; after a day the next writer
of the same role takes it away.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from playbooks.labels import Role
from playbooks.store.engine import reading, writing
from playbooks.store.schema import pulses

#: A process writes every `EVERY_S`; one that was not heard for `FRESH_MS` is not there.
EVERY_S = 15.0
FRESH_MS = 60_000
#: A row that is older says nothing any more.
KEPT_MS = 86_400_000


class Pulse(msgspec.Struct, frozen=True):
    """What a process says of itself at `at_ms` by its wall clock.

    `reached_ms` is how far it has come: for watch the event time up to which every bucket is closed, for the gate when
    it was last asked, for the runner when its heartbeat was last taken; None where there is none yet. `troubles` are
    the reasons why it cannot do its work just now.
    """

    role: Role
    process: str
    at_ms: int
    started_ms: int
    reached_ms: int | None = None
    troubles: tuple[str, ...] = ()


def write_pulse(engine: Engine, pulse: Pulse) -> None:
    """Put a process's row in place of its last; raises `StoreUnreachable`."""
    row = {**msgspec.structs.asdict(pulse), "role": pulse.role.value, "troubles": list(pulse.troubles)}
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    put = insert(pulses).values(row)
    with writing(engine) as conn:
        conn.execute(put.on_conflict_do_update(index_elements=[pulses.c.role, pulses.c.process], set_=row))
        old = (pulses.c.role == pulse.role.value, pulses.c.at_ms < pulse.at_ms - KEPT_MS)
        conn.execute(delete(pulses).where(*old))


def read_pulses(engine: Engine) -> tuple[Pulse, ...]:
    """Every row, by role and process; a role that this version does not know is left out."""
    known = {role.value for role in Role}
    with reading(engine) as conn:
        rows = conn.execute(select(pulses).order_by(pulses.c.role, pulses.c.process)).mappings().all()
    read = ({name: row[name] for name in Pulse.__struct_fields__} for row in rows if row["role"] in known)
    return tuple(msgspec.convert(one, Pulse) for one in read)
