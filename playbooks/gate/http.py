"""The gate's HTTP: bearer token, strict decoding, and JSON that says what went wrong.

Whatever goes wrong is answered with a status other than 200, a code and words; it always means: do not post.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Protocol

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from detectors.pattern_words import in_words
from playbooks import telemetry
from playbooks.background import beside
from playbooks.gate.callers import Caller, Callers
from playbooks.gate.decision import GateAnswer, GateRequest
from playbooks.gate.listing import HoldsAnswer, HoldsQuery, listed
from playbooks.gate.objection import Reason
from playbooks.gate.openapi import openapi_json
from playbooks.gate.proxy import PROXY_PATH, TOKEN_HEADER, proxy_answer, question_of
from playbooks.gate.proxy import without_text as no_text
from playbooks.gate.refusal import GateError, Refused
from playbooks.health import health_routes
from playbooks.holds.hold import Hold
from playbooks.labels import GateReason, Verdict
from playbooks.request_body import Unreadable, receive_body
from playbooks.settings.gate import Otherwise

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024
BODY_TIMEOUT_S = 5.0
LOOK_S = 2.0


class Answers(Protocol):
    """What stands behind the addresses; `decide` and `holds` raise `Refused` where there is no clear answer."""

    async def decide(self, request: GateRequest, caller: Caller, against: Sequence[Reason]) -> GateAnswer:
        """The answer to one question of `caller`; `against` is what is known against the post already."""

    async def holds(self, query: HoldsQuery) -> list[Hold]:
        """The holds that would cover a post of this kind."""

    async def look(self) -> None:
        """Read the store once for the gauges and for readiness."""

    def not_ready(self) -> list[str]:
        """Why there could be no answer just now; empty where there could."""


CALLER = web.RequestKey("caller", Caller)


def gate_app(gate: Answers, callers: Callers, without_text: Otherwise = Otherwise.HOLD) -> web.Application:
    """The web application; every address under ``/v1/`` needs the token of one of the `callers`.

    `without_text` is what a proxy's question is answered that has no text of the post.
    """
    app = web.Application(middlewares=[_refusals, _bearer(callers)], client_max_size=MAX_BODY_BYTES)

    async def answered(question: GateRequest, caller: Caller, against: Sequence[Reason] = ()) -> GateAnswer:
        started = time.monotonic()
        answer = await gate.decide(question, caller, against)
        codes = {reason.code for reason in answer.reasons}
        for code in codes:
            telemetry.GATE_DECISIONS.labels(decision=answer.decision, reason=code).inc()
        if GateReason.BREAK_GLASS in codes:
            telemetry.BREAK_GLASS_USED.inc()
        telemetry.GATE_DECISION_TIME.observe(time.monotonic() - started)
        return answer

    async def decisions(request: web.Request) -> web.Response:
        return _json(await answered(_decode(await _body(request)), request[CALLER]))

    async def for_proxies(request: web.Request) -> web.Response:
        question, has_text = question_of(request.headers)
        against = no_text(has_text, without_text)
        return proxy_answer(await answered(question, request[CALLER], against))

    async def document(_: web.Request) -> web.Response:
        return web.Response(body=openapi_json(), content_type="application/json")

    async def holds(request: web.Request) -> web.Response:
        return _json(HoldsAnswer(tuple(listed(hold) for hold in await gate.holds(_query(request)))))

    async def looking(_: web.Application) -> AsyncIterator[None]:
        async with beside(_look_again_and_again(gate), "gate-look"):
            yield

    app.router.add_post("/v1/gate/decisions", decisions)
    app.router.add_get("/v1/gate/holds", holds)
    app.router.add_route("*", f"{PROXY_PATH}{{original:.*}}", for_proxies)
    app.router.add_get("/openapi.json", document)
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


def _bearer(callers: Callers) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            caller = callers.with_token(_token_of(request))
            if caller is None:
                message = "send the header 'Authorization: Bearer TOKEN' with the token from gate.token"
                raise Refused(HTTPStatus.UNAUTHORIZED, GateReason.NOT_AUTHORISED, message)
            request[CALLER] = caller
        return await handler(request)

    return check


def _token_of(request: web.Request) -> str:
    """The token that was sent; a proxy's own header counts before the one that it may have from its client."""
    if request.path.startswith(PROXY_PATH) and (own := request.headers.getall(TOKEN_HEADER, [])):
        return own[0] if len(own) == 1 else ""
    given = request.headers.getall("Authorization", [])
    scheme, _, value = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return value.strip() if scheme.lower() == "bearer" else ""


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


def _refusal(request: web.Request, refused: Refused) -> web.Response:
    if request.path.startswith(("/v1/gate/decisions", PROXY_PATH)):
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
