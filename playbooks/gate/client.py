"""Asking the gate from Python, failing closed: a post may go only after a clear and fresh yes.

>>> import asyncio, aiohttp
>>> from playbooks.gate.decision import GateRequest, OutgoingPost
>>> from playbooks.secret import Secret
>>> async def main() -> Answer:
...     async with aiohttp.ClientSession() as session:
...         client = GateClient(session, "http://127.0.0.1:9", Secret("token"))
...         return await client.ask(GateRequest(brand="acme", platform="x", post=OutgoingPost(id="1", text="Hello")))
>>> answer = asyncio.run(main())
>>> answer.allowed, answer.outcome.value
(False, 'unreachable')
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from detectors.mention import to_ms
from playbooks.gate.decision import VALID_MS, GateRequest
from playbooks.secret import Secret
from playbooks.wall_clock import Clock, now_ms

TIMEOUT_S = 2.0
MAX_ANSWER_BYTES = 1024 * 1024


class Outcome(StrEnum):
    """What came of asking. Only `ALLOWED` lets a post go."""

    ALLOWED = "allowed"
    HELD = "held"
    REJECTED = "rejected"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"


class Answer(msgspec.Struct, frozen=True):
    """Whether the post may go, why, and until when (`good_until_ms`, 0 where it may not)."""

    outcome: Outcome
    reasons: tuple[str, ...]
    hold: str | None = None
    good_until_ms: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the post may go if it goes at once; later, ask `good_at` or ask anew."""
        return self.outcome is Outcome.ALLOWED

    def good_at(self, at_ms: int) -> bool:
        """Whether the post may still go at `at_ms`."""
        return self.allowed and at_ms < self.good_until_ms


class _Reason(msgspec.Struct):
    text: str


class _Body(msgspec.Struct):
    decision: str
    reasons: list[_Reason]
    valid_until: Annotated[datetime, msgspec.Meta(tz=True)]
    hold: str | None = None


class GateClient:
    """Asks one gate. `url` is its address without a path, `session` the caller's, `timeout_s` for the whole question.

    Raising `timeout_s` waits longer for a slow gate; the answer's own time runs meanwhile.
    """

    def __init__(
        self, session: ClientSession, url: str, token: Secret, *, timeout_s: float = TIMEOUT_S, clock: Clock = now_ms
    ) -> None:
        self._session = session
        self._address = url.rstrip("/") + "/v1/gate/decisions"
        self._token = token
        self._timeout_s = timeout_s
        self._clock = clock

    async def ask(self, request: GateRequest) -> Answer:
        """Whether this one post may go. Never raises for what the gate or the network does: that is a no."""
        asked_ms = self._clock()
        try:
            async with asyncio.timeout(self._timeout_s):
                status, body = await self._send(request)
        except TimeoutError:
            return _no(Outcome.TIMED_OUT, f"the gate did not answer within {self._timeout_s:g} s")
        except (ClientError, OSError, ValueError) as wrong:
            return _no(Outcome.UNREACHABLE, f"the gate cannot be reached: {type(wrong).__name__}")
        return judge(status, body, asked_ms, self._clock())

    async def _send(self, request: GateRequest) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Content-Type": "application/json"}
        async with self._session.post(
            self._address,
            data=msgspec.json.encode(request),
            headers=headers,
            allow_redirects=False,
            timeout=ClientTimeout(total=self._timeout_s),
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise ValueError("the answer is too large")
            return response.status, bytes(body)


def judge(status: int, body: bytes, asked_ms: int, now_ms: int) -> Answer:
    """What an HTTP answer means to somebody who asked at `asked_ms` and has the answer at `now_ms`.

    An allow counts from the asking and for `VALID_MS` at most, whatever the gate's clock says.

    >>> judge(200, b"[]", 0, 0).outcome.value
    'unreadable'
    """
    if status != HTTPStatus.OK:
        return _no(Outcome.REFUSED, f"the gate answered {status}: {_message(body)}")
    try:
        said = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _no(Outcome.UNREADABLE, "the gate's answer cannot be read")
    reasons = tuple(reason.text for reason in said.reasons)
    match said.decision, said.hold:
        case "allow", None:
            good_until_ms = min(to_ms(said.valid_until), asked_ms + VALID_MS)
        case "hold", _:
            return Answer(Outcome.HELD, reasons, said.hold)
        case "reject", _:
            return Answer(Outcome.REJECTED, reasons, said.hold)
        case _:
            return _no(Outcome.UNREADABLE, "the gate's answer is none of: allow without a hold, hold, reject")
    if now_ms >= good_until_ms:
        return _no(Outcome.EXPIRED, "the gate's yes was no longer good when it came; compare the two clocks")
    return Answer(Outcome.ALLOWED, reasons, None, good_until_ms)


def _no(outcome: Outcome, why: str) -> Answer:
    return Answer(outcome, (why,))


class _Refusal(msgspec.Struct):
    message: str


def _message(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Refusal).message[:500]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "without a reason"
