"""A backup put back: into an empty store, or with an explicit word in the place of what is there.

It is one transaction: the tables are made as they were when the backup was made, filled, and brought to this version's
schema. Killed at any moment, or refused at any row, it leaves the store as it was.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, Engine, Integer, Table, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from playbooks.store.backups.backup import VERSION_TABLE, binary, tables_of
from playbooks.store.backups.file import BadBackup, Summary, check, tables
from playbooks.store.engine import replacing
from playbooks.store.migrated import known, upgrade

_AT_ONCE = 500


class NotEmpty(Exception):
    """The store has something in it. `rows` says how many rows of which table."""

    def __init__(self, rows: dict[str, int]) -> None:
        super().__init__(f"the store is not empty: {', '.join(f'{n} of {table}' for table, n in sorted(rows.items()))}")
        self.rows = rows


class WouldOpen(Exception):
    """Holds are in force of which the backup knows nothing: posting would begin without anybody's word."""

    def __init__(self, holds: list[str]) -> None:
        super().__init__(f"holds are in force that the backup does not have in force: {', '.join(holds)}")
        self.holds = holds


class Restored(msgspec.Struct, frozen=True):
    """What was put back, and how many actions are due in it that the runner carries out when it starts."""

    summary: Summary
    due: int


def restore(engine: Engine, path: Path, *, replace: bool) -> Restored:
    """Put a backup into the store. The file is read to its end first, so that a damaged one touches nothing.

    `replace` takes the place of what is there. Raises `BadBackup`; `NotEmpty` where there is something and `replace`
    is not said; `WouldOpen` where a hold would end by it; `StoreUnreachable`.
    """
    summary = check(path)
    if summary.schema not in known():
        raise BadBackup(
            f"{path} has schema {summary.schema!r}, which this version of Firebreak does not know; "
            "restore it with the version that made it, or a later one"
        )
    with replacing(engine) as conn:
        _clear(conn, path, replace=replace)
        upgrade(conn, summary.schema)
        _fill(conn, path)
        upgrade(conn)
        due = conn.execute(text("SELECT count(*) FROM outbox WHERE state IN ('due', 'sending', 'again')")).scalar()
    return Restored(summary, int(due or 0))


def _clear(conn: Connection, path: Path, *, replace: bool) -> None:
    """Take the tables away, or refuse to; whoever else writes to them waits or is refused."""
    there = tables_of(conn)
    if conn.dialect.name == "postgresql" and there:
        conn.execute(text(f"LOCK TABLE {', '.join(table.name for table in there)} IN ACCESS EXCLUSIVE MODE"))
    rows = {table.name: conn.execute(select(func.count()).select_from(table)).scalar() or 0 for table in there}
    if any(rows.values()):
        if not replace:
            raise NotEmpty({table: n for table, n in rows.items() if n})
        _keep_holds(conn, path)
    for table in reversed(there):
        conn.execute(text(f"DROP TABLE {table.name}"))
    if inspect(conn).has_table(VERSION_TABLE):
        conn.execute(text(f"DROP TABLE {VERSION_TABLE}"))


def _keep_holds(conn: Connection, path: Path) -> None:
    """Raises `WouldOpen`: a hold never opens but by people, and so not by a backup from before it."""
    in_force = set(conn.execute(text("SELECT id FROM holds WHERE released_ms IS NULL")).scalars())
    for head, rows in tables(path):
        if head.name == "holds":
            id, released = head.columns.index("id"), head.columns.index("released_ms")
            in_force -= {row[id] for row in rows if row[released] is None}
    if in_force:
        raise WouldOpen(sorted(in_force))


def _fill(conn: Connection, path: Path) -> None:
    made = {table.name: table for table in tables_of(conn)}
    for head, rows in tables(path):
        table = made.get(head.name)
        if table is None or tuple(column.name for column in table.columns) != head.columns:
            raise BadBackup(f"{path} does not fit its schema: table {head.name!r}")
        try:
            _put(conn, table, rows)
        except (IntegrityError, StatementError) as wrong:
            why = str(getattr(wrong, "orig", None) or wrong).strip().splitlines()[0]
            raise BadBackup(f"{path} holds a row of {head.name!r} that the store refuses: {why}") from None
        _go_on_counting(conn, table)


def _put(conn: Connection, table: Table, rows: Iterator[list[Any]]) -> None:
    names = [column.name for column in table.columns]
    places = binary(table)
    while several := list(islice(rows, _AT_ONCE)):
        for row in several:
            for n in places:
                row[n] = None if row[n] is None else base64.b64decode(row[n])
        conn.execute(insert(table), [dict(zip(names, row, strict=True)) for row in several])


def _go_on_counting(conn: Connection, table: Table) -> None:
    """PostgreSQL gives the next row the number behind the last one put in."""
    key = next(iter(table.primary_key)) if len(table.primary_key) == 1 else None
    if conn.dialect.name != "postgresql" or key is None or not isinstance(key.type, BigInteger | Integer):
        return
    sequence = func.pg_get_serial_sequence(table.name, key.name)
    highest = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
    conn.execute(select(func.setval(sequence, highest, False)).where(sequence.is_not(None)))
