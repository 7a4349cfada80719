"""Postiz' public API: posts between two dates, and a status that is changed; it answers well whatever came of that."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import TOKEN, Server, moment, ms

STATE = {"scheduled": "QUEUE", "draft": "DRAFT", "sent": "PUBLISHED"}


@dataclass
class PostizServer(Server):
    """One integration, and another that is none of ours."""

    kind = SchedulerKind.POSTIZ

    def more_settings(self) -> dict[str, object]:
        """Postiz' id of the account."""
        return {"channel": "int-1"}

    def signed(self, request: Request) -> bool:
        """The key itself, without a word before it."""
        return request.headers.get("Authorization") == TOKEN

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """The list, or a change of status."""
        if request.method == "GET":
            begin_ms, end_ms = ms(raw.query["startDate"]), ms(raw.query["endDate"])
            listed = [
                {
                    "id": post.id,
                    "group": f"group-{post.id}",
                    "content": post.text,
                    "publishDate": moment(post.due_ms),
                    "state": STATE[post.state],
                    "integration": {"id": "int-1", "providerIdentifier": "x"},
                }
                for post in self.posts.values()
                if post.state != "deleted" and begin_ms <= post.due_ms <= end_ms
            ]
            stranger = {
                "id": "other",
                "publishDate": moment(begin_ms),
                "state": "QUEUE",
                "integration": {"id": "int-2"},
            }
            return web.json_response({"posts": [*listed, stranger]})
        post = self.known(raw.path.split("/")[2])
        status = json.loads(request.body)["status"]
        new = "draft" if status == "draft" else "sent" if post.due_ms <= self.their_ms else "scheduled"
        self.change(post, lambda: setattr(post, "state", new))
        return web.json_response({"id": post.id, "state": "DRAFT" if status == "draft" else "QUEUE"})

    def unauthorised(self) -> web.Response:
        """As Postiz says it."""
        return web.json_response({"msg": f"Invalid API key {TOKEN}"}, status=401)
