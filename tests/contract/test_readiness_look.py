"""Looking at the store for a check: whatever state it is in is told, nothing is made, and no password gets out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from playbooks.readiness.finding import Reason
from playbooks.readiness.look import Looked, look
from playbooks.readiness.surroundings import store_findings
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import writing

NOW_MS = 1_795_000_000_000


def looked(store: StoreSettings) -> tuple[Looked, Reason]:
    found = look(PlaybookSettings(store=store), NOW_MS)
    [reason] = [one.reason for one in store_findings(found.store)]
    return found, reason


def test_a_store_of_this_version_is_looked_into(store: Engine, store_settings: StoreSettings) -> None:
    found, reason = looked(store_settings)
    assert reason is Reason.STORE_IN_ORDER
    assert found.kept is not None
    sqlite = store_settings.url.startswith("sqlite")
    # On another machine its disk is not seen, and its clock is.
    assert (found.disk is not None, bool(found.clocks)) == (sqlite, not sqlite)
    assert all(abs(clock.ahead_ms) <= clock.room_ms for clock in found.clocks)


def test_a_store_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    found, reason = looked(StoreSettings(url=f"sqlite:///{path}"))
    assert (found.kept, reason) == (None, Reason.STORE_NOT_MADE)
    assert not path.exists()
    assert found.disk is not None


def test_a_store_without_tables_is_told_and_gets_none(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    assert looked(StoreSettings(url=f"sqlite:///{path}"))[1] is Reason.STORE_NOT_MADE
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize(("schema", "reason"), [("0001", Reason.SCHEMA_OLDER), ("9999", Reason.SCHEMA_NEWER)])
def test_a_store_of_another_version_is_told_with_both(
    store: Engine, store_settings: StoreSettings, schema: str, reason: Reason
) -> None:
    with writing(store) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :schema"), {"schema": schema})
    found, told = looked(store_settings)
    assert (found.kept, told) == (None, reason)


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is no database" * 100)
    assert looked(StoreSettings(url=f"sqlite:///{path}"))[1] is Reason.STORE_UNREACHABLE


def test_a_server_that_is_away_and_a_password_that_is_missing_are_told_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql+psycopg://firebreak@127.0.0.1:1/firebreak"
    monkeypatch.setenv("STORE_PASSWORD", "hunter2-hunter2")
    found, reason = looked(StoreSettings(url=url, password=SecretFrom(env="STORE_PASSWORD")))
    assert reason is Reason.STORE_UNREACHABLE
    assert "hunter2" not in repr(found)
    found, reason = looked(StoreSettings(url=url, password=SecretFrom(env="NOT_THERE")))
    assert reason is Reason.STORE_UNREACHABLE
    [told] = store_findings(found.store)
    assert told.text.startswith("store.password: the environment variable NOT_THERE is not set")
