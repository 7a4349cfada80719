"""The lock of a library: which files are released, each with the hash of what was released."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from playbooks.content.schema import PlaybookError

LOCK_NAME: Final = "lock.json"


def hash_of(content: bytes) -> str:
    """The hash that the lock and an incident know a file by: SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_lock(folder: Path) -> Mapping[str, str]:
    """The hash of each released file, by its path within the library; raises `PlaybookError`."""
    path = folder / LOCK_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as wrong:
        raise PlaybookError(path, 1, f"cannot be read: {wrong.strerror}; a library has a lock, be it {{}}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise PlaybookError(path, 1, f"is not a lock: {wrong}; allowed is {{file: hash, ...}}") from None


def add_to_lock(folder: Path, name: str, hash: str) -> None:
    """Write `name` down as released: whole or not at all, and on the disk when this returns.

    Raises `PlaybookError` where it is released already: a lock's entry never changes.
    """
    with _alone(folder):
        locked = dict(read_lock(folder))
        if name in locked:
            raise PlaybookError(folder / LOCK_NAME, 1, f"{name} is released already; make a new version")
        _write(folder, locked | {name: hash})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else on this machine releases into `folder` meanwhile: of two at once one would lose the other's entry."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(folder: Path, locked: Mapping[str, str]) -> None:
    path = folder / LOCK_NAME
    handle, made = tempfile.mkstemp(dir=folder, prefix=f".{LOCK_NAME}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(dict(sorted(locked.items())), indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(made).chmod(path.stat().st_mode & 0o777)
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
