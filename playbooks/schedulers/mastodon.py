"""Mastodon: ``scheduled_statuses`` are put off for a year, which keeps them as they are; there are no drafts.

From five minutes before its time a scheduled status waits in Mastodon's queue, where a new time is taken and changes
nothing: it would go out at the old one. Such a status is deleted (the queue then finds nothing to send), and can be
scheduled anew from what is kept. What is put off is put off by whole weeks, so that no day gets more than Mastodon
takes for one (25 a day).

Sources: docs.joinmastodon.org, "scheduled_statuses API methods"; mastodon/mastodon, `ScheduledStatusesScheduler` and
`PublishScheduledStatusWorker`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.schedulers.line import Broke, Line, in_turn, moment_ms, read_all, written
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.wall_clock import Clock

PATH = "/api/v1/scheduled_statuses"
PAGE = 40
#: 52 weeks: the same day of the week, and no day with more than it had.
PUT_OFF_MS = 364 * 86_400_000
#: From when on a status is in the queue, and a minute for the clocks.
QUEUED_MS = 6 * 60_000
#: What a new status takes of an old one's parameters.
_PARAMS = ("visibility", "sensitive", "spoiler_text", "language", "in_reply_to_id", "media_ids", "poll")


class Mastodon:
    """One account of one server."""

    traits = Traits(check_s=30.0, lead_s=360.0, drafts=False)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        signed = {"Authorization": f"Bearer {token.reveal()}"}
        self._line = Line("Mastodon", settings.url or "", signed, settings.timeout_s, clock)

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Every scheduled status, page by page, the newest first."""

        async def page(before: str | None) -> tuple[list[Found], str | None]:
            query = {"limit": str(PAGE)} | ({"max_id": before} if before else {})
            said = await self._line.ask("GET", PATH, query)
            if not isinstance(said, list):
                raise self._line.not_understood("the answer is no list of scheduled statuses")
            found = [self._found(each) for each in said]
            return found, found[-1].id if len(found) == PAGE else None

        return await read_all(self._line, page, first_only=first_only)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Each of them by itself."""
        return dict(zip(posts, await in_turn(posts, self._one), strict=True))

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Put off, or (in the queue already) deleted."""
        return dict(zip((post.id for post in posts), await in_turn(posts, self._stop), strict=True))

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """A new time, or a new status. Without a time what was put off stays so."""
        try:
            if post.spot is Spot.GONE:
                return await self._anew(post, due_ms)
            if due_ms is not None:
                await self._line.ask("PUT", f"{PATH}/{post.id}", body={"scheduled_at": written(due_ms)})
            return post.id
        except Broke as broke:
            return broke.trouble

    async def drop(self, post: Found) -> Trouble | None:
        """Deleted: what is only put off would go out in a year."""
        try:
            await self._line.ask("DELETE", f"{PATH}/{post.id}")
        except Broke as broke:
            return None if broke.trouble.why is Why.NOT_THERE else broke.trouble
        return None

    async def _stop(self, post: Found) -> Means:
        if post.due_ms <= self._line.now_ms() + QUEUED_MS:
            await self._line.ask("DELETE", f"{PATH}/{post.id}")
            return Means.DELETE
        later = {"scheduled_at": written(post.due_ms + PUT_OFF_MS)}
        await self._line.ask("PUT", f"{PATH}/{post.id}", body=later)
        return Means.POSTPONE

    async def _one(self, post: str) -> Found:
        try:
            return self._found(await self._line.ask("GET", f"{PATH}/{post}"))
        except Broke as broke:
            if broke.trouble.why is Why.NOT_THERE:
                return Found(post, Spot.GONE, 0)
            raise

    async def _anew(self, post: Found, due_ms: int | None) -> str:
        if due_ms is None:
            raise Broke(Trouble(Why.REFUSED, "Mastodon has no drafts: say a time"))
        # The same question again makes no second status.
        key = hashlib.sha256(f"{post.id}:{due_ms}".encode()).hexdigest()
        params = {name: post.body[name] for name in _PARAMS if post.body.get(name)}
        made = {"status": post.body.get("text") or post.text, "scheduled_at": written(due_ms), **params}
        said = await self._line.ask("POST", "/api/v1/statuses", body=made, headers={"Idempotency-Key": key})
        return self._found(said).id

    def _found(self, status: Any) -> Found:
        known = status if isinstance(status, dict) else {}
        due_ms, params = moment_ms(known.get("scheduled_at")), known.get("params")
        if due_ms is None or not isinstance(params, dict) or not isinstance(known.get("id"), str):
            raise self._line.not_understood("the answer is no scheduled status")
        return Found(known["id"], Spot.SCHEDULED, due_ms, str(params.get("text") or ""), params)
