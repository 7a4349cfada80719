"""A backup of the store while it is in use: one consistent look at every table, written to one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, LargeBinary, MetaData, Table, select

from playbooks.store.backups.file import FORMAT, Head, Summary, Writer, new_backup
from playbooks.store.engine import StoreUnreachable, whole
from playbooks.store.migrated import schema_of

#: Alembic's own word for which migration the tables are of; the backup's head has it.
VERSION_TABLE = "alembic_version"
_AT_ONCE = 1_000


def backup(engine: Engine, path: Path, now_ms: int) -> Summary:
    """Write the whole store to `path`; nobody waits for it, and what is written meanwhile is not in it.

    Killed at any moment it leaves no file at `path`. Raises `BadBackup` where the file is there or cannot be written,
    `StoreUnreachable` where the store does not answer or has no tables.
    """
    with whole(engine) as conn:
        schema = schema_of(conn)
        if schema is None:
            raise StoreUnreachable("there is nothing to back up: the store has no tables")
        head = Head(FORMAT, schema, now_ms, engine.dialect.name)
        with new_backup(path, head) as writer:
            for table in tables_of(conn):
                _copy(conn, table, writer)
            summary = writer.end()
    return summary


def tables_of(conn: Connection) -> list[Table]:
    """The tables as the database has them, each behind those that it refers to."""
    found = MetaData()
    found.reflect(conn)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def binary(table: Table) -> list[int]:
    """The places of columns of bytes, which JSON has as base64."""
    return [n for n, column in enumerate(table.columns) if isinstance(column.type, LargeBinary)]


def _copy(conn: Connection, table: Table, writer: Writer) -> None:
    writer.table(str(table.name), tuple(str(column.name) for column in table.columns))
    query: Any = select(table).order_by(*table.primary_key)
    with conn.execution_options(yield_per=_AT_ONCE).execute(query) as rows:
        for row in rows:
            writer.row(list(row))
