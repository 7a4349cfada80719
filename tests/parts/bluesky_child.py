"""A Bluesky source that dies by SIGKILL after Kafka has acknowledged and before the cursor is written.

Run as a script: ``python bluesky_child.py SETTINGS WRITES`` with the settings as JSON; it survives so many writes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import msgspec
import pytest
from sqlalchemy import Engine

from playbooks.store.cursors import write_cursor
from streams.settings import Settings
from streams.sources import bluesky


def main(settings: Settings, writes_left: int) -> None:
    """Run the source; one write too many and it is gone."""

    def write_or_die(engine: Engine, source: str, cursor: str, now_ms: int) -> None:
        nonlocal writes_left
        if not writes_left:
            os.kill(os.getpid(), signal.SIGKILL)
        writes_left -= 1
        write_cursor(engine, source, cursor, now_ms)

    patch = pytest.MonkeyPatch()
    patch.setattr(bluesky, "write_cursor", write_or_die)
    patch.setattr(bluesky, "CURSOR_EVERY_S", 0.0)
    patch.setattr(bluesky, "BATCH_FRAMES", 10)  # so that more is read than sent when it dies
    asyncio.run(bluesky.run_bluesky(settings, asyncio.Event()))


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Settings), int(sys.argv[2]))
