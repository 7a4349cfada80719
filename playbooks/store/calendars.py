"""The calendars that rotas are read from, kept as they were last read, so that a restart does not forget them."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select, update

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
    copy = {
        "address_hash": address_hash,
        "body": kept.body,
        "etag": kept.etag,
        "last_modified": kept.last_modified,
        "read_ms": kept.read_ms,
    }
    with writing(engine) as conn:
        there = conn.execute(
            select(calendars.c.address_hash, calendars.c.read_ms).where(calendars.c.rota == rota).with_for_update()
        ).one_or_none()
        if there is None:
            conn.execute(insert(calendars).values(rota=rota, **copy))
        elif there.address_hash != address_hash or there.read_ms < kept.read_ms:
            conn.execute(update(calendars).where(calendars.c.rota == rota).values(**copy))
