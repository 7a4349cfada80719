"""Whether the SQLite file that was opened is still the one that others write to.

A file that is deleted or replaced while it is open can still be read, and shows for ever what was in it: no hold would
ever be seen again. PostgreSQL has no such trap.
"""

from __future__ import annotations

import os

from sqlalchemy import Engine

from playbooks.store.engine import StoreUnreachable


class SameFile:
    """Remembers which file the engine's path names, and says when it names another or none."""

    def __init__(self, engine: Engine) -> None:
        self._path = engine.url.database if engine.dialect.name == "sqlite" else None
        self._identity = self._look()

    def check(self) -> None:
        """Raises `StoreUnreachable` where the path names another file than at first, or none."""
        if self._look() != self._identity:
            raise StoreUnreachable(
                f"the store's file {self._path} was taken away or replaced while it was open; "
                "put the right file there and start this process again"
            )

    def _look(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return (0, 0)
        return (found.st_dev, found.st_ino)
