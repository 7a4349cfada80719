"""A web server of ours on its port: the bound port told, a taken port explained, everything closed at the end.

Whoever reaches the port may send what they like, before any token or secret is asked for. It is answered where an
answer is possible, and fills no log: `Strangers` tells of it in one line a minute.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientPayloadError, web, web_response
from aiohttp.http_exceptions import HttpProcessingError

#: How long requests under way may still take once the process is told to stop.
SHUTDOWN_S = 2.0
#: Longer than a proxy in front keeps a connection open, so that it is never closed under a request of the proxy's.
IDLE_S = 3_630.0
#: How long the rest of a refused body is still read and thrown away, so that its sender sees the answer.
LINGER_S = 1.0
#: How long after a line about requests that cannot be read the next one may follow.
TELL_EVERY_S = 60.0

_STRANGERS_FAULTS = (HttpProcessingError, web.RequestPayloadError, ClientPayloadError, ConnectionError)
_log = logging.getLogger(__name__)

# What every answer names as its server, also one that no handler of ours makes: no versions for who looks for holes.
vars(web_response)["SERVER_SOFTWARE"] = "Firebreak"


class PortTaken(Exception):
    """The port cannot be listened on; the operator must free it or set another. One message: what, where, how."""


class Strangers(logging.LoggerAdapter[logging.Logger]):
    """What aiohttp says about requests, in which a sender's fault has no traceback and at most one line a minute.

    `setting` names the server. A fault of ours is logged whole.
    """

    def __init__(self, setting: str) -> None:
        super().__init__(_log, {})
        self._setting = setting
        self._next_s = 0.0
        self._untold = 0

    def log(self, level: int, msg: object, *args: object, **rest: Any) -> None:
        """Log what aiohttp says, or count it."""
        fault = rest.get("exc_info")
        if level < logging.ERROR or not isinstance(fault, _STRANGERS_FAULTS):
            super().log(level, msg, *args, **rest)
            return
        self._untold += 1
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        # The kind of fault alone: its words are the sender's.
        kind, many = type(fault).__name__, self._untold
        _log.warning("requests to %s that cannot be read: %d, the last a %s", self._setting, many, kind)
        self._next_s, self._untold = now_s + TELL_EVERY_S, 0


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
        logger=Strangers(setting),
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
            key = "metrics_host" if setting.endswith("metrics_port") else f"{setting.rpartition('.')[0]}.host"
            return f"cannot listen on {host!r} port {port}: {wrong.strerror}; set {key} to an address of this machine"
