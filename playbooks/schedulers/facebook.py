"""Facebook Pages, by the Graph API: a scheduled post is put off by 29 days, again and again while it is held.

There is no way back from scheduled to draft; a time must lie between 10 minutes and 30 days ahead. From three minutes
before its time a post can no longer be changed, and an app can change only what was scheduled with it: such posts are
listed, to be stopped by hand in Meta Business Suite.

Source: developers.facebook.com, "Page Scheduled Posts", "Pages API: Posts", "Handling errors".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.schedulers.line import Broke, Line, Reply, in_turn, moment_ms, read_all
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.wall_clock import Clock

URL = "https://graph.facebook.com/v25.0"
PAGE = 100
PUT_OFF_MS = 29 * 86_400_000
LOCKED_S = 180.0
#: The Graph API's error codes that say more than the status, which is 400 for most of them.
CODES = {
    1: Why.SERVER_FAULT,
    2: Why.SERVER_FAULT,
    4: Why.BUSY,
    17: Why.BUSY,
    32: Why.BUSY,
    613: Why.BUSY,
    80001: Why.BUSY,
    102: Why.BAD_CREDENTIALS,
    190: Why.BAD_CREDENTIALS,
}
#: Code 100 with this one says that the object is not there.
_NOT_THERE = 33
_FIELDS = "id,message,scheduled_publish_time,is_published"


class Facebook:
    """One page. `channel` is its id, the token a Page access token with ``pages_manage_posts``."""

    traits = Traits(check_s=60.0, locked_s=LOCKED_S, lead_s=660.0, drafts=False)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        signed = {"Authorization": f"Bearer {token.reveal()}"}
        self._page = settings.channel or "me"
        self._line = Line("Facebook", settings.url or URL, signed, settings.timeout_s, clock, self._wrong)

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Every scheduled post, page by page."""

        async def page(after: str | None) -> tuple[list[Found], str | None]:
            query = {"fields": _FIELDS, "limit": str(PAGE)} | ({"after": after} if after else {})
            said = await self._line.ask("GET", f"/{self._page}/scheduled_posts", query)
            try:
                found = [self._found(each) for each in said["data"]]
                paging = said.get("paging") or {}
                return found, paging["cursors"]["after"] if paging.get("next") else None
            except (KeyError, TypeError):
                raise self._line.not_understood("the answer is no list of posts") from None

        return await read_all(self._line, page, first_only=first_only)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Each of them by itself."""
        return dict(zip(posts, await in_turn(posts, self._one), strict=True))

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Put off."""

        async def stop(post: Found) -> Means:
            try:
                await self._at(post.id, self._line.now_ms() + PUT_OFF_MS)
            except Broke as broke:
                late = post.due_ms <= self._line.now_ms() + LOCKED_S * 1000
                if late and broke.trouble.why is Why.REFUSED:
                    raise Broke(Trouble(Why.TOO_LATE, broke.trouble.answer)) from None
                raise
            return Means.POSTPONE

        return dict(zip((post.id for post in posts), await in_turn(posts, stop), strict=True))

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """Scheduled for a time. Without one what was put off stays so, and is put off again."""
        try:
            if due_ms is not None:
                await self._at(post.id, due_ms)
        except Broke as broke:
            return broke.trouble
        return post.id

    async def drop(self, post: Found) -> Trouble | None:
        """Deleted: what is only put off would go out."""
        try:
            await self._line.ask("DELETE", f"/{post.id}")
        except Broke as broke:
            return None if broke.trouble.why is Why.NOT_THERE else broke.trouble
        return None

    async def _at(self, post: str, due_ms: int) -> None:
        said = await self._line.ask("POST", f"/{post}", form={"scheduled_publish_time": str(due_ms // 1000)})
        if not isinstance(said, dict) or said.get("success") is not True:
            raise self._line.not_understood("an answer without success")

    async def _one(self, post: str) -> Found:
        try:
            return self._found(await self._line.ask("GET", f"/{post}", {"fields": _FIELDS}))
        except Broke as broke:
            if broke.trouble.why is Why.NOT_THERE:
                return Found(post, Spot.GONE, 0)
            raise

    def _found(self, said: Any) -> Found:
        known = said if isinstance(said, dict) else {}
        due_ms, sent = moment_ms(known.get("scheduled_publish_time")), known.get("is_published") is True
        if not isinstance(known.get("id"), str) or (due_ms is None and not sent):
            raise self._line.not_understood("the answer is no scheduled post")
        spot = Spot.SENT if sent else Spot.SCHEDULED
        return Found(known["id"], spot, due_ms or 0, str(known.get("message") or ""), known)

    def _wrong(self, reply: Reply) -> Trouble | None:
        error = reply.data.get("error") if isinstance(reply.data, dict) else None
        if not isinstance(error, dict):
            return self._line.by_status(reply)
        code = error.get("code") if isinstance(error.get("code"), int) else 0
        why = Why.NOT_THERE if (code, error.get("error_subcode")) == (100, _NOT_THERE) else CODES.get(code or 0)
        if why is None and reply.status in (401, 403):
            why = Why.REFUSED  # of this post; a token that is worth nothing has a code of its own
        return self._line.by_status(reply, f"error {code}", why or (Why.REFUSED if reply.good else None))
