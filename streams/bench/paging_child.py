"""The processes beside the bench of paging: ``python -m streams.bench.paging_child mail FILE | runner SETTINGS``."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from email import message_from_bytes
from pathlib import Path
from typing import IO

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

from playbooks.running.runner import run_runner
from playbooks.settings import PlaybookSettings


class Taking:
    """Takes every mail, and notes its key."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd for each mail."""
        content = envelope.content or b""
        mail = message_from_bytes(content if isinstance(content, bytes) else content.encode())
        print(mail["Message-ID"].strip("<>").partition("@")[0], file=self._file, flush=True)
        return "250 2.0.0 taken"


def told_to_stop() -> asyncio.Event:
    """Set once this process is told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


async def run(settings: PlaybookSettings) -> None:
    """Be the runner until told to end."""
    await run_runner(settings, told_to_stop())


async def serve(taken: IO[str]) -> None:
    """Be the mail server until told to end; says its port."""
    stop, loop, handler = told_to_stop(), asyncio.get_running_loop(), Taking(taken)
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.bench", loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await stop.wait()
    server.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    what, file = sys.argv[1], Path(sys.argv[2])
    if what == "runner":
        asyncio.run(run(msgspec.json.decode(file.read_bytes(), type=PlaybookSettings)))
    else:
        with file.open("a", encoding="utf-8") as taken:
            asyncio.run(serve(taken))
