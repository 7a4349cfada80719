"""A scheduler of one's own, as docs/schedulers.md asks for it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import TOKEN, Refused, Server, moment, ms

STATE = {"scheduled": "scheduled", "draft": "stopped", "sent": "sent", "pending": "pending", "deleted": "gone"}
PAGE = 200


@dataclass
class OwnServer(Server):
    """One account."""

    kind = SchedulerKind.WEBHOOK

    def more_settings(self) -> dict[str, object]:
        """The account as holds name it."""
        return {"account": "@acme"}

    def signed(self, request: Request) -> bool:
        """By HMAC over the time and the body."""
        base = request.headers.get("X-Firebreak-Timestamp", "").encode() + b"." + request.body
        wanted = hmac.new(TOKEN.encode(), base, hashlib.sha256).hexdigest()
        return hmac.compare_digest(request.headers.get("X-Firebreak-Signature", ""), wanted)

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """One question."""
        asked = json.loads(request.body)
        assert (asked["brand"], asked["platform"], asked["account"]) == ("acme", "x", "@acme")
        match asked["ask"]:
            case "look":
                return self._look(ms(asked["until"]), int(asked["cursor"] or 0))
            case "where":
                return web.json_response(
                    {"posts": [self._shown(post) for post in asked["posts"] if post in self.posts]}
                )
            case "stop":
                return web.json_response({"stopped": [post for post in asked["posts"] if self._stop(post)]})
            case "restore":
                post = self.known(asked["post"])
                due_ms = post.due_ms if asked["due_at"] is None else ms(asked["due_at"])
                state = "draft" if asked["due_at"] is None else "scheduled"
                self.change(post, lambda: vars(post).update(due_ms=due_ms, state=state))
                return web.json_response({"id": post.id})
            case _:
                return web.json_response({})

    def _look(self, until_ms: int, begin: int) -> web.Response:
        going = [p for p in self.posts.values() if p.state in ("scheduled", "pending") and p.due_ms <= until_ms]
        going.sort(key=lambda post: (post.due_ms, post.id))
        shown = [self._shown(post.id) for post in going[begin : begin + PAGE]]
        return web.json_response({"posts": shown, "next": begin + PAGE if begin + PAGE < len(going) else None})

    def _stop(self, post: str) -> bool:
        try:
            held = self.known(post)
            self.change(held, lambda: setattr(held, "state", "draft"))
        except Refused as refused:
            if refused.answer.status == 500:
                raise
            return False
        return True

    def _shown(self, post: str) -> dict[str, object]:
        held = self.posts[post]
        return {"id": held.id, "state": STATE[held.state], "due_at": moment(held.due_ms), "text": held.text}
