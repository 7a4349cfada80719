"""The whole store as one file and back, on SQLite and on PostgreSQL, from either to either, and killed on the way."""

from __future__ import annotations

import gzip
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from playbooks.settings import StoreSettings
from playbooks.store import schema
from playbooks.store.backups.backup import backup
from playbooks.store.backups.file import BadBackup, Writer, check
from playbooks.store.backups.restore import NotEmpty, WouldOpen, restore
from playbooks.store.engine import migrate, open_store, reading, writing
from playbooks.store.migrated import newest, schema_of
from streams.cli import main
from tests.parts.filled_store import everything, fill
from tests.parts.postgres import Postgres

AT_MS = 1_767_603_600_000
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def other_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreSettings]:
    """Another store, in which nothing has ever been: not even tables."""
    if request.param == "sqlite":
        yield StoreSettings(url=f"sqlite:///{tmp_path}/other.db")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        yield server.settings(server.new_database())


@pytest.fixture
def other(other_settings: StoreSettings) -> Iterator[Engine]:
    """The other store, open."""
    engine = open_store(other_settings)
    yield engine
    engine.dispose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the backup goes."""
    return tmp_path / "store.backup"


def test_what_is_restored_is_what_was_backed_up_whichever_database_it_was(
    store: Engine, other: Engine, path: Path
) -> None:
    fill(store)
    summary = backup(store, path, AT_MS)
    assert summary.rows == {table.name: 3 for table in schema.metadata.sorted_tables}
    assert restore(other, path, replace=False).summary == summary == check(path)
    assert everything(other) == everything(store)
    migrate(other)
    assert everything(other) == everything(store)


def test_a_store_that_was_restored_goes_on(store: Engine, other: Engine, path: Path) -> None:
    fill(store)
    backup(store, path, AT_MS)
    restore(other, path, replace=False)
    with writing(other) as conn:
        log = {"incident": "id-1", "n": 9, "at_ms": 1, "recorded_ms": 1, "actor": "ada", "entry": "e", "body": {}}
        conn.execute(insert(schema.incident_log).values(log))
        assert conn.execute(select(schema.incident_log.c.seq).where(schema.incident_log.c.n == 9)).scalar() == 4
    with pytest.raises(DBAPIError, match="is append-only"), writing(other) as conn:
        conn.execute(update(schema.incident_log).values(actor="somebody else"))


def test_a_backup_is_the_store_at_one_moment_though_others_write_meanwhile(
    store: Engine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    plain, before = Writer.table, everything(store)

    def table(writer: Writer, name: str, columns: tuple[str, ...]) -> None:
        if name in ("incidents", "signals", "leases"):
            with writing(store) as conn:
                conn.execute(update(schema.leases).values(owner=f"while {name}"))
                lease = {"name": f"while {name}", "owner": "x", "until_ms": 1}
                conn.execute(insert(schema.leases).values(lease))
        plain(writer, name, columns)

    monkeypatch.setattr(Writer, "table", table)
    assert backup(store, path, AT_MS).rows["leases"] == 3
    again = path.with_name("again.backup")
    monkeypatch.undo()
    assert backup(store, again, AT_MS).rows["leases"] == 6
    other = open_store(StoreSettings(url=f"sqlite:///{path.parent}/other.db"))
    restore(other, path, replace=False)
    assert everything(other) == before
    other.dispose()


def test_only_its_owner_may_read_a_backup_and_nobodys_file_is_written_over(store: Engine, path: Path) -> None:
    backup(store, path, AT_MS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    whole = path.read_bytes()
    with pytest.raises(BadBackup, match="is there already"):
        backup(store, path, AT_MS)
    assert path.read_bytes() == whole
    assert [file.name for file in path.parent.iterdir() if "half" in file.name] == []


def test_a_store_that_is_not_empty_is_left_as_it_is_unless_the_word_is_said(
    store: Engine, store_settings: StoreSettings, path: Path
) -> None:
    backup(store, path, AT_MS)
    fill(store)
    with writing(store) as conn:
        conn.execute(update(schema.holds).values(released_ms=1))
    full = everything(store)
    with pytest.raises(NotEmpty, match="3 of incidents"):
        restore(store, path, replace=False)
    assert everything(store) == full
    restore(store, path, replace=True)
    assert not any(everything(store).values())
    with reading(store) as conn:
        assert schema_of(conn) == newest()


def test_no_hold_opens_by_a_backup_from_before_it(store: Engine, path: Path) -> None:
    fill(store)
    with writing(store) as conn:
        conn.execute(update(schema.holds).where(schema.holds.c.id == "id-1").values(released_ms=1))
    backup(store, path, AT_MS)
    with writing(store) as conn:
        conn.execute(update(schema.holds).where(schema.holds.c.id == "id-1").values(released_ms=None))
    full = everything(store)
    with pytest.raises(WouldOpen, match=r"in force: id-1$"):
        restore(store, path, replace=True)
    assert everything(store) == full


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda whole: whole[: len(whole) // 2], "is not"),
        (lambda whole: _repacked(whole, lambda lines: lines[:-1]), "it has no end"),
        (lambda whole: _repacked(whole, lambda lines: [*lines[:5], *lines[6:]]), "checksum|a row of no table"),
        (lambda whole: _repacked(whole, lambda lines: [*lines, lines[-2]]), "goes on behind its end"),
        (lambda whole: b"something else", "is not a"),
        (lambda whole: gzip.compress(b'{"type":"other"}\n'), "is not a backup of Firebreak"),
        (lambda whole: whole[:-20] + bytes(20), "is not"),
    ],
    ids=["cut off", "no end", "a line lost", "a line more", "no gzip", "no backup", "zeros"],
)
def test_a_backup_that_is_not_whole_touches_nothing(
    store: Engine, path: Path, spoil: Callable[[bytes], bytes], why: str
) -> None:
    fill(store)
    full = everything(store)
    backup(store, path, AT_MS)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(BadBackup, match=why):
        restore(store, path, replace=True)
    assert everything(store) == full


def _repacked(whole: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return gzip.compress(b"".join(change(gzip.decompress(whole).splitlines(keepends=True))))


def test_a_backup_of_a_later_version_is_refused(store: Engine, path: Path) -> None:
    with writing(store) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup(store, path, AT_MS)
    with pytest.raises(BadBackup, match="schema '9999', which this version of Firebreak does not know"):
        restore(store, path, replace=True)


def test_a_backup_of_an_earlier_version_is_brought_to_this_one(store: Engine, path: Path, tmp_path: Path) -> None:
    from playbooks.store.migrated import upgrade

    old = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/old.db"))
    with writing(old) as conn:
        upgrade(conn, "0003")
        conn.execute(
            text(
                "INSERT INTO incidents (id, run, brand, playbook, playbook_version, playbook_hash, opened_ms, open, "
                "cause) VALUES ('inc-1', '', 'acme', 'p', '1.0.0', 'h', 5, 1, 'p')"
            )
        )
    backup(old, path, AT_MS)
    old.dispose()
    restore(store, path, replace=False)
    with reading(store) as conn:
        assert schema_of(conn) == newest()
        (found,) = conn.execute(select(schema.incidents)).mappings()
    assert (found["id"], found["open"], found["verdict"]) == ("inc-1", True, None)


KILLED = """
import os, signal, sys
from pathlib import Path
from playbooks.settings import StoreSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.backups import backup, file as backup_file, restore
from playbooks.store.engine import open_store

