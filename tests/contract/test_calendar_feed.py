"""A calendar from a real HTTP server: its versions, what it does wrong, and that no secret leaves."""

from __future__ import annotations

import asyncio
import base64
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from playbooks.oncall.feed import MOST_BYTES, Address, Missing, fetch
from playbooks.oncall.kept import Kept
from playbooks.oncall.rotas import RotaTrouble
from playbooks.secret import Secret
from playbooks.settings.people import CalendarSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from tests.parts.calendars import calendar, event
from tests.parts.http_servers import Answer, Receiver, Request, always, receiving

TEXT = calendar(event("Bo", ":20261020T090000Z", ":20261020T100000Z"))
HUSH = "hush-hush"


async def ask(receiver: Receiver, last: Kept | None = None, timeout_s: float = 5.0, path: str = "/a.ics") -> object:
    """What is got of the server's calendar at a moment of the tests."""
    return await fetch(Address(Secret(receiver.url + path)), last, timeout_s, 1_000)


async def test_a_calendar_is_got_whole_with_its_version() -> None:
    versions = {"ETag": '"v1"', "Last-Modified": "Tue, 20 Oct 2026 09:00:00 GMT"}
    async with receiving(Receiver(always(200, versions, TEXT))) as server:
        assert await ask(server) == Kept(TEXT, '"v1"', "Tue, 20 Oct 2026 09:00:00 GMT", 1_000)
        assert not {"If-None-Match", "If-Modified-Since", "Authorization"} & set(server.requests[0].headers)


async def test_a_calendar_that_is_the_same_is_not_sent_again_and_counts_from_now() -> None:
    last = Kept(TEXT, '"v1"', "Tue, 20 Oct 2026 09:00:00 GMT", 7)
    async with receiving(Receiver(always(304))) as server:
        assert await ask(server, last) == Kept(TEXT, '"v1"', "Tue, 20 Oct 2026 09:00:00 GMT", 1_000)
        asked = server.requests[0].headers
        assert (asked["If-None-Match"], asked["If-Modified-Since"]) == (last.etag, last.last_modified)


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503])
async def test_any_answer_but_a_whole_new_one_is_a_refusal(status: int) -> None:
    async with receiving(Receiver(always(status, text="" if status in (204, 304) else TEXT))) as server:
        assert await ask(server) == Missing(RotaTrouble.REFUSED, f"HTTP {status}")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "it does not begin as a calendar does"),
        (b"<!doctype html><title>Log in</title>", "it does not begin as a calendar does"),
        (TEXT.encode()[:-9], "it does not end as a calendar does"),
        (b"BEGIN:VCALENDAR", "it does not end as a calendar does"),
        (TEXT.replace("Bo", "B\xf6").encode("latin-1"), "it is not UTF-8"),
        (TEXT.replace("Bo", "B\0o").encode(), "it holds what is no text"),
        (gzip.compress(TEXT.encode()), "it is not UTF-8"),
    ],
)
async def test_what_is_no_whole_calendar_is_said_to_be_none(body: bytes, detail: str) -> None:
    async def answer(_: Request) -> web.Response:
        return web.Response(body=body, content_type="text/calendar")

    async with receiving(Receiver(answer)) as server:
        assert await ask(server) == Missing(RotaTrouble.NOT_A_CALENDAR, detail)


async def test_the_content_type_does_not_matter() -> None:
    async with receiving(Receiver(always(200, {"Content-Type": "text/plain"}, "\ufeff\r\n" + TEXT))) as server:
        found = await ask(server)
        assert isinstance(found, Kept)
        assert found.body.lstrip() == TEXT


@asynccontextmanager
async def raw(*parts: bytes, wait: bool = False) -> AsyncIterator[Receiver]:
    """A server that says what it is told to, byte by byte, whatever it is asked, and then closes, or says no more."""
    ended = asyncio.Event()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await writer.drain()
        if wait:
            await ended.wait()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    try:
        yield Receiver(always(200), port=server.sockets[0].getsockname()[1])
    finally:
        ended.set()
        server.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n"


@pytest.mark.parametrize("etag", [b'"\xff\xfe"', b'"' + b"v" * 4_000 + b'"', b'"\xc3\xa9"'])
async def test_a_version_that_cannot_be_sent_back_is_none(etag: bytes) -> None:
    length = f"Content-Length: {len(TEXT)}\r\n".encode()
    async with raw(HEAD, length, b"ETag: ", etag, b"\r\n\r\n", TEXT.encode()) as server:
        assert await ask(server) == Kept(TEXT, "", "", 1_000)


async def test_half_an_answer_is_no_answer() -> None:
    async with raw(HEAD, b"Content-Length: 5000\r\n\r\n", TEXT.encode()) as server:
        assert await ask(server) == Missing(RotaTrouble.NO_ANSWER)


async def test_a_server_that_says_nothing_or_stops_in_the_middle_is_not_waited_for() -> None:
    for parts in ((), (HEAD,), (HEAD, b"Content-Length: 5000\r\n\r\nBEGIN:VCALENDAR")):
        async with raw(*parts, wait=True) as server:
            began = time.monotonic()
            assert await ask(server, timeout_s=0.2) == Missing(RotaTrouble.NO_ANSWER)
            assert time.monotonic() - began < 8


async def test_a_server_that_drips_is_given_the_time_for_the_whole_and_no_more() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n" + b"BEGIN:VCALENDAR\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"X")
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), 0.02)
                if ended.is_set():
                    break
        writer.close()

    ended = asyncio.Event()
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        receiver = Receiver(always(200), port=server.sockets[0].getsockname()[1])
        assert await ask(receiver, timeout_s=0.3) == Missing(RotaTrouble.NO_ANSWER)
        ended.set()


