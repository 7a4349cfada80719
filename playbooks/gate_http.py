"""The gate's HTTP: bearer token, strict decoding, and JSON that says what went wrong.

Whatever goes wrong is answered with a status other than 200, a code and words; it always means: do not post.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from detectors.pattern_words import in_words
from playbooks import telemetry
from playbooks.gate_decision import Brand, GateAnswer, GateRequest, Label, Platform, what_it_holds, who_opens_it
from playbooks.health import health_routes
from playbooks.labels import GateReason, Verdict
from playbooks.request_body import Unreadable, receive_body
from playbooks.secret import Secret
from playbooks.store.holds import Hold

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024
BODY_TIMEOUT_S = 5.0
LOOK_S = 2.0


class HoldsQuery(msgspec.Struct, frozen=True):
    """What `GET /v1/gate/holds` may be narrowed by; what is left out or empty matches every hold."""

    brand: Brand | None = None
    platform: Platform | None = None
    run: Label | None = None


class ListedHold(msgspec.Struct, frozen=True):
    """One hold in force and what it holds back."""

    id: str
    incident: str
    run: str
    brand: str
    platform: str | None
    reason: str
    placed_ms: int
    holds_back: str
    release: str


class HoldsAnswer(msgspec.Struct, frozen=True):
    """The answer to `GET /v1/gate/holds`."""

    holds: tuple[ListedHold, ...]


class GateError(msgspec.Struct, frozen=True):
    """What is answered instead of a decision; it always means: do not post."""

    code: GateReason
    message: str


class Refused(Exception):
    """The question cannot be answered; `status` and `reason` go to the caller."""

    def __init__(self, status: HTTPStatus, reason: GateReason, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


class Answers(Protocol):
    """What stands behind the addresses; `decide` and `holds` raise `Refused` where there is no clear answer."""

    async def decide(self, request: GateRequest) -> GateAnswer:
        """The answer to one question."""

    async def holds(self, query: HoldsQuery) -> list[Hold]:
        """The holds that would cover a post of this kind."""

    async def look(self) -> None:
        """Read the store once for the gauges and for readiness."""

    def not_ready(self) -> list[str]:
        """Why there could be no answer just now; empty where there could."""


def gate_app(gate: Answers, token: Secret) -> web.Application:
    """The web application; every address under ``/v1/`` needs `token`."""
    app = web.Application(middlewares=[_refusals, _bearer(token)], client_max_size=MAX_BODY_BYTES)

    async def decisions(request: web.Request) -> web.Response:
        started = time.monotonic()
        answer = await gate.decide(_decode(await _body(request)))
        for reason in {reason.code for reason in answer.reasons}:
            telemetry.GATE_DECISIONS.labels(decision=answer.decision, reason=reason).inc()
        telemetry.GATE_DECISION_TIME.observe(time.monotonic() - started)
        return _json(answer)

    async def holds(request: web.Request) -> web.Response:
        return _json(HoldsAnswer(tuple(_listed(hold) for hold in await gate.holds(_query(request)))))

    async def looking(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_look_again_and_again(gate), name="gate-look")
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app.router.add_post("/v1/gate/decisions", decisions)
    app.router.add_get("/v1/gate/holds", holds)
    health_routes(app, gate.not_ready)
    app.cleanup_ctx.append(looking)
    return app


async def _look_again_and_again(gate: Answers) -> None:
    while True:
        await gate.look()
        await asyncio.sleep(LOOK_S)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong becomes JSON that says so, and never a 200."""
    try:
        return await handler(request)
    except Refused as refused:
        return _refusal(request, refused)
    except web.HTTPException as wrong:
        too_large = wrong.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        reason = GateReason.TOO_LARGE if too_large else GateReason.BAD_REQUEST
        message = f"more than {MAX_BODY_BYTES} bytes" if too_large else wrong.reason
        return _refusal(request, Refused(HTTPStatus(wrong.status), reason, message))
    except Exception:
        log.exception("a fault in the gate; the answer is no")
        fault = Refused(HTTPStatus.INTERNAL_SERVER_ERROR, GateReason.FAULT, "a fault in the gate; do not post")
        return _refusal(request, fault)


def _bearer(token: Secret) -> Middleware:
    expected = token.reveal().encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            given = request.headers.getall("Authorization", [])
            scheme, _, value = given[0].partition(" ") if len(given) == 1 else ("", "", "")
            right = hmac.compare_digest(value.strip().encode("utf-8", "surrogateescape"), expected)
            if scheme.lower() != "bearer" or not right:
                message = "send the header 'Authorization: Bearer TOKEN' with the token from gate.token"
                raise Refused(HTTPStatus.UNAUTHORIZED, GateReason.NOT_AUTHORISED, message)
        return await handler(request)

    return check


async def _body(request: web.Request) -> bytes:
    try:
        return await receive_body(request, BODY_TIMEOUT_S)
    except Unreadable as wrong:
        raise Refused(HTTPStatus.BAD_REQUEST, GateReason.BAD_REQUEST, str(wrong)) from None
    except TimeoutError:
        message = f"the body did not arrive within {BODY_TIMEOUT_S:g} s"
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, GateReason.BAD_REQUEST, message) from None


def _decode(body: bytes) -> GateRequest:
    try:
        return msgspec.json.decode(body, type=GateRequest)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        message = in_words(str(wrong))
    except RecursionError:
        message = "nested too deeply"
    raise Refused(HTTPStatus.BAD_REQUEST, GateReason.BAD_REQUEST, f"the body is not a question: {message}")


def _query(request: web.Request) -> HoldsQuery:
    given = {name: value for name, value in request.query.items() if value}
    try:
        return msgspec.convert(given, HoldsQuery)
    except msgspec.ValidationError as wrong:
        message = f"the query is wrong: {in_words(str(wrong))}"
        raise Refused(HTTPStatus.BAD_REQUEST, GateReason.BAD_REQUEST, message) from None


def _listed(hold: Hold) -> ListedHold:
    return ListedHold(
        id=hold.id,
        incident=hold.incident,
        run=hold.run,
        brand=hold.brand,
        platform=hold.platform,
        reason=hold.reason,
        placed_ms=hold.placed_ms,
        holds_back=what_it_holds(hold),
        release=who_opens_it(hold),
    )


def _refusal(request: web.Request, refused: Refused) -> web.Response:
    if request.path.startswith("/v1/gate/decisions"):
        telemetry.GATE_DECISIONS.labels(decision=Verdict.HOLD, reason=refused.reason).inc()
    response = _json(GateError(refused.reason, refused.message), refused.status)
    if refused.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _json(value: msgspec.Struct, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
