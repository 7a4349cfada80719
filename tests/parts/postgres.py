"""Debian's PostgreSQL, started for the tests; and the `store` fixture, the same test on SQLite and on PostgreSQL.

``store`` is a migrated, empty store that belongs to one test. ``store_settings`` says where it is, for tests that
start processes or open it a second time. A database is emptied and used again: to copy and to delete one for each of
some hundreds of tests is a minute and gigabytes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest
from sqlalchemy import Engine

from playbooks.settings import StoreSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import migrate, open_store
from streams.brokers.broker import free_port
from tests.parts.ending import end
from tests.parts.require import require

USER = "firebreak"
PASSWORD = "not-in-any-message"
TEMPLATE = "empty_store"
START_S = 30.0
#: Each table with its columns and triggers, and the version of them all.
TABLES = """
    SELECT relname, version_num, ARRAY(
        SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull) FROM pg_attribute
        WHERE attrelid = pg_class.oid AND attnum > 0 ORDER BY 1
    ), ARRAY(
        SELECT concat_ws(' ', tgname, tgenabled) FROM pg_trigger
        WHERE tgrelid = pg_class.oid AND NOT tgisinternal ORDER BY 1
    )
    FROM pg_class, alembic_version
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1
"""
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(slots=True)
class Postgres:
    """A running server; `settings` names one of its databases."""

    port: int
    password_file: Path
    tables: list[tuple[object, ...]] = field(default_factory=list)
    _names: Iterator[int] = field(default_factory=count)
    _emptied: list[str] = field(default_factory=list)

    def settings(self, database: str) -> StoreSettings:
        """How Firebreak is told of a database."""
        url = f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"
        return StoreSettings(url=url, password=SecretFrom(file=str(self.password_file)))

    def new_database(self, template: str = "template1") -> str:
        """A database of one's own."""
        name = f"test_{next(self._names)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def make_template(self) -> None:
        """A migrated, empty database to copy from."""
        self.run(f'CREATE DATABASE "{TEMPLATE}"')
        engine = open_store(self.settings(TEMPLATE))
        migrate(engine)
        engine.dispose()
        with self._connected(TEMPLATE) as conn:
            self.tables = conn.execute(TABLES).fetchall()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """A migrated, empty database, for as long as the block runs."""
        name = self._emptied.pop() if self._emptied else self.new_database(TEMPLATE)
        try:
            yield name
        finally:
            if self._empty(name):
                self._emptied.append(name)
            else:
                self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _empty(self, name: str) -> bool:
        """Take everything out of a database; False where its tables are not what they were."""
        with self._connected(name) as conn:
            conn.execute(END_OTHERS)
            tables = conn.execute(TABLES).fetchall()
            if tables != self.tables:
                return False
            # So the triggers that keep anybody from emptying a table are still.
            conn.execute("SET session_replication_role = replica")
            filled = ", ".join(table for (table, *_) in tables if table != "alembic_version")
            conn.execute(f"TRUNCATE {filled} RESTART IDENTITY".encode())
            return True

    def run(self, sql: str) -> None:
        """One statement, outside a transaction."""
        with self._connected("postgres") as conn:
            conn.execute(sql.encode())

    def _connected(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )


def postgres_programs() -> Path:
    """The folder of the newest PostgreSQL on this machine: Debian's, or the one on the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    found = debian[-1] if debian else Path(shutil.which("postgres") or "postgres")
    return found.resolve().parent


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server on a spare loopback port with a data folder of its own; both are gone afterwards."""
    require("postgres")
    programs = postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="firebreak-postgres-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        postgres = Postgres(free_port(), folder / "password")
        server = _start(programs, folder, postgres)
        yield postgres
    finally:
        if server is not None:
            _end(server)
        shutil.rmtree(folder, ignore_errors=True)


class Killable(NamedTuple):
    """A server of one's own that a test kills and starts again."""

    postgres: Postgres
    kill: Callable[[], None]
    start: Callable[[], None]


@contextmanager
def killable_postgres() -> Iterator[Killable]:
    """A server that is there to be killed: `kill` ends all its processes with SIGKILL, `start` recovers its data."""
    require("postgres")
    programs, folder = postgres_programs(), Path(tempfile.mkdtemp(prefix="firebreak-postgres-"))
    postgres = Postgres(free_port(), folder / "password")
    servers = []
    try:
        servers.append(_start(programs, folder, postgres))
        yield Killable(
            postgres, lambda: _kill(servers.pop()), lambda: servers.append(_serve(programs, folder, postgres))
        )
    finally:
        for server in servers:
            _end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _kill(server: subprocess.Popen[bytes]) -> None:
    for process in [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait()


def _start(programs: Path, folder: Path, postgres: Postgres) -> subprocess.Popen[bytes]:
    data = folder / "data"
    postgres.password_file.write_text(PASSWORD)
    user = _unprivileged(folder)
    make = f"--pgdata={data} --username={USER} --pwfile={postgres.password_file} --auth=scram-sha-256"
    make += " --encoding=UTF8 --no-locale --no-sync"
    subprocess.run([programs / "initdb", *make.split()], user=user, cwd=folder, check=True, capture_output=True)
    return _serve(programs, folder, postgres)


def _serve(programs: Path, folder: Path, postgres: Postgres) -> subprocess.Popen[bytes]:
    user, data = "postgres" if os.geteuid() == 0 else None, folder / "data"
    serve = f"-D {data} -p {postgres.port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=200"
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [programs / "postgres", *serve.split()], user=user, cwd=folder, stdout=log, stderr=log
        )
    _wait_until_ready(server, postgres, folder / "server.log")
    return server


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.geteuid() != 0:
        return None
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "postgres", "postgres")
    return "postgres"


def _wait_until_ready(server: subprocess.Popen[bytes], postgres: Postgres, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            return postgres.run("SELECT 1")
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.05)
    _end(server)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _end(server: subprocess.Popen[bytes]) -> None:
    end(server, signal.SIGINT)  # ends at once, without waiting for clients


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run of the tests, with a migrated database to copy from."""
    with running_postgres() as server:
        server.make_template()
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreSettings]:
    """Where this test's store is: migrated and empty."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield StoreSettings(url=f"sqlite:///{path}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.lent() as name:
            yield server.settings(name)


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Engine]:
    """This test's store, open."""
    engine = open_store(store_settings)
    yield engine
    engine.dispose()
