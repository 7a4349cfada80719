"""One HTTP POST of a message, within its time, following nothing: what every adapter that speaks HTTP shares."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
import msgspec

from playbooks.effects.outcome import Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.secret import Secret

USER_AGENT = "Firebreak"
#: More of an answer than this is not read.
MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. `body` is empty where it broke off, was not wanted or was longer than is read.

    `date` is what its clock said, as HTTP writes it; empty where it did not say.
    """

    status: int
    retry_after: str | None
    body: bytes
    date: str = ""


Understood = Callable[[Answer], Outcome]


class Poster:
    """Posts once, within `timeout_s` for the whole of it. `name` is whose answer it is, in what the ledger says.

    `bad_address` says, for the ledger, which setting is no http or https address. An answer that is longer than
    `max_bytes` is not read.
    """

    def __init__(self, name: str, timeout_s: float, bad_address: str, *, max_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._bad_address = bad_address
        self._max_bytes = max_bytes

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], understood: Understood, *, reads: bool = True
    ) -> Outcome:
        """Post `body` and make of the answer what `understood` says. Redirects are not followed, cookies not kept."""
        said = await self.ask("POST", url, body, headers, reads=reads)
        return understood(said) if isinstance(said, Answer) else said

    async def ask(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, reads: bool = True
    ) -> Answer | Retry | Failed:
        """The answer to one request, or why there is none. `reads` says whether the body of the answer is wanted."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._answer(method, url, body, headers, reads=reads)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Retry(RetryReason.UNREACHABLE, f"{self._name}: no connection to the server")
        except (TimeoutError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            return Retry(RetryReason.NO_ANSWER, f"{self._name}: no answer after the request was under way")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
            return Failed(FailedReason.BAD_ADDRESS, f"{self._name}: {self._bad_address} is no http or https address")
        except aiohttp.ClientError:
            return Retry(RetryReason.SERVER_FAULT, f"{self._name}: the answer is not HTTP")

    async def _answer(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, reads: bool) -> Answer:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s / 2)
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session,
            session.request(
                method, url, data=body, headers={"User-Agent": USER_AGENT, **headers}, allow_redirects=False
            ) as answer,
        ):
            said = await _read(answer, self._timeout_s / 4, self._max_bytes) if reads else b""
            return Answer(answer.status, answer.headers.get("Retry-After"), said, answer.headers.get("Date", ""))


def basic(name: str, password: Secret) -> str:
    """The value of an ``Authorization`` header for a name and a password.

    >>> basic("ada", Secret("pw"))
    'Basic YWRhOnB3'
    """
    return "Basic " + base64.b64encode(f"{name}:{password.reveal()}".encode()).decode()


def json_object(body: bytes) -> dict[str, object]:
    """The JSON object in an answer, empty where there is none.

    >>> json_object(b'{"status": "success"}'), json_object(b"<html>")
    ({'status': 'success'}, {})
    """
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


async def _read(answer: aiohttp.ClientResponse, within_s: float, max_bytes: int) -> bytes:
    # The status has come: whatever becomes of the body, the other side has answered.
    said = b""
    try:
        async with asyncio.timeout(within_s):
            async for part in answer.content.iter_any():
                said += part
                if len(said) > max_bytes:
                    return b""
    except (TimeoutError, aiohttp.ClientError):
        return b""
    return said
