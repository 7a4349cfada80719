"""A Facebook Page's scheduled posts: cursors, error codes, 10 minutes to 30 days ahead, the last 3 minutes locked."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import DAY_MS, MINUTE_MS, Held, Refused, Server

PAGE = "104"


@dataclass
class FacebookServer(Server):
    """One page."""

    kind = SchedulerKind.FACEBOOK
    locked_s: float = 180.0
    busy_code: int = 4

    def new_id(self, number: int) -> str:
        """The page's id and the post's."""
        return f"{PAGE}_{9000 + number}"

    def more_settings(self) -> dict[str, object]:
        """Whose posts."""
        return {"channel": PAGE}

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """The edge, one post, a change, a deletion."""
        if raw.path == f"/{PAGE}/scheduled_posts":
            return self._edge(int(raw.query["limit"]), raw.query.get("after"))
        post = self.known(raw.path.removeprefix("/"))
        match request.method:
            case "POST":
                due_s = int(parse_qs(request.body.decode())["scheduled_publish_time"][0])
                self._reschedule(post, due_s * 1000)
                return web.json_response({"success": True})
            case "DELETE":
                self.change(post, lambda: setattr(post, "state", "deleted"))
                return web.json_response({"success": True})
        return web.json_response(_shown(post))

    def unauthorised(self) -> web.Response:
        """HTTP 401 with code 190."""
        return _error(190, status=401)

    def busy(self) -> web.Response:
        """HTTP 403 with a code: not 429, and no word of when again."""
        return _error(self.busy_code, status=403)

    def locked(self) -> web.Response:
        """A post that is about to go."""
        return _error(100)

    def missing(self) -> web.Response:
        """Code 100 with its subcode."""
        return _error(100, 33)

    def _edge(self, limit: int, after: str | None) -> web.Response:
        there = sorted((p for p in self.posts.values() if p.state == "scheduled"), key=lambda p: p.id)
        begin = next((n for n, post in enumerate(there, 1) if post.id == after), 0)
        page = there[begin : begin + limit]
        paging: dict[str, object] = {"cursors": {"before": page[0].id, "after": page[-1].id}} if page else {}
        if begin + limit < len(there):
            paging["next"] = f"{self.url}/{PAGE}/scheduled_posts?after={page[-1].id}"
        return web.json_response({"data": [_shown(post) for post in page], "paging": paging})

    def _reschedule(self, post: Held, due_ms: int) -> None:
        if not self.their_ms + 10 * MINUTE_MS <= due_ms <= self.their_ms + 30 * DAY_MS:
            raise Refused(_error(100))
        self.change(post, lambda: setattr(post, "due_ms", due_ms))


def _shown(post: Held) -> dict[str, object]:
    shown: dict[str, object] = {"id": post.id, "message": post.text, "is_published": post.state == "sent"}
    return shown | ({"scheduled_publish_time": post.due_ms // 1000} if post.state == "scheduled" else {})


def _error(code: int, subcode: int | None = None, *, status: int = 400) -> web.Response:
    said = {"message": "(#1) It failed", "type": "OAuthException", "code": code, "fbtrace_id": "x"}
    return web.json_response({"error": said | ({"error_subcode": subcode} if subcode else {})}, status=status)