what, url, password, path, at = sys.argv[1:]
store = StoreSettings(url=url, password=SecretFrom(file=password) if password else None)
left = int(at)

def dying(plain):
    def call(*args):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*args)
    return call

if what == "backup":
    backup_file.Writer.row = dying(backup_file.Writer.row)
    backup_file.Writer.end = dying(backup_file.Writer.end)
    os.fsync = dying(os.fsync)
    backup.backup(open_store(store), Path(path), 0)
else:
    restore._put = dying(restore._put)
    restore.upgrade = dying(restore.upgrade)
    restore.restore(open_store(store), Path(path), replace=True)
"""


def _assert_killed(what: str, settings: StoreSettings, path: Path, at: int) -> None:
    password = str(settings.password.file) if settings.password else ""
    words = [sys.executable, "-c", KILLED, what, settings.url, password, str(path), str(at)]
    done = subprocess.run(words, cwd=ROOT, timeout=60, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("at", ["first row", "half of the rows", "the last line", "before it is on the disk"])
def test_a_backup_that_is_killed_leaves_no_file(
    store: Engine, store_settings: StoreSettings, path: Path, at: str
) -> None:
    fill(store)
    rows = 3 * len(schema.metadata.sorted_tables)
    step = {"first row": 1, "half of the rows": rows // 2, "the last line": rows + 1}.get(at, rows + 2)
    _assert_killed("backup", store_settings, path, step)
    assert not path.exists()
    assert backup(store, path, AT_MS).rows["incidents"] == 3


@pytest.mark.parametrize("at", ["made", "half full", "full"])
def test_a_restore_that_is_killed_leaves_the_store_as_it_was(
    store: Engine, store_settings: StoreSettings, path: Path, at: str
) -> None:
    fill(store, 5)
    backup(store, path, AT_MS)
    with writing(store) as conn:
        conn.execute(update(schema.leases).values(owner="since"))
    full = everything(store)
    tables = len(schema.metadata.sorted_tables)
    step = {"made": 2, "half full": 1 + tables // 2, "full": 2 + tables}[at]
    _assert_killed("restore", store_settings, path, step)
    assert everything(store) == full
    restore(store, path, replace=True)
    assert [row[1] for row in everything(store)["leases"]] == [f"owner-{n}" for n in range(1, 6)]


def test_the_commands_say_what_they_did_and_what_is_due(
    store: Engine, store_settings: StoreSettings, other_settings: StoreSettings, tmp_path: Path, path: Path
) -> None:
    fill(store)
    with writing(store) as conn:
        conn.execute(update(schema.outbox).where(schema.outbox.c.id == "id-1").values(state="due"))
    here, there = _config(tmp_path / "here", store_settings), _config(tmp_path / "there", other_settings)
    run = CliRunner().invoke
    made = run(main, ["--config", str(here), "backup", str(path)])
    assert (made.exit_code, "3 incidents" in made.output) == (0, True), made.output
    assert "is whole" in run(main, ["restore", "--check", str(path)]).output
    refused = run(main, ["--config", str(here), "restore", str(path)])
    assert refused.exit_code == 1
    assert "to lose that, say --replace-everything" in refused.stderr
    back = run(main, ["--config", str(there), "restore", str(path)])
    assert (back.exit_code, "1 action is due in it" in back.output) == (0, True), back.output
    missing = run(main, ["restore", "--check", str(tmp_path / "none")])
    assert (missing.exit_code, "No such file" in missing.stderr) == (1, True)


def _config(folder: Path, settings: StoreSettings) -> Path:
    folder.mkdir()
    password = f"\n  password: {{file: {settings.password.file}}}" if settings.password else ""
    (folder / "firebreak.yaml").write_text(f"store:\n  url: {settings.url}{password}\n")
    return folder
