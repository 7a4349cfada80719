"""A local Jetstream: a websockets server that speaks v1 and v2 frames, keeps a history, and can misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import websockets
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from detectors.mention import rfc3339
from streams.together import first_of

Wire = Literal["v1", "v2"]
WIRES: tuple[Wire, Wire] = ("v1", "v2")
POSTS = "app.bsky.feed.post"
EVENTS = "network.bsky.jetstream.subscribeEvents"
PATHS: dict[Wire, str] = {"v1": "/subscribe", "v2": f"/xrpc/{EVENTS}"}


def _time(at_us: int) -> str:
    return f"{rfc3339(at_us // 1000)[:-4]}{at_us % 1_000_000:06d}Z"


def commit(
    wire: Wire,
    at_us: int,
    did: str,
    rkey: str,
    record: Any = None,
    operation: str = "create",
    collection: str = POSTS,
) -> bytes:
    """A frame about one record, as Jetstream writes it."""
    change: dict[str, Any] = {"rev": "3l3qo2vutsw2b", "operation": operation, "collection": collection, "rkey": rkey}
    if record is not None:
        change |= {"record": record, "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi"}
    return _event(wire, at_us, did, "commit", change)


def post(wire: Wire, at_us: int, rkey: str, text: str, did: str = "did:plc:ann", **more: Any) -> bytes:
    """A frame about a new post."""
    record = {"$type": POSTS, "text": text, "createdAt": _time(at_us), "langs": ["en"], **more}
    return commit(wire, at_us, did, rkey, record)


def delete(wire: Wire, at_us: int, rkey: str, did: str = "did:plc:ann") -> bytes:
    """A frame about a deleted post."""
    return commit(wire, at_us, did, rkey, operation="delete")


def account(wire: Wire, at_us: int, did: str, active: bool, status: str | None = None) -> bytes:
    """A frame about the state of an account."""
    state = {"active": active, "did": did, "seq": 1409753013, "time": _time(at_us)}
    return _event(wire, at_us, did, "account", {"account": state | ({"status": status} if status else {})})


def identity(wire: Wire, at_us: int, did: str) -> bytes:
    """A frame about a changed handle."""
    changed = {"did": did, "handle": "ann.bsky.social", "seq": 1409752997, "time": _time(at_us)}
    return _event(wire, at_us, did, "identity", {"identity": changed})


def info(name: str, message: str) -> bytes:
    """A v2 notice."""
    return json.dumps(
        {"$type": "message", "payload": {"$type": f"{EVENTS}#info", "name": name, "message": message}}
    ).encode()


def error(name: str, message: str) -> bytes:
    """A v2 frame after which the server closes."""
    return json.dumps({"$type": "error", "error": name, "message": message}).encode()


def _event(wire: Wire, at_us: int, did: str, kind: str, body: dict[str, Any]) -> bytes:
    if wire == "v1":
        inner = body if kind == "commit" else body[kind]
        return json.dumps({"did": did, "time_us": at_us, "kind": kind, kind: inner}).encode()
    seen = _time(at_us)
    payload = {"$type": f"{EVENTS}#{kind}", "seq": at_us % 10**9, "did": did, "time": seen, "witnessedAt": seen}
    return json.dumps({"$type": "message", "payload": payload | body}).encode()


@dataclass(slots=True)
class JetstreamServer:
    """What the server has to tell, whom it told, and how it behaves.

    `history` holds frames with their times and is replayed from a connection's cursor on; `publish` adds to it and
    tells all who are connected. `oldest_us` is how far back it keeps. `refuse` is answered to that many connections.
    """

    wire: Wire
    history: list[tuple[int, bytes]] = field(default_factory=list)
    oldest_us: int = 0
    refuse: int = 0
    greeting: list[bytes] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    sent: int = 0
    port: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _open: set[ServerConnection] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"ws://127.0.0.1:{self.port}{PATHS[self.wire]}"

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def cursors(self) -> list[int | None]:
        """The cursor of each connection so far, in order."""
        return [int(asked["cursor"][0]) if "cursor" in asked else None for asked in self.asked]

    async def publish(self, *frames: tuple[int, bytes]) -> None:
        """Add frames to the history; whoever is connected gets them."""
        async with self._news:
            self.history.extend(frames)
            self._news.notify_all()

    async def drop(self) -> None:
        """Break every connection, as a network does."""
        for connection in list(self._open):
            connection.transport.abort()

    def _admit(self, _: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        assert parts.path == PATHS[self.wire]
        self.asked.append(parse_qs(parts.query))
        if not self.refuse:
            return None
        self.refuse -= 1
        headers = websockets.Headers([("Content-Type", "application/json"), ("Connection", "close")])
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, "down", headers, b'{"error":"Down","message":"later"}')

    async def _more_than(self, known: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: len(self.history) > known)

    async def _serve(self, connection: ServerConnection) -> None:
        cursor = self.cursors()[-1]
        self._open.add(connection)
        try:
            for frame in self.greeting:
                await connection.send(frame, text=True)
            at = len(self.history)
            if cursor is not None:
                begin = max(cursor, self.oldest_us)
                at = next((n for n, (time_us, _) in enumerate(self.history) if time_us >= begin), at)
            while connection.state is websockets.State.OPEN:
                await first_of(self._more_than(at), connection.wait_closed())
                for _, frame in self.history[at:]:
                    await connection.send(frame, text=True)
                    self.sent += 1
                    at += 1
        except websockets.ConnectionClosed:
            pass
        finally:
            self._open.discard(connection)


@asynccontextmanager
async def jetstream(wire: Wire) -> AsyncIterator[JetstreamServer]:
    """A Jetstream on a spare loopback port while the block runs."""
    server = JetstreamServer(wire)
    subprotocols = [websockets.Subprotocol("xrpc.v1.json")] if wire == "v2" else None
    async with serve(
        server._serve, "127.0.0.1", 0, process_request=server._admit, subprotocols=subprotocols, compression=None
    ) as running:
        server.port = _port(running)
        yield server
        await server.drop()


def _port(running: Server) -> int:
    port: int = next(iter(running.sockets)).getsockname()[1]
    return port
