"""A scheduler of one's own, behind one address: signed POSTs that ask, as this module's docstrings say.

Each is a JSON object with `ask` (``look``, ``where``, ``stop``, ``restore``, ``drop``), `brand`, `platform`, `account`,
and what the question needs: `until` and `cursor` (look), `posts` (ids; where, stop), `post` and `due_at` (restore,
drop). It is signed as the webhook for pages is (``X-Firebreak-Signature``; effects/webhook.py), with an
``Idempotency-Key``. The answers: look and where ``{"posts": [{"id", "state", "due_at", "text"}], "next": CURSOR or
null}``, with the states of `post.Spot`; stop ``{"stopped": [ids]}``; restore ``{"id": ID}``; drop any 2xx.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from playbooks.effects.webhook import signed_headers
from playbooks.schedulers.line import Broke, Line, moment_ms, read_all, written
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.wall_clock import Clock

#: Posts in one question.
TOGETHER = 100


class OwnScheduler:
    """One account of one's own scheduler."""

    traits = Traits(check_s=15.0, lead_s=0.0)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        self._about = {"brand": settings.brand, "platform": settings.platform, "account": settings.account}
        self._secret = token
        self._line = Line("the webhook", settings.url or "", {}, settings.timeout_s, clock)
        self._clock = clock

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Everything that goes by `until_ms`, page by page."""

        async def page(cursor: str | None) -> tuple[list[Found], str | None]:
            said = await self._ask("look", until=written(until_ms), cursor=cursor)
            follows = said.get("next")
            return self._posts(said), str(follows) if follows else None

        return await read_all(self._line, page, first_only=first_only)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Those that are not in the answer are gone."""
        found: dict[str, Found | Trouble] = {}
        for lot in _lots(posts):
            try:
                known = {post.id: post for post in self._posts(await self._ask("where", posts=lot))}
                found |= {post: known.get(post, Found(post, Spot.GONE, 0)) for post in lot}
            except Broke as broke:
                found |= dict.fromkeys(lot, broke.trouble)
        return found

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Those that are not in the answer were refused."""
        found: dict[str, Stopped] = {}
        refused = Trouble(Why.REFUSED, "the webhook: did not stop it")
        for lot in _lots([post.id for post in posts]):
            try:
                said = (await self._ask("stop", posts=lot)).get("stopped")
                stopped = said if isinstance(said, list) else []
                found |= {post: Means.DRAFT if post in stopped else refused for post in lot}
            except Broke as broke:
                found |= dict.fromkeys(lot, broke.trouble)
        return found

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """As they have it: at a time, or as a draft."""
        try:
            said = await self._ask("restore", post=post.id, due_at=None if due_ms is None else written(due_ms))
        except Broke as broke:
            return broke.trouble
        return str(said["id"]) if isinstance(said.get("id"), str) else post.id

    async def drop(self, post: Found) -> Trouble | None:
        """They see to it."""
        try:
            await self._ask("drop", post=post.id)
        except Broke as broke:
            return broke.trouble
        return None

    async def _ask(self, ask: str, **what: object) -> dict[str, Any]:
        asked = {"ask": ask, **self._about, **what}
        body = msgspec.json.encode(asked)
        timestamp_s = self._clock() // 1000
        # Looking again is no repeat; stopping and giving back the same are.
        again = str(timestamp_s) if ask in ("look", "where") else ""
        key = hashlib.sha256(body + again.encode()).hexdigest()
        said = await self._line.ask(
            "POST", "", body=asked, headers=signed_headers(key, body, timestamp_s, self._secret)
        )
        if not isinstance(said, dict):
            raise self._line.not_understood("the answer is no JSON object")
        return said

    def _posts(self, said: Mapping[str, Any]) -> list[Found]:
        listed = said.get("posts")
        if not isinstance(listed, list):
            raise self._line.not_understood("an answer without posts")
        return [self._found(each) for each in listed]

    def _found(self, said: Any) -> Found:
        known = said if isinstance(said, dict) else {}
        state, due_ms = str(known.get("state")), moment_ms(known.get("due_at"))
        if state not in frozenset(Spot) or not isinstance(known.get("id"), str):
            raise self._line.not_understood("the answer is no post")
        return Found(known["id"], Spot(state), due_ms or 0, str(known.get("text") or ""), known)


def _lots(posts: Sequence[str]) -> list[list[str]]:
    return [list(posts[begin : begin + TOGETHER]) for begin in range(0, len(posts), TOGETHER)]
