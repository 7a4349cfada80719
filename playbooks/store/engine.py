"""The door to the store: one engine for SQLite or PostgreSQL, and its migrations.

Every module of ``playbooks.store`` writes inside ``with writing(engine) as conn`` and reads inside
``with reading(engine) as conn``. A writer's transaction takes the write lock at its beginning (SQLite: BEGIN
IMMEDIATE), so that what it has read still holds when it writes; a reader never waits for one. Whatever keeps the
store from answering comes out as `StoreUnreachable`, which a caller that must not lose anything waits out.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from playbooks.settings import StoreSettings
from playbooks.store.lock_holder import lock_holders
from playbooks.store.migrated import known, newest, schema_of, upgrade

BUSY_TIMEOUT_MS = 10_000
MIGRATION_TIMEOUT_MS = 60_000

_READER = "firebreak_reader"
_SOON = "firebreak_soon"
_SAID = "firebreak_said"
_SINCE = "firebreak_since"
_MIGRATION_LOCK = 4_711_202_601
_POSTGRES_OPTIONS = f"-c lock_timeout={BUSY_TIMEOUT_MS} -c statement_timeout=30000"
_POSTGRES_PROTOCOLS = ("postgresql", "postgres", "postgresql+psycopg")
_ALLOWED = "allowed are sqlite:///FILE and postgresql+psycopg://USER@HOST:PORT/DATABASE"


class StoreUnreachable(Exception):
    """The store does not answer, now or at all. One message: what, where, what to do; never a password."""


def open_store(settings: StoreSettings) -> Engine:
    """An engine that has reached the store once; raises `StoreUnreachable`, or `MissingSecret` for its password.

    The tables are made by `migrate`, not here.
    """
    engine = _engine(settings)
    try:
        with reading(engine):
            return engine
    except StoreUnreachable:
        engine.dispose()
        raise


def holds_password(url: str) -> bool:
    """Whether a database URL holds a password, which belongs elsewhere; a text that is no URL holds none that is known.

    >>> holds_password("postgresql://ada:sesame@db/x"), holds_password("sqlite:///x"), holds_password("?")
    (True, False, False)
    """
    try:
        return make_url(url).password is not None
    except (ArgumentError, ValueError):
        return False


def migrate(engine: Engine) -> None:
    """Bring the tables to this version's schema; does nothing where they are there already.

    Safe when several processes start at once: one migrates, the others wait for it. Raises `StoreUnreachable`, also
    where a newer version of Firebreak has been at the store.
    """
    with writing(engine) as conn:
        _wait_for_other_migrations(conn)
        found = schema_of(conn)
        if found == newest():
            return
        if found is not None and found not in known():
            raise StoreUnreachable(
                f"the store {_place(engine)} has schema {found!r}, which this version of Firebreak does not know; "
                "install the version that made it, or a later one"
            )
        upgrade(conn)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end, rolled back whole by any exception."""
    with _reached(engine), engine.begin() as conn:
        yield conn


@contextmanager
def writing_soon(engine: Engine) -> Iterator[Connection]:
    """As `writing`, but the end does not wait for the disk: a power cut may take it, whatever else ends cannot.

    The next end of a `writing`, by anybody, takes it along to the disk.
    """
    with _reached(engine), engine.connect() as plain:
        conn = plain.execution_options(**{_SOON: True})
        with conn.begin():
            if conn.dialect.name == "postgresql":
                conn.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield conn


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look at the store; a write in it is refused by the database."""
    with _reached(engine), engine.connect() as plain:
        conn = plain.execution_options(**{_READER: True}, postgresql_readonly=True)
        yield conn


@contextmanager
def whole(engine: Engine) -> Iterator[Connection]:
    """One consistent look at everything, however long it takes.

    On PostgreSQL too, where each statement in `reading` sees its own moment.
    """
    with _reached(engine), engine.connect() as plain:
        options: dict[str, Any] = {_READER: True, "postgresql_readonly": True}
        if engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        conn = plain.execution_options(**options)
        _take_time(conn)
        yield conn


@contextmanager
def replacing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes the store anew: as `writing`, for as long as it takes."""
    with writing(engine) as conn:
        _wait_for_other_migrations(conn)
        _take_time(conn)
        yield conn


