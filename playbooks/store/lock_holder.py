"""Who has locked SQLite's file: asked of the kernel's own list, so that no lock is touched by asking.

(To open and close the file would let go of every lock that this process itself has on it: POSIX, ``fcntl``.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LOCKS = Path("/proc/locks")


def lock_holders(database: Path) -> list[str]:
    """The other processes that may write to the SQLite file `database` just now, each as ``4711 (sqlite3)``.

    Empty where the kernel tells nobody: it is not Linux, or it is a process of another container.
    """
    files = set()
    for path in (database, Path(f"{database}-shm")):
        with suppress(OSError):
            files.add(path.stat().st_ino)
    try:
        lines = LOCKS.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [f"{pid} ({_name(pid)})" for pid in sorted(writers(lines, files) - {os.getpid()})]


def writers(lines: Iterable[str], inodes: set[int]) -> set[int]:
    """The processes with a lock for writing on one of these files, by the lines of ``/proc/locks``.

    >>> writers(["1: POSIX ADVISORY WRITE 4711 08:01:99 120 120", "2: POSIX ADVISORY READ 7 08:01:99 124 124"], {99})
    {4711}
    """
    found = set()
    for line in lines:
        match line.replace("->", " ").split():
            case [_, "POSIX" | "OFDLCK", _, "WRITE", pid, place, *_] if pid.isdigit():
                if place.rpartition(":")[2] in {str(inode) for inode in inodes}:
                    found.add(int(pid))
    return found - {0}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip() or "?"
    except OSError:
        return "?"