async def test_a_server_that_speaks_no_http_is_told_so() -> None:
    async with raw(b"220 mail.example.org ESMTP\r\n") as server:
        found = await ask(server)
        assert found == Missing(RotaTrouble.NOT_A_CALENDAR, "the answer is not HTTP")


async def test_nobody_at_the_port_is_unreachable(port: int) -> None:
    found = await fetch(Address(Secret(f"http://127.0.0.1:{port}/a.ics")), None, 5.0, 0)
    assert found == Missing(RotaTrouble.UNREACHABLE)


@pytest.mark.parametrize("packed", [False, True])
async def test_too_large_a_calendar_is_given_up_on_the_way_packed_or_not(packed: bool) -> None:
    async def answer(_: Request) -> web.Response:
        body = b"BEGIN:VCALENDAR\r\n" + b"X" * (8 * MOST_BYTES)
        headers = {"Content-Encoding": "gzip"} if packed else {}
        return web.Response(body=gzip.compress(body, 1) if packed else body, headers=headers)

    async with receiving(Receiver(answer)) as server:
        assert await ask(server) == Missing(RotaTrouble.TOO_LARGE, "more than 4 MiB")


def _sent_on(to: str, status: int = 302) -> Answer:
    async def answer(request: Request) -> web.Response:
        if request.path == "/there.ics":
            return web.Response(text=TEXT)
        return web.Response(status=status, headers={"Location": to})

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_calendar_that_has_moved_on_its_server_is_followed(status: int) -> None:
    async with receiving(Receiver(_sent_on("/there.ics", status))) as server:
        assert isinstance(await ask(server), Kept)
        assert [each.path for each in server.requests] == ["/a.ics", "/there.ics"]


@pytest.mark.parametrize("to", ["/again.ics", "", "//[", "file:///etc/passwd", "http://169.254.169.254/", "gopher://a"])
async def test_circles_and_other_places_are_not_followed(to: str) -> None:
    async with receiving(Receiver(_sent_on(to))) as server:
        found = await ask(server)
        assert isinstance(found, Missing)
        assert found.why in (RotaTrouble.REDIRECTED, RotaTrouble.UNREACHABLE)
        assert len(server.requests) <= 4


async def test_another_server_is_not_followed_without_encryption() -> None:
    async with receiving(Receiver(always(200, text=TEXT))) as other:
        async with receiving(Receiver(_sent_on(f"{other.url}/there.ics"))) as server:
            assert await ask(server) == Missing(RotaTrouble.REDIRECTED)
            assert other.requests == []


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> SecretFrom:
    """Where the secret is."""
    monkeypatch.setenv("CALENDAR_SECRET", HUSH)
    return SecretFrom(env="CALENDAR_SECRET")


async def test_a_secret_goes_along_as_the_settings_say(secret: SecretFrom) -> None:
    async with receiving(Receiver(always(200, text=TEXT))) as server:
        for settings in (
            CalendarSettings(url=f"{server.url}/{{secret}}/a.ics", secret=secret),
            CalendarSettings(url=f"{server.url}/a.ics", secret=secret),
            CalendarSettings(url=f"{server.url}/a.ics", secret=secret, username="ada"),
        ):
            assert isinstance(await fetch(Address.of("comms", settings), None, 5.0, 0), Kept)
        by_address, by_token, by_password = server.requests
    assert by_address.path == f"/{HUSH}/a.ics"
    assert "Authorization" not in by_address.headers
    assert by_token.headers["Authorization"] == f"Bearer {HUSH}"
    basic = base64.b64encode(f"ada:{HUSH}".encode()).decode()
    assert by_password.headers["Authorization"] == f"Basic {basic}"


async def test_a_secret_is_sent_nowhere_unencrypted_but_to_this_machine() -> None:
    for url in ("http://calendar.example.org/a.ics", "http://10.0.0.1/a.ics", "ftp://127.0.0.1/a.ics"):
        found = await fetch(Address(Secret(url), Secret(HUSH)), None, 5.0, 0)
        assert isinstance(found, Missing)
        assert "unencrypted" in found.detail


def test_a_secret_is_for_the_server_it_is_for() -> None:
    address = Address(Secret("https://calendar.example.org/a.ics"), Secret(HUSH))
    assert address.headers("https://calendar.example.org/moved.ics") == {"Authorization": f"Bearer {HUSH}"}
    for other in ("https://evil.example/", "https://calendar.example.org:444/", "http://calendar.example.org/"):
        assert address.headers(other) == {}


def test_webcal_is_https_and_an_address_prints_nothing(secret: SecretFrom) -> None:
    address = Address.of("comms", CalendarSettings(url="webcal://calendar.example.org/{secret}.ics", secret=secret))
    assert address.url.reveal() == f"https://calendar.example.org/{HUSH}.ics"
    assert HUSH not in f"{address}{address!r}{address.hash}"


def test_a_whole_address_may_be_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDAR", "webcal://calendar.example.org/private")
    address = Address.of("comms", CalendarSettings(url="{secret}", secret=SecretFrom(env="CALENDAR")))
    assert address.url.reveal() == "https://calendar.example.org/private"


def test_a_secret_that_is_not_there_is_told_by_its_setting() -> None:
    with pytest.raises(MissingSecret, match=r"rotas.comms.ical.secret: the environment variable NOT_SET"):
        Address.of("comms", CalendarSettings(url="https://a/", secret=SecretFrom(env="NOT_SET")))


async def test_no_message_holds_an_address_or_what_a_server_said() -> None:
    said = f"{HUSH} and \x1b[31m"
    for status in (200, 401, 500):
        async with receiving(Receiver(always(status, {"X-Said": "x"}, said))) as server:
            found = await ask(server, path=f"/{HUSH}.ics")
            assert isinstance(found, Missing)
            assert HUSH not in f"{found}"
