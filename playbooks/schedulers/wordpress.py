"""WordPress, by its REST API: a post with the status ``future`` becomes a ``draft``; its date stays with it.

Signed in with an application password (WordPress 5.6 or later). The user must be allowed to edit others' posts
(an editor): whoever is not does not even see what others have scheduled. Moments are those of ``date_gmt``, since
``date`` is in the site's own time.

Source: developer.wordpress.org, "REST API Handbook: Posts", "Authentication".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playbooks.effects.http_post import basic
from playbooks.schedulers.line import Broke, Line, Reply, in_turn, moment_ms, read_all, written
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.wall_clock import Clock

PAGE = 100
SPOTS = {
    "future": Spot.SCHEDULED,
    "publish": Spot.SENT,
    "draft": Spot.STOPPED,
    "auto-draft": Spot.STOPPED,
    "pending": Spot.STOPPED,
    "private": Spot.STOPPED,
    "trash": Spot.GONE,
}
_FIELDS = "id,status,date_gmt,title,content,link"
#: A page after the last one.
_NO_SUCH_PAGE = "rest_post_invalid_page_number"


class WordPress:
    """One kind of content of one site."""

    traits = Traits(check_s=30.0)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        signed = {"Authorization": basic(settings.user or "", token)}
        url = (settings.url or "").rstrip("/")
        self._path = f"/wp-json/wp/v2/{settings.channel or 'posts'}"
        self._line = Line("WordPress", url, signed, settings.timeout_s, clock, self._wrong)

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Everything with the status ``future``, the soonest first."""

        async def page(number: int | None) -> tuple[list[Found], int | None]:
            query = {"status": "future", "context": "edit", "per_page": str(PAGE), "page": str(number or 1)}
            said = await self._line.ask(
                "GET", self._path, query | {"orderby": "date", "order": "asc", "_fields": _FIELDS}
            )
            if isinstance(said, dict) and said.get("code") == _NO_SUCH_PAGE:
                return [], None
            if not isinstance(said, list):
                raise self._line.not_understood("the answer is no list of posts")
            return [self._found(each) for each in said], (number or 1) + 1 if len(said) == PAGE else None

        return await read_all(self._line, page, first_only=first_only)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Each of them by itself."""
        return dict(zip(posts, await in_turn(posts, self._one), strict=True))

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Drafts."""

        async def stop(post: Found) -> Means:
            await self._line.ask("POST", f"{self._path}/{post.id}", body={"status": "draft"})
            return Means.DRAFT

        return dict(zip((post.id for post in posts), await in_turn(posts, stop), strict=True))

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """Scheduled for a time, or (without one) the draft that it is."""
        if due_ms is None:
            return post.id
        scheduled = {"status": "future", "date_gmt": written(due_ms).removesuffix("Z")}
        try:
            await self._line.ask("POST", f"{self._path}/{post.id}", body=scheduled)
        except Broke as broke:
            return broke.trouble
        return post.id

    async def drop(self, post: Found) -> Trouble | None:
        """A draft stays one."""
        return None

    async def _one(self, post: str) -> Found:
        try:
            said = await self._line.ask("GET", f"{self._path}/{post}", {"context": "edit", "_fields": _FIELDS})
            return self._found(said)
        except Broke as broke:
            if broke.trouble.why is Why.NOT_THERE:
                return Found(post, Spot.GONE, 0)
            raise

    def _found(self, said: Any) -> Found:
        known = said if isinstance(said, dict) else {}
        spot, due_ms = SPOTS.get(str(known.get("status"))), moment_ms(known.get("date_gmt"))
        if spot is None or due_ms is None or not isinstance(known.get("id"), int):
            raise self._line.not_understood("the answer is no post")
        return Found(str(known["id"]), spot, due_ms, f"{_raw(known, 'title')}\n{_raw(known, 'content')}".strip(), known)

    def _wrong(self, reply: Reply) -> Trouble | None:
        code = reply.data.get("code") if isinstance(reply.data, dict) else None
        if code == _NO_SUCH_PAGE:
            return None
        return self._line.by_status(reply)


def _raw(said: Mapping[str, Any], name: str) -> str:
    part = said.get(name)
    return str(part.get("raw") or "") if isinstance(part, dict) else ""
