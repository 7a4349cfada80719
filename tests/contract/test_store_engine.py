"""The store's door: opening, migrating, refusing, and what is said when it does not answer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, delete, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from playbooks.settings import StoreSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from playbooks.store import schema
from playbooks.store.engine import StoreUnreachable, migrate, open_store, reading, writing
from tests.parts.postgres import PASSWORD, Postgres

INCIDENT = {
    "id": "inc-1", "run": "", "brand": "acme", "playbook": "p", "playbook_version": "1.0.0", "playbook_hash": "h",
    "opened_ms": 1, "open": True,
}  # fmt: skip
LOGGED = {"incident": "inc-1", "n": 1, "at_ms": 1, "recorded_ms": 1, "actor": "respond", "entry": "e", "body": {}}
DUE = {
    "id": "a", "incident": "inc-1", "run": "", "step": "s", "action": "page", "target": "on-call", "body": {},
    "at_ms": 1, "due_ms": 1, "state": "due", "attempts": 0,
}  # fmt: skip
DELIVERED = {
    "outbox": "a", "attempt": 1, "recorded_ms": 1, "person": "ana", "channel": "email", "outcome": "sent", "detail": "",
}  # fmt: skip


def _definitions(engine: Engine) -> dict[str, str]:
    """What the database itself says that its tables and indexes are."""
    if engine.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"
    else:
        query = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
            "SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace UNION ALL "
            "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable) "
            "FROM information_schema.columns WHERE table_schema = 'public'"
        )
    with engine.connect() as conn:
        rows = conn.execute(text(query)).all()
    return {name: " ".join(sql.split()) for name, sql in rows if "alembic_version" not in name}


def test_migrations_make_what_the_schema_says(store: Engine) -> None:
    with writing(store) as conn:
        assert compare_metadata(MigrationContext.configure(conn), schema.metadata) == []


def test_migrations_make_the_same_indexes_and_constraints_as_the_schema(
    store: Engine, store_settings: StoreSettings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if store.dialect.name == "sqlite":
        plain = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/plain.db"))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        plain = open_store(server.settings(server.new_database()))
    schema.metadata.create_all(plain)
    made, wanted = _definitions(store), _definitions(plain)
    plain.dispose()
    assert made == wanted


def test_migrating_again_changes_nothing(store: Engine) -> None:
    before = _definitions(store)
    migrate(store)
    assert _definitions(store) == before


def test_several_processes_may_migrate_at_once(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    _migrate_from_four(StoreSettings(url=f"sqlite:///{tmp_path}/new.db"))


def test_a_new_file_that_another_process_is_just_setting_up_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE half_done (id INTEGER)")
    monkeypatch.setattr("playbooks.store.engine.time.sleep", lambda _: other.execute("COMMIT"))
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/new.db"))
    with reading(engine) as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()
    other.close()


@pytest.mark.postgres
def test_several_processes_may_migrate_at_once_on_postgresql(postgres: Postgres) -> None:
    _migrate_from_four(postgres.settings(postgres.new_database()))


def _migrate_from_four(settings: StoreSettings) -> None:
    together = threading.Barrier(4)

    def start() -> list[str]:
        together.wait()
        engine = open_store(settings)
        migrate(engine)
        tables = inspect(engine).get_table_names()
        engine.dispose()
        return tables

    with ThreadPoolExecutor(4) as threads:
        found = [future.result(timeout=60) for future in [threads.submit(start) for _ in range(4)]]
    assert all("incident_log" in tables for tables in found)


def test_a_store_of_a_later_version_is_refused(store: Engine) -> None:
    with writing(store) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnreachable, match=r"has schema '9999'.*install the version that made it"):
        migrate(store)


@pytest.mark.parametrize(
    "change",
    [
        update(schema.incident_log).values(actor="somebody else"),
        delete(schema.incident_log),
        update(schema.deliveries).values(outcome="failed"),
        delete(schema.deliveries),
    ],
    ids=["update log", "delete log", "update ledger", "delete ledger"],
)
def test_log_and_ledger_take_additions_only(store: Engine, change: Any) -> None:
    _fill(store)
    with pytest.raises(DBAPIError, match="is append-only"), writing(store) as conn:
        conn.execute(change)
    with reading(store) as conn:
        assert conn.execute(select(schema.incident_log.c.actor)).scalars().all() == ["respond"]
        assert conn.execute(select(schema.deliveries.c.outcome)).scalars().all() == ["sent"]


def test_truncate_and_replace_are_refused_too(store: Engine) -> None:
    _fill(store)
    sneaky = (
        "INSERT OR REPLACE INTO incident_log SELECT * FROM incident_log"
        if store.dialect.name == "sqlite"
        else "TRUNCATE incident_log"
    )
    with pytest.raises(DBAPIError, match="is append-only"), writing(store) as conn:
        conn.execute(text(sneaky))


def _fill(store: Engine) -> None:
    with writing(store) as conn:
        conn.execute(insert(schema.incidents).values(INCIDENT))
        conn.execute(insert(schema.incident_log).values(LOGGED))
        conn.execute(insert(schema.outbox).values(DUE))
        conn.execute(insert(schema.deliveries).values(DELIVERED))


def test_foreign_keys_hold(store: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), writing(store) as conn:
        conn.execute(insert(schema.incident_log).values(LOGGED))


def test_a_second_open_incident_of_a_playbook_is_refused(store: Engine) -> None:
    both = [INCIDENT, INCIDENT | {"id": "inc-2"}]
    with pytest.raises(DBAPIError, match=r"(?i)unique"), writing(store) as conn:
        conn.execute(insert(schema.incidents), both)


def test_closed_incidents_of_a_playbook_may_be_many(store: Engine) -> None:
    with writing(store) as conn:
        for n in range(3):
            conn.execute(insert(schema.incidents).values(INCIDENT | {"id": f"inc-{n}", "open": n == 0}))


def test_a_reader_cannot_write(store: Engine) -> None:
    with pytest.raises((StoreUnreachable, DBAPIError), match=r"(?i)read.?only"), reading(store) as conn:
        conn.execute(insert(schema.incidents).values(INCIDENT))
    with writing(store) as conn:
        conn.execute(insert(schema.incidents).values(INCIDENT))


def test_a_reader_does_not_wait_for_a_writer(store: Engine) -> None:
    with writing(store) as conn:
        conn.execute(insert(schema.incidents).values(INCIDENT))
        with reading(store) as other:
            assert other.execute(select(schema.incidents)).all() == []


def test_what_fails_in_a_transaction_is_undone_whole(store: Engine) -> None:
    def half_done() -> None:
        with writing(store) as conn:
            conn.execute(insert(schema.incidents).values(INCIDENT))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        half_done()
    with reading(store) as conn:
        assert conn.execute(select(schema.incidents)).all() == []


def test_two_sqlite_writers_wait_for_each_other(tmp_path: Path, migrated_sqlite: Path) -> None:
    path = tmp_path / "busy.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))

    def add(n: int) -> None:
        with writing(engine) as conn:
            known = len(conn.execute(select(schema.incidents.c.id)).all())
            conn.execute(insert(schema.incidents).values(INCIDENT | {"id": f"inc-{known}-{n}", "open": False}))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(20)))
    with reading(engine) as conn:
        ids = conn.execute(select(schema.incidents.c.id)).scalars().all()
    engine.dispose()
    assert sorted(int(i.split("-")[1]) for i in ids) == list(range(20))


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_file_that_another_program_keeps_locked_is_said_with_who_has_it_and_how_long_was_waited(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "locked.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setattr("playbooks.store.engine.BUSY_TIMEOUT_MS", 50)
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    holding = [sys.executable, "-P", "-c", HOLD, str(path)]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreUnreachable) as wrong, writing(engine):
            pass
        other.communicate()
    engine.dispose()
    said = str(wrong.value)
    assert f"its file {path} is locked by process {other.pid} (python" in said
    assert "that were waited" in said
    assert "a database browser, a copy or a backup program" in said


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match=r"sqlite:///.*/none/fb.db cannot be reached: unable to open.*folder"):
        open_store(StoreSettings(url=f"sqlite:///{tmp_path}/none/fb.db"))


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "fb.db").write_text("this is a letter to my aunt, not a database at all; " * 40)
    with pytest.raises(StoreUnreachable, match="not a database"):
        open_store(StoreSettings(url=f"sqlite:///{tmp_path}/fb.db"))


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:1/firebreak cannot be reached: .*PostgreSQL runs there"):
        open_store(StoreSettings(url="postgresql+psycopg://firebreak@127.0.0.1:1/firebreak"))


@pytest.mark.postgres
def test_a_wrong_password_is_said_and_not_shown(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_PASSWORD", "an-old-password")
    wrong = StoreSettings(url=postgres.settings("postgres").url, password=SecretFrom(env="STORE_PASSWORD"))
    with pytest.raises(StoreUnreachable, match=r"password authentication failed.*store\.password") as caught:
        open_store(wrong)
    assert "an-old-password" not in str(caught.value)


@pytest.mark.postgres
def test_a_good_password_shows_nowhere(postgres: Postgres) -> None:
    engine = open_store(postgres.settings("postgres"))
    with pytest.raises(DBAPIError) as caught, reading(engine) as conn:
        conn.execute(text("SELECT nothing FROM nowhere"))
    engine.dispose()
    assert PASSWORD not in f"{engine!r} {engine.url!r} {caught.value}"


def test_a_missing_password_is_the_operators_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORE_PASSWORD", raising=False)
    settings = StoreSettings(url="postgresql://x@127.0.0.1/x", password=SecretFrom(env="STORE_PASSWORD"))
    with pytest.raises(MissingSecret, match="STORE_PASSWORD"):
        open_store(settings)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://x:sesame@127.0.0.1/x", "holds a password"),
        ("postgresql://x:sesame@127.0.0.1:port/x", "is not a database URL"),
        ("sesame", "is not a database URL"),
        ("mysql://x@127.0.0.1/x", "begins with 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_wrong_url_is_refused_without_repeating_it(url: str, said: str) -> None:
    with pytest.raises(StoreUnreachable, match=said) as caught:
        open_store(StoreSettings(url=url))
    assert "sesame" not in str(caught.value)


@pytest.mark.postgres
def test_a_restarted_server_is_reached_again(postgres: Postgres) -> None:
    engine = open_store(postgres.settings(postgres.new_database()))
    with reading(engine) as conn:
        conn.execute(text("SELECT 1"))
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with reading(engine) as conn:
        assert conn.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


@pytest.mark.postgres
def test_a_connection_lost_in_the_middle_is_said(postgres: Postgres) -> None:
    engine = open_store(postgres.settings(postgres.new_database()))

    def cut_off() -> None:
        with writing(engine) as conn:
            pid = conn.execute(text("SELECT pg_backend_pid()")).scalar()
            postgres.run(f"SELECT pg_terminate_backend({pid})")
            conn.execute(text("SELECT 1"))

    with pytest.raises(StoreUnreachable, match="cannot be reached"):
        cut_off()
    engine.dispose()


def test_a_plain_engine_shows_what_the_store_needs() -> None:
    """Without the pragma an INSERT OR REPLACE would rewrite history unseen; this fails if SQLite ever changes that."""
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        assert conn.execute(text("PRAGMA recursive_triggers")).scalar() == 0


def test_what_a_thread_gives_back_after_the_engine_was_let_go_of_is_closed(store_settings: StoreSettings) -> None:
    engine = open_store(store_settings)
    with reading(engine) as conn:
        late = conn.connection.dbapi_connection
        engine.dispose()
    assert late is not None
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        late.cursor().execute("SELECT 1")
    with reading(engine) as conn:
        kept = conn.connection.dbapi_connection
    with reading(engine) as conn:
        assert conn.connection.dbapi_connection is kept, "what comes back in time is used again"
    engine.dispose()
