"""A store with some rows in every table that there is, and what stands in it, to be compared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Engine, Integer, LargeBinary, String, insert, select

from playbooks.store import schema
from playbooks.store.engine import reading, writing

#: Whatever has come to grief in some export: signs, breaks, numbers that are not whole, nothing.
AWKWARD = {"text": 'Grüße "{}", 你好\n\\ \u2028 🔥', "share": 0.1 + 0.2, "none": None, "list": [1, 2.5, True]}


def fill(engine: Engine, rows: int = 3) -> None:
    """Put `rows` rows into every table; each refers to the row of the same number of another."""
    with writing(engine) as conn:
        for table in schema.metadata.sorted_tables:
            conn.execute(insert(table), [{c.name: _value(c, n) for c in table.columns} for n in range(1, rows + 1)])


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with reading(engine) as conn:
        return {
            table.name: [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key))]
            for table in schema.metadata.sorted_tables
        }


def _value(column: Column[Any], n: int) -> Any:
    if column.foreign_keys:
        column = next(iter(column.foreign_keys)).column
    match column.type:
        case JSON():
            return AWKWARD | {"n": n}
        case Boolean():
            return n == 1
        case LargeBinary():
            return bytes([0, 255, n])
        case String(length=length):
            if column.nullable and n == 2:
                return None
            return f"{column.name}-{n} {AWKWARD['text'] if length is None else ''}".strip()[:length]
        case Integer():
            return None if column.nullable and n == 2 else n * 1_000_000 if column.name.endswith("_ms") else n
        case _:
            raise AssertionError(f"no value for {column!r}")
