"""Hootsuite's messages: spans of four weeks, cursors, approvals with their number, no drafts, tokens of an hour."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import DAY_MS, MINUTE_MS, TOKEN, Held, Refused, Server, moment, ms

PROFILE = "115185509"
STATE = {
    "scheduled": "SCHEDULED",
    "pending": "PENDING_APPROVAL",
    "rejected": "REJECTED",
    "sending": "SUBMITTED",
    "sent": "SENT",
}


@dataclass
class HootsuiteServer(Server):
    """One social profile."""

    kind = SchedulerKind.HOOTSUITE
    tokens: int = 0

    def new_id(self, number: int) -> str:
        """Numbers, as text."""
        return str(4_138_000_000 + number)

    def more_settings(self) -> dict[str, object]:
        """An app that signs in as a member."""
        return {"channel": PROFILE, "user": "app-1", "member": "1389211223"}

    def signed(self, request: Request) -> bool:
        """By the newest token; the app itself by its secret."""
        if request.path == "/oauth2/token":
            secret = base64.b64encode(f"app-1:{TOKEN}".encode()).decode()
            return request.headers.get("Authorization") == f"Basic {secret}"
        return request.headers.get("Authorization") == f"Bearer hour-{self.tokens}"

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """A token, the list, one message, an end of it, a new one."""
        if raw.path == "/oauth2/token":
            assert parse_qs(request.body.decode()) == {"grant_type": ["member_app"], "member_id": ["1389211223"]}
            self.tokens += 1
            return web.json_response({"access_token": f"hour-{self.tokens}", "expires_in": 3599})
        if raw.path == "/v1/messages":
            return self._make(json.loads(request.body)) if request.method == "POST" else self._list(raw)
        post = self.known(raw.path.split("/")[3])
        if request.method == "DELETE":
            self.change(post, lambda: setattr(post, "state", "deleted"))
            return web.json_response({})
        if raw.path.endswith("/reject"):
            asked = json.loads(request.body)
            if not asked["reason"] or asked["sequenceNumber"] != 3 or post.state != "pending":
                raise Refused(web.json_response({"errors": [{"code": 1005, "message": "no"}]}, status=400))
            self.change(post, lambda: setattr(post, "state", "rejected"))
            return web.json_response({"data": {}})
        return web.json_response({"data": _shown(post)})

    def unauthorised(self) -> web.Response:
        """As Hootsuite says it."""
        return web.json_response({"errors": [{"code": 1001, "message": f"{TOKEN} expired"}]}, status=401)

    def _list(self, raw: web.Request) -> web.Response:
        begin_ms, end_ms, limit = (
            ms(raw.query["startTime"]),
            ms(raw.query["endTime"]),
            int(raw.query.get("limit", "50")),
        )
        if end_ms - begin_ms > 28 * DAY_MS or limit > 100 or raw.query["socialProfileIds"] != PROFILE:
            raise Refused(web.json_response({"errors": [{"code": 4000, "message": "no"}]}, status=400))
        there = [p for p in self.posts.values() if p.state != "deleted" and begin_ms <= p.due_ms <= end_ms]
        there.sort(key=lambda post: (post.due_ms, post.id))
        begin = int(raw.query.get("cursor", "0"))
        more = str(begin + limit) if begin + limit < len(there) else None
        shown = [_shown(post) for post in there[begin : begin + limit]]
        return web.json_response({"data": shown, "metadata": {"cursor": {"next": more}}})

    def _make(self, asked: dict[str, object]) -> web.Response:
        assert asked["socialProfileIds"] == [PROFILE]
        due_ms = ms(str(asked["scheduledSendTime"]))
        if due_ms <= self.their_ms + 5 * MINUTE_MS:
            raise Refused(web.json_response({"errors": [{"code": 4001, "message": "too soon"}]}, status=400))
        (new,) = self.add((due_ms - self.their_ms) / MINUTE_MS, text=str(asked["text"]))
        if self.acts_then_500:
            raise Refused(self.broken())
        return web.json_response({"data": [_shown(self.posts[new])]})


def _shown(post: Held) -> dict[str, object]:
    shown = {"id": post.id, "state": STATE[post.state], "text": post.text, "scheduledSendTime": moment(post.due_ms)}
    return shown | {"socialProfile": {"id": PROFILE}, "sequenceNumber": 3 if post.state == "pending" else None}
