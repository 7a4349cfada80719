"""A press on the button of a message in Slack.

Slack signs the bytes of the body together with its time (``v0=`` and HMAC-SHA256 by the app's signing secret); what is
older than five minutes, or from the future, is a repeat by somebody else.

Sources: Slack, "Verifying requests from Slack"; "Handling user interaction: block_actions payloads".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from playbooks.effects.slack import ACKNOWLEDGE
from playbooks.incoming.heard import Pressed, Unheard
from playbooks.secret import Secret

#: How far a request's time may be from ours, either way.
WINDOW_S = 300


class _User(msgspec.Struct):
    id: str


class _Action(msgspec.Struct):
    action_id: str
    value: str = ""


class _Message(msgspec.Struct):
    blocks: list[dict[str, Any]] = []


class _Payload(msgspec.Struct):
    type: str
    user: _User | None = None
    actions: list[_Action] = []
    response_url: str = ""
    message: _Message = msgspec.field(default_factory=_Message)


def heard(headers: Mapping[str, str], body: bytes, secret: Secret, now_ms: int) -> Pressed | Unheard:
    """What Slack says, or why nothing follows from it."""
    stamp = headers.get("X-Slack-Request-Timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return Unheard.NOT_SIGNED
    if not hmac.compare_digest(signature(secret, stamp, body).encode(), headers.get("X-Slack-Signature", "").encode()):
        return Unheard.NOT_SIGNED
    if abs(now_ms / 1000 - int(stamp)) > WINDOW_S:
        return Unheard.TOO_OLD
    try:
        said = msgspec.json.decode(parse_qs(body.decode(), max_num_fields=20)["payload"][0], type=_Payload)
    except (KeyError, ValueError):  # msgspec's faults and what is no UTF-8 are ValueErrors too
        return Unheard.NOT_UNDERSTOOD
    return _pressed(said)


def signature(secret: Secret, stamp: str, body: bytes) -> str:
    """What ``X-Slack-Signature`` must be.

    >>> signature(Secret("8f742231b10e8888abcd99yyyzzz85a5"), "1531420618", b"payload=%7B%7D")[:12]
    'v0=90020873e'
    """
    base = b"v0:" + stamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.reveal().encode(), base, hashlib.sha256).hexdigest()


def same_house(address: str, webhook: Secret) -> bool:
    """Whether an address that came with a request belongs to the server that our messages go to.

    >>> same_house("https://hooks.slack.com/actions/T0/1", Secret("https://hooks.slack.com/services/T0/B0/X"))
    True
    >>> same_house("https://hooks.slack.com.evil.example/", Secret("https://hooks.slack.com/services/T0/B0/X"))
    False
    """
    try:
        there, ours = urlsplit(address), urlsplit(webhook.reveal())
        return (there.scheme, there.hostname, there.port) == (ours.scheme, ours.hostname, ours.port)
    except ValueError:
        return False


def answer(pressed: Pressed, words: str, *, done: bool) -> dict[str, object]:
    """What the message says from now on; where it was not `done`, only the person who pressed is told."""
    said = {"type": "plain_text", "text": words, "emoji": False}
    if not done:
        return {"response_type": "ephemeral", "replace_original": False, "text": words}
    kept = [block for block in (_without_button(block) for block in pressed.blocks) if block is not None]
    return {
        "replace_original": True,
        "text": words,
        "blocks": [*kept[:49], {"type": "context", "elements": [said]}],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _pressed(said: _Payload) -> Pressed | Unheard:
    action = next((action for action in said.actions if action.action_id == ACKNOWLEDGE), None)
    # A press on a button that is a link is told too, and means nothing.
    if said.type != "block_actions" or action is None:
        return Unheard.NOTHING_TO_DO
    if said.user is None or not action.value:
        return Unheard.NOT_UNDERSTOOD
    return Pressed(action.value, said.user.id, said.response_url, said.message.blocks)


def _without_button(block: dict[str, Any]) -> dict[str, Any] | None:
    if block.get("type") != "actions":
        return block
    left = [one for one in block.get("elements", []) if one.get("action_id") != ACKNOWLEDGE]
    return {**block, "elements": left} if left else None
