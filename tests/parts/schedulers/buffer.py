"""Buffer's GraphQL endpoint, as far as Firebreak asks it: posts, post, editPost, several by one request.

Always HTTP 200, but for 401 and 429; what is wrong stands in ``errors``, or in the place of the post.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from playbooks.settings.schedulers import SchedulerKind
from tests.parts.http_servers import Request
from tests.parts.schedulers.server import Held, Refused, Server, moment, ms

STATUS = {"scheduled": "scheduled", "draft": "draft", "pending": "needs_approval", "sending": "sending", "sent": "sent"}
#: A field of the request: its alias, which it is, and its input.
FIELD = re.compile(r"(\w+): (post|editPost)\(input: \{([^}]*)\}\)")
MAX_ALIASES = 15


@dataclass
class BufferServer(Server):
    """One channel of one organization."""

    kind = SchedulerKind.BUFFER

    def more_settings(self) -> dict[str, object]:
        """Buffer's ids."""
        return {"organization": "org-1", "channel": "chan-1"}

    async def answer(self, request: Request, raw: web.Request) -> web.Response:
        """One request, which may hold several fields."""
        asked = json.loads(request.body)
        variables = asked["variables"]
        if "posts(" in asked["query"]:
            assert variables["organization"] == "org-1"
            assert variables["channel"] == "chan-1"
            return web.json_response({"data": {"posts": self._list(variables.get("after"))}})
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        fields = FIELD.findall(asked["query"])
        assert 0 < len(fields) <= MAX_ALIASES
        for alias, field, given in fields:
            values = dict(pair.split(": ") for pair in given.split(", "))
            known = {name: variables.get(value.removeprefix("$"), value) for name, value in values.items()}
            try:
                post = self.known(known["id"])
                data[alias] = _shown(post) if field == "post" else self._edit(post, known)
            except Refused:
                if field == "editPost":
                    data[alias] = {"__typename": "NotFoundError", "message": f"no {known['id']}"}
                else:
                    data[alias] = None
                    errors.append(_error("NOT_FOUND", alias))
        if self.acts_then_500 and "editPost" in asked["query"]:
            return self.broken()
        return web.json_response({"data": data} | ({"errors": errors} if errors else {}))

    def unauthorised(self) -> web.Response:
        """Not authorised."""
        return web.json_response({"data": None, "errors": [_error("UNAUTHORIZED")]}, status=401)

    def busy(self) -> web.Response:
        """When again stands in the body."""
        error = _error("RATE_LIMIT_EXCEEDED")
        error["extensions"]["retryAfter"] = 7
        return web.json_response({"errors": [error]}, status=429)

    def _list(self, after: str | None) -> dict[str, Any]:
        going = [post for post in self.posts.values() if post.state in ("scheduled", "pending", "sending")]
        going.sort(key=lambda post: (post.due_ms, post.id))
        begin = next((n for n, post in enumerate(going, 1) if post.id == after), 0)
        page = going[begin : begin + 100]
        more = begin + 100 < len(going)
        edges = [{"cursor": post.id, "node": _shown(post)} for post in page]
        return {"edges": edges, "pageInfo": {"hasNextPage": more, "endCursor": page[-1].id if page else None}}

    def _edit(self, post: Held, given: dict[str, Any]) -> dict[str, Any]:
        if post.due_ms <= self.their_ms + self.locked_s * 1000:
            return {"__typename": "InvalidInputError", "message": f"{post.text} can no longer be edited"}
        if not self.no_effect:
            post.state = "draft" if given["saveToDraft"] == "true" else "scheduled"
            post.due_ms = ms(given["dueAt"]) if "dueAt" in given else post.due_ms
        return {"post": _shown(post)}


def _shown(post: Held) -> dict[str, Any]:
    return {"id": post.id, "status": STATUS[post.state], "dueAt": moment(post.due_ms), "text": post.text}


def _error(code: str, alias: str = "") -> dict[str, Any]:
    said: dict[str, Any] = {"message": f"It failed: {code}", "extensions": {"code": code}}
    return said | ({"path": [alias]} if alias else {})
