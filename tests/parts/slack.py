"""Slack as it is documented: an incoming webhook with Block Kit's bounds, and the signature of what it sends."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.parts.http_servers import Request

PATH = "/services/T000/B000/XXXXXXXX"
#: What Slack makes of text in mrkdwn: a call for somebody, or a link.
CALLS = re.compile(r"<([!@#][^>]*)>")
LINK = re.compile(r"<?https?://[^\s>|]+|(?<![\w@.])(?:[a-z0-9-]+\.)+[a-z]{2,}(?=[/\s]|$)", re.IGNORECASE)
BOUNDS = {"header": 150, "section": 3000, "button": 75}


@dataclass(slots=True)
class SlackChannel:
    """One channel behind a webhook. `archived` refuses everything; `answers` is what came to response addresses."""

    path: str = PATH
    left: int = 1_000
    archived: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: Request) -> web.Response:
        """One message, or one answer to a press."""
        if request.path.startswith("/actions/"):
            self.answers.append(json.loads(request.body))
            return web.Response(text="ok")
        if request.path != self.path:
            return web.Response(status=404, text="no_service")
        if self.left <= 0:
            return web.Response(status=429, text="rate_limited", headers={"Retry-After": "30"})
        self.left -= 1
        if self.archived:
            return web.Response(status=410, text="channel_is_archived")
        try:
            message = json.loads(request.body)
            wrong = not message.get("text") or any(_breaks_a_bound(block) for block in message["blocks"])
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400, text="invalid_payload")
        if wrong:
            return web.Response(status=400, text="invalid_blocks")
        self.messages.append(message)
        return web.Response(text="ok")


def calls(message: dict[str, Any]) -> set[str]:
    """Who is called by a message: what stands in angle brackets where mrkdwn is read."""
    return {found for text in _mrkdwn(message) for found in CALLS.findall(text)}


def links(message: dict[str, Any]) -> set[str]:
    """What anybody's client could make a link of and fetch, the addresses of buttons left out."""
    return {found for text in _texts(message) for found in LINK.findall(text)}


def signed(body: bytes, secret: str, timestamp_s: int) -> dict[str, str]:
    """The headers with which Slack sends ``body``."""
    base = b"v0:" + str(timestamp_s).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(timestamp_s),
        "X-Slack-Signature": f"v0={digest}",
    }


def pressed(message: dict[str, Any], member: str, response_url: str, *, button: int = 0) -> bytes:
    """What Slack sends when `member` presses a button of `message`."""
    elements = next(block["elements"] for block in message["blocks"] if block["type"] == "actions")
    payload = {
        "type": "block_actions",
        "user": {"id": member, "username": "someone", "team_id": "T000"},
        "api_app_id": "A000",
        "container": {"type": "message", "message_ts": "1548261231.000200"},
        "response_url": response_url,
        "message": message,
        "actions": [elements[button] | {"type": "button", "action_ts": "1548426417.840180"}],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def _breaks_a_bound(block: dict[str, Any]) -> bool:
    if block["type"] == "actions":
        return any(len(button["text"]["text"]) > BOUNDS["button"] for button in block["elements"])
    text = block["text"]["text"] if "text" in block else block["elements"][0]["text"]
    return not 0 < len(text) <= BOUNDS.get(block["type"], 3000)


def _mrkdwn(message: dict[str, Any]) -> Iterator[str]:
    yield message["text"]
    for block in message["blocks"]:
        for part in [block.get("text", {}), *block.get("elements", [])]:
            if part.get("type") == "mrkdwn":
                yield part["text"]


def _texts(message: dict[str, Any]) -> Iterator[str]:
    yield message["text"]
    for block in message["blocks"]:
        for part in [block.get("text", {}), *block.get("elements", [])]:
            yield part["text"]["text"] if part.get("type") == "button" else part.get("text", "")
