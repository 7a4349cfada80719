"""The file of a backup: every table as lines of JSON, gzipped, with counts and a checksum at its end.

The first line says what it is and which schema it is of, then comes a line for each table and one for each of its
rows, and the last line says how many rows there were and the SHA-256 of everything before it. So a file that was cut
off, or changed, is no backup; and one from SQLite is the same as one from PostgreSQL.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

FORMAT = 1
_LINE = msgspec.json.Encoder()
_LEVEL = 6


class BadBackup(Exception):
    """A file that is not a whole backup, or one that this version cannot read; the message says which and why."""


class Head(msgspec.Struct, frozen=True, tag="firebreak-backup"):
    """The first line. `schema` is the migration that the tables are of, `made_ms` the wall clock."""

    format: int
    schema: str
    made_ms: int
    store: str


class TableHead(msgspec.Struct, frozen=True, tag="table"):
    """From here on the rows are of this table, each a list in the order of `columns`."""

    name: str
    columns: tuple[str, ...]


class Foot(msgspec.Struct, frozen=True, tag="end"):
    """The last line: rows of each table, and the checksum of every line before it."""

    rows: dict[str, int]
    sha256: str


class Summary(msgspec.Struct, frozen=True):
    """What a backup holds."""

    made_ms: int
    schema: str
    store: str
    rows: dict[str, int]
    sha256: str


class Sink(Protocol):
    """What takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take these."""


class Writer:
    """Writes the lines of a backup; see `new_backup`."""

    def __init__(self, file: Sink, head: Head) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self._head = head
        self._rows: dict[str, int] = {}
        self._table = ""
        self._line(head)

    def table(self, name: str, columns: tuple[str, ...]) -> None:
        """Rows are of this table from here on."""
        self._table = name
        self._rows[name] = 0
        self._line(TableHead(name, columns))

    def row(self, values: list[Any]) -> None:
        """One row of the table."""
        self._rows[self._table] += 1
        self._line(values)

    def end(self) -> Summary:
        """The last line."""
        foot = Foot(self._rows, self._sum.hexdigest())
        self._file.write(_LINE.encode(foot) + b"\n")
        head = self._head
        return Summary(head.made_ms, head.schema, head.store, foot.rows, foot.sha256)

    def _line(self, what: object) -> None:
        line = _LINE.encode(what) + b"\n"
        self._sum.update(line)
        self._file.write(line)


@contextmanager
def new_backup(path: Path, head: Head) -> Iterator[Writer]:
    """A backup that is at `path` once it is whole and on the disk, and not before: whatever ends the writer.

    Only its owner may read it. Raises `BadBackup` where the path is taken.
    """
    if path.exists():
        raise BadBackup(f"{path} is there already; name a file that is not")
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed:
                yield Writer(packed, head)
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)  # and not replace: whoever was here first keeps theirs
    except FileExistsError:
        raise BadBackup(f"{path} is there already; name a file that is not") from None
    except OSError as wrong:
        raise BadBackup(f"the backup cannot be written to {path}: {wrong.strerror or wrong}") from None
    finally:
        half.unlink(missing_ok=True)
    _sync_folder(path.parent)


def check(path: Path) -> Summary:
    """Read a backup from its beginning to its end; raises `BadBackup` where it is not whole."""
    head, foot = None, None
    sum = hashlib.sha256()
    counted: dict[str, int] = {}
    table = ""
    for raw in _raw(path):
        if foot is not None:
            raise BadBackup(f"{path} goes on behind its end")
        if head is None:
            head = _head(path, raw)
        elif raw.startswith(b"{"):
            found = _marker(path, raw)
            if isinstance(found, Foot):
                foot = found
                continue
            table = found.name
            counted[table] = 0
        elif not table:
            raise BadBackup(f"{path} is damaged: a row of no table")
        else:
            counted[table] += 1
        sum.update(raw)
    if head is None or foot is None:
        raise BadBackup(f"{path} is not whole: it has no end")
    if foot.sha256 != sum.hexdigest() or foot.rows != counted:
        raise BadBackup(f"{path} is damaged: its checksum is not that of what it holds")
    return Summary(head.made_ms, head.schema, head.store, foot.rows, foot.sha256)


def tables(path: Path) -> Iterator[tuple[TableHead, Iterator[list[Any]]]]:
    """The tables of a backup that `check` has passed, in the order in which rows can be put in."""
    lines = _raw(path)
    next(lines)
    decode = msgspec.json.Decoder(list[Any]).decode
    waiting: list[TableHead | Foot] = [_marker(path, next(lines))]

    def rows() -> Iterator[list[Any]]:
        for raw in lines:
            if raw.startswith(b"{"):
                waiting.append(_marker(path, raw))
                return
            yield decode(raw)

    while isinstance(head := waiting.pop(), TableHead):
        own = rows()
        yield head, own
        for _ in own:
            pass


def _raw(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except (EOFError, gzip.BadGzipFile, zlib.error) as wrong:
        raise BadBackup(f"{path} is not a whole backup: {wrong}") from None
    except OSError as wrong:
        raise BadBackup(f"{path} cannot be read: {wrong.strerror or wrong}") from None


def _head(path: Path, raw: bytes) -> Head:
    try:
        head = msgspec.json.decode(raw, type=Head)
    except msgspec.MsgspecError:
        raise BadBackup(f"{path} is not a backup of Firebreak") from None
    if head.format != FORMAT:
        raise BadBackup(f"{path} is a backup of format {head.format}, this version reads {FORMAT}")
    return head


def _marker(path: Path, raw: bytes) -> TableHead | Foot:
    try:
        found: TableHead | Foot = msgspec.json.decode(raw, type=TableHead | Foot)
    except msgspec.MsgspecError as wrong:
        raise BadBackup(f"{path} is damaged: {wrong}") from None
    return found


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
