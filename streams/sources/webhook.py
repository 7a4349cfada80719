"""A signed webhook: mentions from anything that can send an HTTP POST.

``POST /v1/mentions`` with one JSON mention or one on each line, at most 256 KiB, and the headers

- ``X-Firebreak-Timestamp``: seconds since 1970 UTC, within the replay window of our clock;
- ``X-Firebreak-Signature``: see `signature`.

==== ==================================================================================================
202  ``{"accepted", "rejected"}``: the good lines are in Kafka, each bad one is named with its fault
400  nothing in the body is a mention (``rejected`` says why), or the request cannot be read
401  not signed, wrongly signed, or from another time
408  the body came too slowly
409  this very request was taken before
413  more than 256 KiB
503  Kafka does not acknowledge, or too much is under way: send the same again later
==== ==================================================================================================

Every other answer than 202 and 409 means that nothing was taken, or that taking it again does no harm: repeats are
dropped by platform, id and brand. ``/metrics`` and ``/healthz`` are on a port of their own, not on this one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Protocol

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from detectors.mention import MAX_RECORD_BYTES, Mention
from playbooks import telemetry
from playbooks.labels import SourceName
from playbooks.listening import listening
from playbooks.request_body import Unreadable, receive_body
from playbooks.secret import Secret
from streams.settings import Settings, TriageSettings
from streams.sources.process import Surroundings, run_source
from streams.sources.signature import SeenSignatures, Unsigned, check_headers, is_signed
from streams.sources.webhook_body import MAX_LINES, Allowed, Batch, Rejected, TooManyLines, read_body

log = logging.getLogger(__name__)

PATH: Final = "/v1/mentions"
TIMESTAMP: Final = "X-Firebreak-Timestamp"
SIGNATURE: Final = "X-Firebreak-Signature"
BODY_S: Final = 5.0
IDLE_S: Final = 10.0
KAFKA_S: Final = 5.0
RETRY_AFTER_S: Final = 5
REQUESTS_AT_ONCE: Final = 128
SIGNATURES_KEPT: Final = 100_000


class Refusal(StrEnum):
    """Why a request was not taken, besides `Unsigned`. The same word is in the answer."""

    BAD_REQUEST = "bad_request"
    NO_MENTION = "no_mention"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    REPEATED = "repeated"
    BUSY = "busy"
    KAFKA_AWAY = "kafka_away"
    FAULT = "fault"


class Sends(Protocol):
    """Where mentions go; returns when they are safe there."""

    async def send_mentions(self, mentions: Sequence[Mention]) -> None:
        """Send and wait until they are acknowledged."""


class Accepted(msgspec.Struct, frozen=True):
    """The body of a 202."""

    accepted: int
    rejected: tuple[Rejected, ...]


class Error(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every other answer."""

    error: Refusal | Unsigned
    message: str
    rejected: tuple[Rejected, ...] = ()


class Refused(Exception):
    """The request is not taken; it is answered with `status` and `error`."""

    def __init__(self, status: HTTPStatus, error: Error) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error


async def run_webhook(settings: Settings, stop: asyncio.Event) -> None:
    """Take mentions until `stop` is set; raises `MissingSecret` where there is no secret, and `PortTaken`."""
    wanted = settings.sources.webhook
    secret = wanted.secret.read("sources.webhook.secret")

    async def work(around: Surroundings) -> None:
        async with serving(settings, secret, around.producer) as port:
            log.info("the webhook listens on %s port %d", wanted.host, port)
            await around.stop.wait()

    await run_source(SourceName.WEBHOOK, settings, wanted.metrics_port, stop, work)


@asynccontextmanager
async def serving(settings: Settings, secret: Secret, producer: Sends) -> AsyncIterator[int]:
    """Serve the webhook while the block runs; hands in the bound port."""
    wanted = settings.sources.webhook
    brands = None if settings.any_brand else settings.brands
    app = webhook_app(Webhook(secret, wanted.replay_window_s, brands, producer, settings.triage))
    async with listening(app, wanted.host, wanted.port, "sources.webhook.port", IDLE_S) as port:
        yield port


