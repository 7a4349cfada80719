"""Getting a calendar from its server: whole, in time, of bounded size, or a reason why not.

A server that knows its calendar's version is asked for a new one only (``ETag``, ``Last-Modified``). An address may be
a secret, so none is in any message; of what a server answers only its status is.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urljoin, urlsplit

import aiohttp

from playbooks.oncall.check import SECRET
from playbooks.oncall.kept import Kept
from playbooks.oncall.rotas import RotaTrouble
from playbooks.secret import Secret
from playbooks.settings.people import CalendarSettings

MOST_BYTES = 4 * 1024 * 1024
MOST_REDIRECTS = 3
MOST_VERSION_CHARS = 256
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Missing:
    """The calendar was not got. `detail` is in plain words and holds nothing that came from outside."""

    why: RotaTrouble
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a calendar is, with the secret in its place. It prints as the name of its server."""

    url: Secret
    secret: Secret | None = None
    username: str | None = None

    @classmethod
    def of(cls, rota: str, settings: CalendarSettings) -> Address:
        """The address in the settings of a rota; raises `MissingSecret`."""
        url = settings.url or ""
        secret = settings.secret.read(f"rotas.{rota}.ical.secret") if settings.secret else None
        if secret and SECRET in url:
            url, secret = url.replace(SECRET, secret.reveal()), None
        if url.lower().startswith("webcal://"):
            url = f"https{url[len('webcal') :]}"
        return cls(Secret(url), secret, settings.username)

    @property
    def hash(self) -> str:
        """What tells its copies from those of other addresses, and does not say it."""
        return sha256(self.url.reveal().encode()).hexdigest()

    def headers(self, url: str) -> dict[str, str]:
        """What goes along to `url`: the secret only to the server that it is for."""
        if self.secret is None or _server(url) != _server(self.url.reveal()):
            return {}
        if self.username is not None:
            both = f"{self.username}:{self.secret.reveal()}".encode()
            return {"Authorization": f"Basic {b64encode(both).decode()}"}
        return {"Authorization": f"Bearer {self.secret.reveal()}"}


async def fetch(address: Address, last: Kept | None, timeout_s: float, now_ms: int) -> Kept | Missing:
    """The calendar as it is now; `last` with a new time where its server says that it is the same."""
    url = address.url.reveal()
    if not _may_ask(address, url):
        return Missing(RotaTrouble.UNREACHABLE, "its address is not http or https, or would carry a secret unencrypted")
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout_s / 2)
    try:
        async with (
            asyncio.timeout(timeout_s),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session,
        ):
            return await _followed(session, address, url, last, now_ms)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        return Missing(RotaTrouble.UNREACHABLE)
    except (TimeoutError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        return Missing(RotaTrouble.NO_ANSWER)
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        return Missing(RotaTrouble.UNREACHABLE, "its address is none")
    except aiohttp.ClientError:
        return Missing(RotaTrouble.NOT_A_CALENDAR, "the answer is not HTTP")


async def _followed(
    session: aiohttp.ClientSession, address: Address, url: str, last: Kept | None, now_ms: int
) -> Kept | Missing:
    for _ in range(MOST_REDIRECTS + 1):
        headers = {"User-Agent": "Firebreak", "Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "identity"}
        headers |= _versions(last) | address.headers(url)
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status not in _ELSEWHERE:
                return await _taken(answer, last, now_ms)
            there = urljoin(url, answer.headers.get("Location", ""))
        if not _may_follow(url, there):
            return Missing(RotaTrouble.REDIRECTED)
        url = there
    return Missing(RotaTrouble.REDIRECTED, f"more than {MOST_REDIRECTS} times")


async def _taken(answer: aiohttp.ClientResponse, last: Kept | None, now_ms: int) -> Kept | Missing:
    if answer.status == 304 and last is not None:
        return replace(last, read_ms=now_ms)
    if answer.status != 200:
        return Missing(RotaTrouble.REFUSED, f"HTTP {answer.status}")
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            return Missing(RotaTrouble.TOO_LARGE, f"more than {MOST_BYTES // 1024 // 1024} MiB")
    text = text_of(bytes(body))
    if isinstance(text, Missing):
        return text
    return Kept(text, _version(answer, "ETag"), _version(answer, "Last-Modified"), now_ms)


def text_of(body: bytes) -> str | Missing:
    """A calendar's text, if the bytes are one from its beginning to its end: what was cut off must not count.

    >>> text_of(b"\\xef\\xbb\\xbfBEGIN:VCALENDAR\\r\\nEND:VCALENDAR\\r\\n")
    'BEGIN:VCALENDAR\\r\\nEND:VCALENDAR\\r\\n'
    >>> text_of(b"<html>Please log in</html>").why, text_of(b"BEGIN:VCALENDAR\\r\\nBEGIN:VEV").detail
    (<RotaTrouble.NOT_A_CALENDAR: 'not_a_calendar'>, 'it does not end as a calendar does')
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Missing(RotaTrouble.NOT_A_CALENDAR, "it is not UTF-8")
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        return Missing(RotaTrouble.NOT_A_CALENDAR, "it does not begin as a calendar does")
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        return Missing(RotaTrouble.NOT_A_CALENDAR, "it does not end as a calendar does")
    if "\0" in text:
        return Missing(RotaTrouble.NOT_A_CALENDAR, "it holds what is no text")
    return text


def _version(answer: aiohttp.ClientResponse, header: str) -> str:
    """What the server knows this calendar by; nothing where it is no short line of text that can be sent back."""
    value = answer.headers.get(header, "")
    return value if value.isascii() and value.isprintable() and len(value) <= MOST_VERSION_CHARS else ""


def _versions(last: Kept | None) -> dict[str, str]:
    if last is None:
        return {}
    versions = {"If-None-Match": last.etag, "If-Modified-Since": last.last_modified}
    return {name: value for name, value in versions.items() if value}


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _may_ask(address: Address, url: str) -> bool:
    scheme, host, _ = _server(url)
    return scheme == "https" or (scheme == "http" and (address.secret is None or host in _HERE))


def _may_follow(url: str, there: str) -> bool:
    """Never out of encryption, and to another server only by it."""
    return urlsplit(there).scheme == "https" or _server(there) == _server(url)
