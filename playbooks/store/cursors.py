"""Cursors: how far a source has read, in the source's own words.

A source writes its cursor only after Kafka has acknowledged every mention before it, so that after a crash it reads
some again and misses none.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine, insert, select, update

from playbooks.store.engine import reading, writing
from playbooks.store.schema import source_cursors


class Cursor(msgspec.Struct, frozen=True):
    """A place in a source's stream, and when (wall clock, milliseconds since 1970 UTC) it was written down."""

    cursor: str
    recorded_ms: int


def read_cursor(engine: Engine, source: str) -> Cursor | None:
    """The place to read on from; None where the source has never been read."""
    wanted = select(source_cursors.c.cursor, source_cursors.c.recorded_ms).where(source_cursors.c.source == source)
    with reading(engine) as conn:
        row = conn.execute(wanted).one_or_none()
    return None if row is None else Cursor(row.cursor, row.recorded_ms)


def write_cursor(engine: Engine, source: str, cursor: str, now_ms: int) -> None:
    """Write down how far `source` has read. Only the holder of the source's lease may."""
    place = {"cursor": cursor, "recorded_ms": now_ms}
    with writing(engine) as conn:
        known = conn.execute(update(source_cursors).where(source_cursors.c.source == source).values(place))
        if not known.rowcount:
            conn.execute(insert(source_cursors).values(source=source, **place))
