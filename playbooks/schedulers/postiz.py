"""Postiz, by its public API: a queued post is moved to draft, which ends the job that would send it; its date stays.

Postiz answers well also where ending the job failed, so its yes is worth nothing: the list is read again, and a post
that is still queued there still goes. The cloud allows 30 requests an hour, so the account is read back seldom. Its
API has no way to give a post another time: what is given back at its own, coming time is queued again, anything else
is moved in Postiz itself.

Source: docs.postiz.com, "Public API: List Posts", "Change Post Status"; gitroomhq/postiz-app.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.schedulers.line import Broke, Line, in_turn, moment_ms, written
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.wall_clock import Clock

URL = "https://api.postiz.com/public/v1"
DAY_MS = 86_400_000
SPOTS = {"QUEUE": Spot.SCHEDULED, "DRAFT": Spot.STOPPED, "ERROR": Spot.STOPPED, "PUBLISHED": Spot.SENT}


class Postiz:
    """One integration (Postiz' word for an account) of one organization."""

    traits = Traits(check_s=600.0)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        self._line = Line("Postiz", settings.url or URL, {"Authorization": token.reveal()}, settings.timeout_s, clock)
        self._integration = settings.channel

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Every post of the days from yesterday to `until_ms`, drafts and sent ones too; always as one list."""
        try:
            found = await self._between(self._line.now_ms() - DAY_MS, until_ms)
        except Broke as broke:
            return Look((), broke.trouble, self._line.ahead_ms)
        return Look(tuple(found), None, self._line.ahead_ms)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """All of them by one long list: the API has none for a single post."""
        if not posts:
            return {}
        try:
            now_ms = self._line.now_ms()
            known = {post.id: post for post in await self._between(now_ms - 60 * DAY_MS, now_ms + 400 * DAY_MS)}
        except Broke as broke:
            return dict.fromkeys(posts, broke.trouble)
        return {post: known.get(post, Found(post, Spot.GONE, 0)) for post in posts}

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Drafts."""

        async def stop(post: Found) -> Means:
            await self._line.ask("PUT", f"/posts/{post.id}/status", body={"status": "draft"})
            return Means.DRAFT

        return dict(zip((post.id for post in posts), await in_turn(posts, stop), strict=True))

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """Queued again at its own time, or (without one) the draft that it is."""
        if due_ms is None:
            return post.id
        if due_ms // 1000 != post.due_ms // 1000:
            # Queued with a time that is over it would go out at once.
            return Trouble(Why.REFUSED, "Postiz: gives a post no other time by its API; move the draft there")
        try:
            await self._line.ask("PUT", f"/posts/{post.id}/status", body={"status": "schedule"})
        except Broke as broke:
            return broke.trouble
        return post.id

    async def drop(self, post: Found) -> Trouble | None:
        """A draft stays one."""
        return None

    async def _between(self, begin_ms: int, end_ms: int) -> list[Found]:
        said = await self._line.ask("GET", "/posts", {"startDate": written(begin_ms), "endDate": written(end_ms)})
        listed = said.get("posts") if isinstance(said, dict) else None
        if not isinstance(listed, list):
            raise self._line.not_understood("the answer is no list of posts")
        return [self._found(each) for each in listed if self._is_ours(each)]

    def _is_ours(self, said: Any) -> bool:
        integration = said.get("integration") if isinstance(said, dict) else None
        return not isinstance(integration, dict) or integration.get("id") == self._integration

    def _found(self, said: Any) -> Found:
        known = said if isinstance(said, dict) else {}
        spot, due_ms = SPOTS.get(str(known.get("state"))), moment_ms(known.get("publishDate"))
        if spot is None or due_ms is None or not isinstance(known.get("id"), str):
            raise self._line.not_understood("the answer is no post")
        return Found(known["id"], spot, due_ms, str(known.get("content") or ""), known)
