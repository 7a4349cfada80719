"""Mastodon's scheduled statuses: five minutes at least, 25 a day, and a queue that a new time comes too late for."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import MINUTE_MS, Held, Refused, Server, moment, ms

PATH = "/api/v1/scheduled_statuses"
SOONEST_MS = 5 * MINUTE_MS


@dataclass
class MastodonServer(Server):
    """One account's scheduled statuses."""

    kind = SchedulerKind.MASTODON
    daily_limit: int = 25

    def new_id(self, number: int) -> str:
        """Numbers, as text."""
        return str(3_000 + number)

    def until(self, now_ms: int) -> list[str]:
        """From five minutes before its time a status is in the queue, with the time that it had then."""
        self.now_ms = now_ms
        self.enqueue()
        out = [post for post in self.posts.values() if self.goes_out(post)]
        for post in out:
            post.state = "sent"
        return [post.id for post in out]

    def enqueue(self) -> None:
        """What Mastodon's scheduler does every few minutes."""
        for post in self.posts.values():
            if post.queued_ms is None and post.state == "scheduled" and post.due_ms <= self.their_ms + SOONEST_MS:
                post.queued_ms = post.due_ms

    def goes_out(self, post: Held) -> bool:
        """By the time in the queue."""
        return post.state == "scheduled" and post.queued_ms is not None and post.queued_ms <= self.their_ms

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """The index, one status, and a new one."""
        self.enqueue()
        if raw.path == "/api/v1/statuses":
            return self._make(json.loads(request.body))
        if raw.path == PATH:
            return self._index(int(raw.query.get("limit", "20")), raw.query.get("max_id"))
        post = self.known(raw.path.removeprefix(f"{PATH}/"))
        match request.method:
            case "PUT":
                self._put_off(post, ms(json.loads(request.body)["scheduled_at"]))
            case "DELETE":
                self.change(post, lambda: setattr(post, "state", "deleted"))
                return web.json_response({})
        return web.json_response(_shown(post))

    def known(self, post: str) -> Held:
        """What went out is not there either."""
        if self.posts.get(post) is not None and self.posts[post].state == "sent":
            raise Refused(self.missing())
        return super().known(post)

    def _index(self, limit: int, max_id: str | None) -> web.Response:
        there = [post for post in self.posts.values() if post.state == "scheduled"]
        there = [post for post in there if max_id is None or int(post.id) < int(max_id)]
        newest = sorted(there, key=lambda post: -int(post.id))[: min(limit, 40)]
        return web.json_response([_shown(post) for post in newest])

    def _put_off(self, post: Held, due_ms: int) -> None:
        self._check(due_ms, post)
        self.change(post, lambda: setattr(post, "due_ms", due_ms))

    def _make(self, asked: dict[str, object]) -> web.Response:
        due_ms = ms(str(asked["scheduled_at"]))
        self._check(due_ms, None)
        (new,) = self.add((due_ms - self.their_ms) / MINUTE_MS, text=str(asked["status"]))
        return web.json_response(_shown(self.posts[new]))

    def _check(self, due_ms: int, but: Held | None) -> None:
        day = due_ms // 86_400_000
        others = [post for post in self.posts.values() if post is not but and post.due_ms // 86_400_000 == day]
        too_soon = due_ms <= self.their_ms + SOONEST_MS
        if too_soon or sum(post.state == "scheduled" for post in others) >= self.daily_limit:
            said = {"error": "Validation failed: Scheduled at The scheduled date must be in the future"}
            raise Refused(web.json_response(said, status=422))


def _shown(post: Held) -> dict[str, object]:
    params = {"text": post.text, "poll": None, "media_ids": None, "sensitive": None, "visibility": "public"}
    return {"id": post.id, "scheduled_at": moment(post.due_ms), "params": params, "media_attachments": []}
