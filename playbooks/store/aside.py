"""Taking what was written to the disk beside the writers, for a process whose writers must not wait for it.

SQLite does so by itself at the end of every so many commits, while everybody waits. A process that looks after it
itself does so in a thread of its own: nobody waits, and a power cut takes what was written since the last time.
PostgreSQL has a process for this.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, event

#: So many pages of 4 KiB may wait, should nobody look after them.
_MOST_PAGES = 25_000


def look_after(engine: Engine) -> None:
    """From now on the caller calls `to_disk` every few seconds."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_alone)
        engine.dispose()


def to_disk(engine: Engine) -> None:
    """Take what was written to the disk; writers go on meanwhile."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            connection.close()


def _leave_alone(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint = {_MOST_PAGES}")
