"""What anybody who reaches a port can send without a token or a secret: answered where it can be, never a traceback."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import pytest
from sqlalchemy import Engine

from detectors.mention import Mention
from playbooks.console.app import console_app
from playbooks.gate.http import gate_app
from playbooks.health import serve_health
from playbooks.listening import listening
from playbooks.secret import Secret
from playbooks.settings.brands import BrandSettings
from streams.settings import Settings, SourceSettings, WebhookSourceSettings
from streams.sources import webhook
from tests.parts.console import Clock, desk
from tests.parts.gate import a_gate, callers
from tests.parts.waiting import until

TOKEN: Final = "a-token-of-the-gate"
PATHS: Final = {
    "gate": "/v1/gate/decisions",
    "webhook": webhook.PATH,
    "console": "/incidents/inc-1/acknowledge",
    "health": "/healthz",
}
#: Requests that are not HTTP, or whose body is not what their head says. PATH stands for an address that is there.
UNREADABLE: Final = {
    "garbage": b"\x00\xff\xfe garbage\r\n\r\n",
    "tls": bytes.fromhex("160301020001000100"),
    "two lengths": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "negative length": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "no length": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    "bad chunk": b"POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "late bad chunk": b"POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\nabc\r\n",
    "br": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
    "zstd": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Encoding: zstd\r\nContent-Length: 3\r\n\r\nabc",
    "gzip": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "deflate": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Encoding: deflate\r\nContent-Length: 3\r\n\r\nabc",
    "half a gzip": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n"
    + gzip.compress(b"a" * 1000)[:12],
    "long header": b"GET PATH HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    "bad upgrade": b"GET PATH HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n\xff\xff\r\n\r\n",
}
#: Requests whose sender is gone before they are whole.
BROKEN_OFF: Final = {
    "in the head": b"POST PATH HTTP/1.1\r\nHost: a\r\n",
    "in the body": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
    "in a chunk": b"POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc",
    "in a gzip": b"POST PATH HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n"
    + gzip.compress(b"a" * 1000)[:12],
}


class Nowhere:
    """Takes mentions and forgets them."""

    async def send_mentions(self, mentions: Sequence[Mention]) -> None:
        """Nothing comes here unsigned."""
        raise AssertionError(mentions)


def serving(name: str, store: Engine) -> AbstractAsyncContextManager[int]:
    match name:
        case "gate":
            return listening(gate_app(a_gate(store), callers(TOKEN)), "127.0.0.1", 0, "gate.port")
        case "console":
            return listening(console_app(desk(store, Clock()), list), "127.0.0.1", 0, "console.port")
        case "webhook":
            sources = SourceSettings(webhook=WebhookSourceSettings(port=0))
            return webhook.serving(Settings(brands={"acme": BrandSettings()}, sources=sources), Secret("s"), Nowhere())
        case _:
            return serve_health("127.0.0.1", 0, list)


@pytest.fixture(params=PATHS)
async def rim(request: pytest.FixtureRequest, store: Engine) -> AsyncIterator[tuple[str, int]]:
    """Each of our web servers: its name and its port."""
    async with serving(request.param, store) as port:
        yield request.param, port


def request(name: str, raw: bytes, token: bool = False) -> bytes:
    """A request for a path that the server has."""
    sent = raw.replace(b"PATH", PATHS[name].encode())
    return sent.replace(b"Host: a\r\n", f"Host: a\r\nAuthorization: Bearer {TOKEN}\r\n".encode()) if token else sent


async def answered(port: int, sent: bytes) -> bytes:
    """All that comes back until the other side closes, or has answered and waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return head


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was logged with a traceback, or as an error."""
    return [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


@pytest.mark.parametrize("token", [False, True], ids=["anybody", "with the token"])
@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_refused_without_a_traceback(
    rim: tuple[str, int], raw: bytes, token: bool, caplog: pytest.LogCaptureFixture
) -> None:
    name, port = rim
    head = await answered(port, request(name, raw, token))
    assert int(head.split()[1]) < 500, head
    assert b"aiohttp" not in head.lower()
    assert (await answered(port, b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")).split()[1] == b"404"
    assert told(caplog) == []


@pytest.mark.parametrize("token", [False, True], ids=["anybody", "with the token"])
@pytest.mark.parametrize("raw", BROKEN_OFF.values(), ids=BROKEN_OFF)
async def test_who_hangs_up_in_the_middle_leaves_no_traceback(
    rim: tuple[str, int], raw: bytes, token: bool, caplog: pytest.LogCaptureFixture
) -> None:
    name, port = rim
    before = len(asyncio.all_tasks())
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(name, raw, token))
    await writer.drain()
    assert (await answered(port, b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")).split()[1] == b"404"
    writer.transport.abort()
    await until(lambda: len(asyncio.all_tasks()) <= before, "the server has noticed")
    assert told(caplog) == []


async def test_the_gate_says_how_to_send_a_body_that_cannot_be_unpacked(store: Engine) -> None:
    async with serving("gate", store) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("gate", UNREADABLE["gzip"].replace(b"Host: a", b"Host: a\r\nConnection: close"), True))
        answer = await reader.read()
        writer.close()
    assert answer.split()[1] == b"400"
    assert b"send the body without a Content-Encoding" in answer


async def test_a_flood_of_them_is_one_line_in_the_log_and_says_how_many(
    store: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving("gate", store) as port:
        for _ in range(20):
            await answered(port, request("gate", UNREADABLE["negative length"]))
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(lines) == 1
    assert "-1" not in lines[0]
