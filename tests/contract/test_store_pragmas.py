"""A SQLite connection that goes from one kind of transaction to another is each time as that kind wants it."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Connection

from playbooks.settings import StoreSettings
from playbooks.store.engine import StoreUnreachable, open_store, reading, writing, writing_soon

NORMAL, FULL = 1, 2


def state(conn: Connection) -> tuple[int, int]:
    """Whether writes are refused, and how long a commit waits."""
    refuses, waits = (conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("query_only", "synchronous"))
    return refuses, waits


def test_whatever_a_connection_was_used_for_before_each_transaction_is_of_its_kind(tmp_path: object) -> None:
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    kinds = [(writing, (0, FULL)), (writing_soon, (0, NORMAL)), (reading, (1, FULL))]
    for kind, wanted in random.Random(1).choices(kinds, k=60):
        with kind(engine) as conn:
            assert state(conn) == wanted
    engine.dispose()


def test_after_a_transaction_that_failed_the_next_is_of_its_kind(tmp_path: object) -> None:
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    for kind in (writing_soon, writing, reading):
        with pytest.raises(StoreUnreachable), kind(engine) as conn:
            conn.exec_driver_sql("no such statement")
    with writing(engine) as conn:
        assert state(conn) == (0, FULL)
    engine.dispose()
