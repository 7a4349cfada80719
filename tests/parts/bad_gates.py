"""Servers that stand where the gate should be and behave badly, and what a client must make of each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from detectors.mention import rfc3339
from playbooks.gate.answer import MAX_ANSWER_BYTES, Outcome
from playbooks.wall_clock import now_ms

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: How long a client waits where nothing will ever come, and where an answer comes that a busy machine may delay.
HASTY_S, PATIENT_S = 0.4, 20.0


def answering(handler: Answering) -> web.Application:
    """A server that answers everything in one way."""
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", handler)
    return app


async def silent(_: web.Request) -> web.StreamResponse:
    """Never answers."""
    await asyncio.Event().wait()
    raise AssertionError("never")


async def stuck_in_the_middle(request: web.Request) -> web.StreamResponse:
    """Begins a yes and never ends it."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b'{"decision":"allow",')
    await asyncio.Event().wait()
    raise AssertionError("never")


async def drop_by_drop(request: web.Request) -> web.StreamResponse:
    """Writes on and on, so that no single read takes long."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def hanging_up(request: web.Request) -> web.StreamResponse:
    """Breaks the connection off."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def elsewhere(_: web.Request) -> web.StreamResponse:
    """Sends the client to another place."""
    return web.Response(status=307, headers={"Location": "/yes"})


async def endless(_: web.Request) -> web.StreamResponse:
    """Says more than any answer has to."""
    return web.Response(body=b" " * (MAX_ANSWER_BYTES + 1))


async def yes_with_a_hold(_: web.Request) -> web.StreamResponse:
    """Contradicts itself."""
    answer = {"decision": "allow", "reasons": [], "hold": "h", "valid_until": rfc3339(now_ms() + 900)}
    return web.Response(text=json.dumps(answer))


#: What a client must make of each, and how long it waits for it.
BAD_GATES: list[tuple[Answering, Outcome, float]] = [
    (silent, Outcome.TIMED_OUT, HASTY_S),
    (stuck_in_the_middle, Outcome.TIMED_OUT, HASTY_S),
    (drop_by_drop, Outcome.TIMED_OUT, HASTY_S),
    (hanging_up, Outcome.UNREACHABLE, PATIENT_S),
    (elsewhere, Outcome.REFUSED, PATIENT_S),
    (endless, Outcome.UNREACHABLE, PATIENT_S),
    (yes_with_a_hold, Outcome.UNREADABLE, PATIENT_S),
]
