"""The calendars that rotas are read from, kept as they were last read, so that a restart does not forget them."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Engine, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from playbooks.oncall.kept import Kept
from playbooks.store.engine import reading, writing
from playbooks.store.schema import calendars


def read_calendar(engine: Engine, rota: str, address_hash: str) -> Kept | None:
    """The copy of a rota's calendar; None where there is none, or one of another address."""
    wanted = select(calendars.c.body, calendars.c.etag, calendars.c.last_modified, calendars.c.read_ms).where(
        calendars.c.rota == rota, calendars.c.address_hash == address_hash
    )
    with reading(engine) as conn:
        row = conn.execute(wanted).one_or_none()
    return None if row is None else Kept(row.body, row.etag, row.last_modified, row.read_ms)


def write_calendar(engine: Engine, rota: str, address_hash: str, kept: Kept) -> None:
    """Keep the copy of a rota's calendar in place of the last one; an older one changes nothing."""
    copy = {"address_hash": address_hash, **asdict(kept)}
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    newer = or_(calendars.c.address_hash != address_hash, calendars.c.read_ms < kept.read_ms)
    row = insert(calendars).values(rota=rota, **copy)
    with writing(engine) as conn:
        conn.execute(row.on_conflict_do_update(index_elements=[calendars.c.rota], set_=copy, where=newer))
