"""What the servers of all schedulers share: posts with times, a clock of their own, sending what is due, and faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import ClassVar

from aiohttp import web

from playbooks.listening import listening
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.settings.section import SecretFrom
from tests.parts.http_servers import Request

TOKEN = "scheduler-token-of-the-tests"
TOKEN_VARIABLE = "FIREBREAK_TEST_SCHEDULER_TOKEN"
BEGIN_MS = 1_790_000_000_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000


@dataclass
class Held:
    """A post. `state` is a word of ours: scheduled, draft, pending, rejected, sending, sent, deleted."""

    id: str
    due_ms: int
    text: str = "Buy now"
    state: str = "scheduled"
    #: Whether the job that sends it has been begun: a new time comes too late for it (Mastodon's queue).
    queued_ms: int | None = None


class Refused(Exception):
    """The server answers with this."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass
class Server:
    """One account. A test moves `now_ms` (our clock) on with `until`; the server's own is `ahead_ms` ahead of it.

    Faults: after `busy_after` requests, `busy_for` of them are refused; after `revoked_after` the token counts no more;
    `no_effect`: changes are answered well and not made; `acts_then_500`: they are made and not answered well;
    `locked_s`: what is due so soon refuses changes; `down`: no answer is sensible.
    """

    kind: ClassVar[SchedulerKind]

    now_ms: int = BEGIN_MS
    ahead_ms: int = 0
    posts: dict[str, Held] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    busy_after: int | None = None
    busy_for: int = 10**9
    revoked_after: int | None = None
    no_effect: bool = False
    acts_then_500: bool = False
    locked_s: float = 0.0
    down: bool = False
    url: str = ""
    made: int = 0

    def clock(self) -> int:
        """Ours."""
        return self.now_ms

    @property
    def their_ms(self) -> int:
        """The server's."""
        return self.now_ms + self.ahead_ms

    def add(self, *due_in_min: float, state: str = "scheduled", text: str = "Buy now") -> list[str]:
        """Schedule posts so many minutes from now, by the server's clock; their ids."""
        made = []
        for minutes in due_in_min:
            self.made += 1
            post = Held(self.new_id(self.made), self.their_ms + int(minutes * MINUTE_MS), text, state)
            self.posts[post.id] = post
            made.append(post.id)
        return made

    def new_id(self, number: int) -> str:
        """An id as this API makes them."""
        return f"post-{number:06}"

    def until(self, now_ms: int) -> list[str]:
        """Time goes on to `now_ms`: what falls due meanwhile goes out; its ids."""
        self.now_ms = now_ms
        out = [post for post in self.posts.values() if self.goes_out(post)]
        for post in out:
            post.state = "sent"
        return [post.id for post in out]

    def goes_out(self, post: Held) -> bool:
        """Whether a post goes out by now."""
        return post.state == "scheduled" and post.due_ms <= self.their_ms

    def state(self, post: str) -> str:
        """Where a post stands."""
        return self.posts[post].state

    def settings(self, **changed: object) -> SchedulerSettings:
        """What Firebreak is told of it."""
        known: dict[str, object] = {"kind": self.kind, "brand": "acme", "platform": "x", "url": self.url}
        known |= {"token": SecretFrom(env=TOKEN_VARIABLE), **self.more_settings(), **changed}
        return SchedulerSettings(**known)  # type: ignore[arg-type]

    def more_settings(self) -> dict[str, object]:
        """What this kind needs beside."""
        return {}

    def change(self, post: Held, act: Callable[[], None]) -> None:
        """Change a post, as far as the faults let it."""
        if post.due_ms <= self.their_ms + self.locked_s * 1000:
            raise Refused(self.locked())
        if not self.no_effect:
            act()
        if self.acts_then_500:
            raise Refused(self.broken())

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        found = Request(request.path_qs, dict(request.headers), await request.read(), request.method)
        self.requests.append(found)
        number = len(self.requests)
        try:
            if self.down:
                raise Refused(self.broken())
            if not self.signed(found) or (self.revoked_after is not None and number > self.revoked_after):
                raise Refused(self.unauthorised())
            if self.busy_after is not None and self.busy_after < number <= self.busy_after + self.busy_for:
                raise Refused(self.busy())
            answer = await self.answer(found, request)
        except Refused as refused:
            answer = refused.answer
        answer.headers["Date"] = format_datetime(datetime.fromtimestamp(self.their_ms // 1000, UTC), usegmt=True)
        return answer

    def signed(self, request: Request) -> bool:
        """Whether the request is signed in."""
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """The API itself."""
        raise NotImplementedError

    def unauthorised(self) -> web.Response:
        """What a token that is worth nothing is told."""
        return web.json_response({"error": f"The access token {TOKEN} is invalid"}, status=401)

    def busy(self) -> web.Response:
        """What is told to who asks too often."""
        return web.json_response({"error": "Too many requests"}, status=429, headers={"Retry-After": "7"})

    def broken(self) -> web.Response:
        """What a server says that breaks."""
        return web.Response(status=500, text=f"<html>{TOKEN}: it broke</html>")

    def locked(self) -> web.Response:
        """What is said of a post that can no longer be changed."""
        return web.json_response({"error": "It is too late for changes"}, status=422)

    def missing(self) -> web.Response:
        """What is said of a post that is not there."""
        return web.json_response({"error": "Record not found"}, status=404)

    def known(self, post: str) -> Held:
        """A post, if it is there."""
        if post not in self.posts or self.posts[post].state == "deleted":
            raise Refused(self.missing())
        return self.posts[post]


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    """Serve `server` while the block runs."""
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", server.take)
    async with listening(app, "127.0.0.1", 0, "port") as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server
        await asyncio.sleep(0)


def moment(at_ms: int) -> str:
    """A moment as these APIs write it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03}Z"


def ms(written: str) -> int:
    """The moment that was written, as UTC where it says nothing."""
    found = datetime.fromisoformat(written)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
