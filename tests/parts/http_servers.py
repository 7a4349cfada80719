"""HTTP servers on loopback: one that answers what a test says, and one that behaves as Grafana's annotation API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from playbooks.listening import listening


@dataclass(frozen=True, slots=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


Answer = Callable[[Request], Awaitable[web.Response]]


@dataclass(slots=True)
class Receiver:
    """Takes POSTs on every path and answers with `answer`; keeps what came."""

    answer: Answer
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def take(self, request: web.Request) -> web.Response:
        """One request."""
        found = Request(request.path_qs, dict(request.headers), await request.read(), request.method)
        self.requests.append(found)
        return await self.answer(found)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Serve `receiver` while the block runs."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    async with listening(app, "127.0.0.1", 0, "port") as port:
        receiver.port = port
        yield receiver


def always(status: int, headers: dict[str, str] | None = None, text: str = "") -> Answer:
    """The same answer to everything."""

    async def answer(_: Request) -> web.Response:
        return web.Response(status=status, headers=headers, text=text)

    return answer


@dataclass(slots=True)
class Grafana:
    """``POST /api/annotations`` as Grafana documents it: bearer token, JSON, the annotation's id in the answer.

    `status` other than 200 is what it answers to a good request; `slow` makes it wait until the event is set.
    """

    token: str = "grafana-token"
    prefix: str = ""
    status: int = 200
    slow: asyncio.Event | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Its address, for the setting."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    async def annotate(self, request: web.Request) -> web.Response:
        """One annotation."""
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"message": "Invalid API key"}, status=401)
        made = await request.json()
        if not made.get("text"):
            return web.json_response({"message": "Failed to save annotation"}, status=400)
        if self.slow:
            await self.slow.wait()
        if self.status != 200:
            return web.json_response({"message": f"Failed, and {self.token} is what you said"}, status=self.status)
        self.annotations.append(made)
        return web.json_response({"message": "Annotation added", "id": len(self.annotations)})


@asynccontextmanager
async def serving_grafana(grafana: Grafana) -> AsyncIterator[Grafana]:
    """Serve `grafana` while the block runs."""
    app = web.Application()
    app.router.add_post(f"{grafana.prefix}/api/annotations", grafana.annotate)
    async with listening(app, "127.0.0.1", 0, "port") as port:
        grafana.port = port
        yield grafana
        if grafana.slow:
            grafana.slow.set()
