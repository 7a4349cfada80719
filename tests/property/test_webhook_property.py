"""Whatever is posted to the webhook: an answer in JSON, no 202 without a signature, every line accounted for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.mention import Mention, decode_mention, encode_mention
from playbooks.listening import listening
from playbooks.secret import Secret
from streams.sources.signature import sign
from streams.sources.webhook import PATH, SIGNATURE, TIMESTAMP, Webhook, webhook_app
from streams.sources.webhook_body import TooManyLines, read_body
from tests.parts.mentions import line

SECRET = Secret("a secret of thirty-two characters")

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_fields = ["id", "platform", "brand", "text", "created_at", "author", "links", "deleted", "run", "reach"]
_mention = st.builds(lambda number, changes: json.dumps(json.loads(line(number)) | changes).encode(), st.integers(),
                     st.dictionaries(st.sampled_from(_fields), _json, max_size=2))  # fmt: skip
_line = _mention | _json.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30) | st.just(line(1))
_body = st.lists(_line, max_size=6).map(b"\n".join) | st.binary(max_size=100)


class Kept:
    """Takes everything."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []

    async def send_mentions(self, mentions: Sequence[Mention]) -> None:
        """Keep them."""
        self.mentions.extend(mentions)


@given(_body, st.none() | st.just(frozenset({"acme"})))
def test_every_line_of_any_body_is_a_mention_or_rejected(body: bytes, brands: frozenset[str] | None) -> None:
    try:
        batch = read_body(body, brands)
    except TooManyLines:
        return
    lines = [found for found in body.split(b"\n") if found.strip()]
    assert len(batch.mentions) + len(batch.rejected) in (len(lines), 1)
    assert batch.mentions or batch.rejected
    for mention in batch.mentions:
        assert decode_mention(encode_mention(mention)) == mention
        assert brands is None or mention.brand in brands


_header = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0", exclude_categories=["Cc"]), max_size=70)


@settings(deadline=None, max_examples=60)
@given(
    _body,
    st.sampled_from(["right", "none", "any"]),
    _header,
    _header | st.integers(-(10**12), 10**13).map(str),
)
def test_any_request_is_answered_in_json_and_taken_only_when_signed(
    body: bytes, how: str, signature: str, timestamp: str
) -> None:
    headers = {}
    if how == "right":
        now = str(int(time.time()))
        headers = {TIMESTAMP: now, SIGNATURE: sign(SECRET, now, body)}
    elif how == "any":
        headers = {TIMESTAMP: timestamp, SIGNATURE: signature}
    status, answer, kept = asyncio.run(_post(body, headers))
    if how == "right":
        assert status in (202, 400)
        assert answer.get("accepted", 0) == len(kept)
        assert answer.get("rejected") or kept
    else:
        assert status == 401
        assert not kept
        assert answer["error"]


async def _post(body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any], list[Mention]]:
    kept = Kept()
    app = webhook_app(Webhook(SECRET, 300.0, None, kept))
    async with listening(app, "127.0.0.1", 0, "port") as port, aiohttp.ClientSession() as http:
        async with http.post(f"http://127.0.0.1:{port}{PATH}", data=body, headers=headers) as answer:
            return answer.status, await answer.json(), kept.mentions
