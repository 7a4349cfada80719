"""Debian's PostgreSQL, started for the tests; and the `store` fixture, the same test on SQLite and on PostgreSQL.

``store`` is a migrated, empty store that belongs to one test. ``store_settings`` says where it is, for tests that
start processes or open it a second time.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from playbooks.settings import SecretFrom, StoreSettings
from playbooks.store.engine import migrate, open_store
from tests.parts.require import require

USER = "firebreak"
PASSWORD = "not-in-any-message"
TEMPLATE = "empty_store"
START_S = 30.0


@dataclass(slots=True)
class Postgres:
    """A running server; `settings` names one of its databases."""

    port: int
    password_file: Path
    _names: Iterator[int] = field(default_factory=count)

    def settings(self, database: str) -> StoreSettings:
        """How Firebreak is told of a database."""
        url = f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"
        return StoreSettings(url=url, password=SecretFrom(file=str(self.password_file)))

    def new_database(self, template: str = "template1") -> str:
        """A database of one's own."""
        name = f"test_{next(self._names)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def run(self, sql: str) -> None:
        """One statement, outside a transaction."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres", autocommit=True
        ) as conn:
            conn.execute(sql.encode())


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
        postgres = Postgres(_spare_port(), folder / "password")
        server = _start(programs, folder, postgres)
        yield postgres
    finally:
        if server is not None:
            _end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _start(programs: Path, folder: Path, postgres: Postgres) -> subprocess.Popen[bytes]:
    data = folder / "data"
    postgres.password_file.write_text(PASSWORD)
    user = _unprivileged(folder)
    make = f"--pgdata={data} --username={USER} --pwfile={postgres.password_file} --auth=scram-sha-256"
    make += " --encoding=UTF8 --no-locale --no-sync"
    subprocess.run([programs / "initdb", *make.split()], user=user, cwd=folder, check=True, capture_output=True)
    serve = f"-D {data} -p {postgres.port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=200"
    with (folder / "server.log").open("wb") as log:
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
    server.send_signal(signal.SIGINT)  # ends at once, without waiting for clients
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _spare_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run of the tests, with a migrated database to copy from."""
    with running_postgres() as server:
        server.run(f'CREATE DATABASE "{TEMPLATE}"')
        engine = open_store(server.settings(TEMPLATE))
        migrate(engine)
        engine.dispose()
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
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> StoreSettings:
    """Where this test's store is: migrated and empty."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return StoreSettings(url=f"sqlite:///{path}")
    server: Postgres = request.getfixturevalue("postgres")
    return server.settings(server.new_database(TEMPLATE))


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Engine]:
    """This test's store, open."""
    engine = open_store(store_settings)
    yield engine
    engine.dispose()
