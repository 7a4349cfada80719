"""WordPress' posts by the REST API: application password, pages of 100, ``date`` in the site's own time."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import TOKEN, Held, Refused, Server, moment, ms

PATH = "/wp-json/wp/v2/posts"
STATUS = {"scheduled": "future", "draft": "draft", "sent": "publish", "deleted": "trash"}


@dataclass
class WordPressServer(Server):
    """One site, seven hours behind UTC."""

    kind = SchedulerKind.WORDPRESS

    def new_id(self, number: int) -> str:
        """Numbers."""
        return str(number)

    def more_settings(self) -> dict[str, object]:
        """Who signs in."""
        return {"user": "editor"}

    def signed(self, request: Request) -> bool:
        """By a name and an application password."""
        return request.headers.get("Authorization") == "Basic " + base64.b64encode(f"editor:{TOKEN}".encode()).decode()

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """The list, one post, a change."""
        if raw.path == PATH:
            return self._list(raw)
        post = self.known(raw.path.removeprefix(f"{PATH}/"))
        if request.method == "POST":
            self._update(post, json.loads(request.body))
        return web.json_response(_shown(post))

    def missing(self) -> web.Response:
        """As WordPress says it."""
        return web.json_response({"code": "rest_post_invalid_id", "message": "Invalid post ID."}, status=404)

    def locked(self) -> web.Response:
        """Another user's post, say."""
        return web.json_response({"code": "rest_cannot_edit", "message": "Sorry"}, status=400)

    def _list(self, raw: web.Request) -> web.Response:
        assert (raw.query["status"], raw.query["context"]) == ("future", "edit")
        size, page = int(raw.query["per_page"]), int(raw.query["page"])
        future = sorted((p for p in self.posts.values() if p.state == "scheduled"), key=lambda p: (p.due_ms, p.id))
        pages = -(-len(future) // size)
        if page > max(1, pages):
            said = {"code": "rest_post_invalid_page_number", "message": "No such page"}
            raise Refused(web.json_response(said, status=400))
        shown = [_shown(post) for post in future[(page - 1) * size : page * size]]
        return web.json_response(shown, headers={"X-WP-Total": str(len(future)), "X-WP-TotalPages": str(pages)})

    def _update(self, post: Held, asked: dict[str, str]) -> None:
        def act() -> None:
            post.due_ms = ms(asked["date_gmt"]) if "date_gmt" in asked else post.due_ms
            post.state = {"draft": "draft", "future": "scheduled"}[asked["status"]]
            if post.state == "scheduled" and post.due_ms <= self.their_ms:
                post.state = "sent"  # a future post with a past date is published at once

        self.change(post, act)


def _shown(post: Held) -> dict[str, object]:
    gmt, local = moment(post.due_ms)[:19], moment(post.due_ms - 7 * 3_600_000)[:19]
    return {
        "id": int(post.id),
        "status": STATUS[post.state],
        "date": local,
        "date_gmt": gmt,
        "title": {"raw": post.text, "rendered": post.text},
        "content": {"raw": "", "rendered": ""},
    }