class Webhook:
    """Takes requests: checks who sent them, reads them, and answers when Kafka has what they hold."""

    def __init__(
        self,
        secret: Secret,
        window_s: float,
        brands: Collection[str] | None,
        producer: Sends,
        times: TriageSettings | None = None,
    ) -> None:
        self._secret = secret
        self._window_s = window_s
        self._brands = brands
        self._producer = producer
        self._times = times
        self._seen = SeenSignatures(window_s, SIGNATURES_KEPT)
        self._under_way = 0

    async def take(self, request: web.Request) -> Accepted:
        """Carry a request out; raises `Refused`."""
        if self._under_way >= REQUESTS_AT_ONCE or self._seen.is_full(time.time()):
            raise _refused(HTTPStatus.SERVICE_UNAVAILABLE, Refusal.BUSY, "too much is under way; send it again later")
        self._under_way += 1
        try:
            timestamp, signature = self._headers(request)
            body = await _body(request)
            if not is_signed(self._secret, timestamp, signature, body):
                raise _unsigned(Unsigned.WRONG_SIGNATURE)
            if not self._seen.take(signature, int(timestamp), time.time()):
                raise _refused(HTTPStatus.CONFLICT, Refusal.REPEATED, "this very request was taken before")
            try:
                return await self._send(_read(body, self._brands, self._allowed()))
            except BaseException:
                self._seen.give_back(signature)
                raise
        finally:
            self._under_way -= 1

    def _allowed(self) -> Allowed | None:
        if self._times is None:
            return None
        now_ms = time.time_ns() // 1_000_000
        return Allowed(now_ms, int(self._times.future_s * 1000), int(self._times.horizon_h * 3_600_000))

    def _headers(self, request: web.Request) -> tuple[str, str]:
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
            raise _refused(HTTPStatus.BAD_REQUEST, Refusal.BAD_REQUEST, "send the body without a Content-Encoding")
        timestamp, signature = _only(request, TIMESTAMP), _only(request, SIGNATURE)
        wrong = check_headers(timestamp, signature, time.time(), self._window_s)
        if wrong is not None or timestamp is None or signature is None:
            raise _unsigned(wrong or Unsigned.NO_SIGNATURE)
        return timestamp, signature

    async def _send(self, batch: Batch) -> Accepted:
        telemetry.SOURCE_BAD_FRAMES.labels(source=SourceName.WEBHOOK).inc(len(batch.rejected))
        if not batch.mentions:
            error = Error(Refusal.NO_MENTION, "nothing in the body is a mention", batch.rejected)
            raise Refused(HTTPStatus.BAD_REQUEST, error)
        try:
            async with asyncio.timeout(KAFKA_S):
                await self._producer.send_mentions(batch.mentions)
        except TimeoutError:
            message = f"Kafka did not acknowledge within {KAFKA_S:g} s; send the same again later"
            raise _refused(HTTPStatus.SERVICE_UNAVAILABLE, Refusal.KAFKA_AWAY, message) from None
        telemetry.SOURCE_MENTIONS.labels(source=SourceName.WEBHOOK).inc(len(batch.mentions))
        return Accepted(len(batch.mentions), batch.rejected)


def webhook_app(webhook: Webhook) -> web.Application:
    """The web application round a `Webhook`."""
    app = web.Application(middlewares=[_answer_refusals], client_max_size=MAX_RECORD_BYTES + 1)

    async def mentions(request: web.Request) -> web.Response:
        return _json(await webhook.take(request), HTTPStatus.ACCEPTED)

    app.router.add_post(PATH, mentions)
    return app


@web.middleware
async def _answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong becomes JSON that says so."""
    try:
        return await handler(request)
    except Refused as refused:
        status, error = refused.status, refused.error
    except web.HTTPException as wrong:
        status, error = HTTPStatus(wrong.status), Error(Refusal.BAD_REQUEST, wrong.reason)
    except Exception:
        log.exception("a fault in the webhook")
        status, error = HTTPStatus.INTERNAL_SERVER_ERROR, Error(Refusal.FAULT, "a fault here; send it again later")
    if error.error is not Refusal.NO_MENTION:  # its lines are counted one by one
        telemetry.SOURCE_BAD_FRAMES.labels(source=SourceName.WEBHOOK).inc()
    response = _json(error, status)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER_S)
    if not request.content.is_eof():
        # What is left of the body is not waited for.
        response.force_close()
    return response


def _only(request: web.Request, name: str) -> str | None:
    """A header's value where it is there exactly once."""
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else None


async def _body(request: web.Request) -> bytes:
    too_large = _refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Refusal.TOO_LARGE, f"more than {MAX_RECORD_BYTES} bytes; send less at once"
    )
    if (request.content_length or 0) > MAX_RECORD_BYTES:
        raise too_large
    try:
        return await receive_body(request, BODY_S)
    except Unreadable as wrong:
        raise _refused(HTTPStatus.BAD_REQUEST, Refusal.BAD_REQUEST, str(wrong)) from None
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    except TimeoutError:
        message = f"the body did not arrive within {BODY_S:g} s"
        raise _refused(HTTPStatus.REQUEST_TIMEOUT, Refusal.TOO_SLOW, message) from None


def _read(body: bytes, brands: Collection[str] | None, allowed: Allowed | None) -> Batch:
    try:
        return read_body(body, brands, allowed)
    except TooManyLines:
        message = f"more than {MAX_LINES} lines; not all can be mentions"
        raise _refused(HTTPStatus.BAD_REQUEST, Refusal.BAD_REQUEST, message) from None


def _unsigned(why: Unsigned) -> Refused:
    match why:
        case Unsigned.NO_TIMESTAMP:
            message = f"send the header {TIMESTAMP} once: seconds since 1970 UTC"
        case Unsigned.NO_SIGNATURE:
            message = f"send the header {SIGNATURE} once: 64 hexadecimal digits"
        case Unsigned.OUTSIDE_WINDOW:
            message = f"{TIMESTAMP} is too far from the time here, {int(time.time())}; check the clock"
        case Unsigned.WRONG_SIGNATURE:
            message = "sign timestamp, full stop and body with HMAC-SHA256 and the secret of sources.webhook.secret"
    return Refused(HTTPStatus.UNAUTHORIZED, Error(why, message))


def _refused(status: HTTPStatus, why: Refusal, message: str) -> Refused:
    return Refused(status, Error(why, message))


def _json(value: msgspec.Struct, status: HTTPStatus) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