@contextmanager
def _reached(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as wrong:
        raise _unreachable(engine, wrong) from None
    except DBAPIError as wrong:
        damaged = type(wrong) is DatabaseError  # SQLite's word for a file that is none of its own, or broken
        if not (wrong.connection_invalidated or damaged):
            raise
        raise _unreachable(engine, wrong) from None


def _engine(settings: StoreSettings) -> Engine:
    url = _url(settings.url)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return _closing_late_ones(engine)
    arguments: dict[str, Any] = {"connect_timeout": 5, "options": _POSTGRES_OPTIONS}
    if settings.password is not None:
        arguments["password"] = settings.password.read("store.password").reveal()
    return _closing_late_ones(create_engine(url, connect_args=arguments, pool_pre_ping=True))


def _closing_late_ones(engine: Engine) -> Engine:
    """Close what comes back after the engine was disposed of: a thread had it, and nobody has its pool any more."""
    disposals = 0

    @event.listens_for(engine, "engine_disposed")
    def disposed(_: Engine) -> None:
        nonlocal disposals
        disposals += 1

    @event.listens_for(engine, "connect")
    def connected(_: object, entry: ConnectionPoolEntry) -> None:
        entry.info[_SINCE] = disposals

    @event.listens_for(engine, "checkin")
    def given_back(_: object, entry: ConnectionPoolEntry) -> None:
        if entry.info.get(_SINCE) != disposals:
            entry.close()

    return engine


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The text may hold a password, so the message does not repeat it.
        raise StoreUnreachable(f"store.url is not a database URL; {_ALLOWED}") from None
    if url.password is not None:
        raise StoreUnreachable("store.url holds a password; name its place under store.password instead")
    if url.drivername in _POSTGRES_PROTOCOLS:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite":
        raise StoreUnreachable(f"store.url begins with {url.drivername!r}; {_ALLOWED}")
    if url.database in (None, "", ":memory:"):
        raise StoreUnreachable("store.url names no file; pages and holds must outlive the process: sqlite:///FILE")
    return url


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's driver begins transactions when it sees fit; here they begin where `_begin_sqlite` says.
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in (
        "synchronous = FULL",  # a hold is in force from its commit, also when the power goes
        "foreign_keys = ON",
        "recursive_triggers = ON",  # else INSERT OR REPLACE would delete from an append-only table unseen
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for a lock when it changes the journal of a new file, so processes that start together
    # would refuse each other; the mode stays in the file, so whoever comes second finds it set.
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as wrong:
            if "locked" not in str(wrong) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    reader, soon = options.get(_READER, False), options.get(_SOON, False)
    wanted = f"query_only = {'ON' if reader else 'OFF'}", f"synchronous = {'NORMAL' if soon else 'FULL'}"
    # A connection keeps them: saying them again is a third of what a transaction of the gate's costs.
    if conn.info.get(_SAID) != wanted:
        conn.info.pop(_SAID, None)
        for pragma in wanted:
            conn.exec_driver_sql(f"PRAGMA {pragma}")
        conn.info[_SAID] = wanted
    conn.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")


def _wait_for_other_migrations(conn: Connection) -> None:
    # On SQLite the transaction itself is the lock: nobody else writes until it ends.
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = {MIGRATION_TIMEOUT_MS}")
        conn.exec_driver_sql(f"SET LOCAL statement_timeout = {MIGRATION_TIMEOUT_MS}")
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


def _take_time(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _place(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _unreachable(engine: Engine, wrong: Exception) -> StoreUnreachable:
    cause = getattr(wrong, "orig", None) or wrong
    why = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
    if engine.dialect.name == "sqlite" and "is locked" in why:
        return StoreUnreachable(_locked(engine))
    if engine.dialect.name == "sqlite":
        advice = "check that its folder is there and may be written to, or mend store.url"
    else:
        advice = "check that PostgreSQL runs there, or mend store.url and store.password"
    return StoreUnreachable(f"the store {_place(engine)} cannot be reached: {why}; {advice}")


def _locked(engine: Engine) -> str:
    """What to say where the file stays locked: which, by whom, what to do, and how long was waited."""
    file = Path(engine.url.database or "").absolute()
    holders = lock_holders(file)
    who = f"by process {', '.join(holders)}" if holders else "by another program"
    look = f"'fuser {file}' says who has it open; " if not holders else ""
    return (
        f"the store {_place(engine)} cannot be written: its file {file} is locked {who}, for longer than the "
        f"{BUSY_TIMEOUT_MS / 1000:g} seconds that were waited; {look}Firebreak itself keeps it for moments only, so "
        "look for a database browser, a copy or a backup program that has it open, and end that"
    )
