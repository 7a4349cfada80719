"""A web server of ours on its port: the bound port told, a taken port explained, everything closed at the end."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

#: How long requests under way may still take once the process is told to stop.
SHUTDOWN_S = 2.0
#: Longer than a proxy in front keeps a connection open, so that it is never closed under a request of the proxy's.
IDLE_S = 3_630.0
#: How long the rest of a refused body is still read and thrown away, so that its sender sees the answer.
LINGER_S = 1.0


class PortTaken(Exception):
    """The port cannot be listened on; the operator must free it or set another. One message: what, where, how."""


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, setting: str, idle_s: float = IDLE_S
) -> AsyncIterator[int]:
    """Serve `app` while the block runs and hand in the bound port, which matters where `port` is 0 (any free one).

    `setting` is the settings key of the port, for the message of `PortTaken`. A connection is closed that brings no
    whole request head for `idle_s`.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_S,
        keepalive_timeout=idle_s,
        lingering_time=LINGER_S,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port, reuse_address=True).start()
        except OSError as wrong:
            raise PortTaken(_explain(wrong, host, port, setting)) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _explain(wrong: OSError, host: str, port: int, setting: str) -> str:
    match wrong.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use by another program; end that one, or set {setting} to a free port"
        case errno.EACCES:
            return f"port {port} on {host} may not be used by this user; set {setting} to a port above 1023"
        case _:
            return f"cannot listen on {host} port {port}: {wrong.strerror}; mend {setting} and the host beside it"
