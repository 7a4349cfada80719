"""Hootsuite, by its REST API: what waits for an approval is rejected, what is scheduled is kept here and deleted.

Its API has no drafts, and a new time is a new message. A message that is given back is made anew from what was kept,
once: a message with the same words at the same time is taken to be it. Where `user` is set, Firebreak signs in as the
app (``member_app``) and gets a token of its own for an hour; otherwise `token` is one.

Source: apidocs.hootsuite.com, "Hootsuite REST API: Messages"; developer.hootsuite.com, "API authentication".
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

URL = "https://platform.hootsuite.com"
PAGE = 100
#: A question reaches over four weeks at the most; a day behind, for what is late and for a clock that is.
SPAN_MS = 27 * 86_400_000
BEHIND_MS = 86_400_000
SPOTS = {
    "SCHEDULED": Spot.SCHEDULED,
    "PENDING_APPROVAL": Spot.PENDING,
    "SUBMITTED": Spot.SENDING,
    "SENT": Spot.SENT,
    "REJECTED": Spot.STOPPED,
    "SEND_FAILED_PERMANENTLY": Spot.STOPPED,
}
REASON = "Posting is held by Firebreak: automated posts wait for a person's word."
#: What a new message takes of an old one.
_KEPT = ("tags", "targeting", "privacy", "location", "emailNotification", "webhookUrls", "mediaUrls", "media")


class Hootsuite:
    """One social profile. `channel` is its id."""

    traits = Traits(check_s=60.0, lead_s=360.0, drafts=False)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        self._settings = settings
        self._secret = token
        self._profile = settings.channel or ""
        self._signed = "" if settings.user else f"Bearer {token.reveal()}"
        self._line = Line("Hootsuite", settings.url or URL, {}, settings.timeout_s, clock, self._wrong)

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """Every message of the profile from a day ago to `until_ms`, in spans of four weeks, page by page."""
        begin_ms = self._line.now_ms() - BEHIND_MS

        async def page(follows: tuple[int, str] | None) -> tuple[list[Found], tuple[int, str] | None]:
            start_ms, cursor = follows or (begin_ms, "")
            end_ms = min(start_ms + SPAN_MS, max(until_ms, start_ms + 1000))
            said = await self._ask("GET", "/v1/messages", self._span(start_ms, end_ms, cursor))
            found = [self._found(each) for each in said.get("data") or []]
            if more := ((said.get("metadata") or {}).get("cursor") or {}).get("next"):
                return found, (start_ms, str(more))
            return found, (end_ms, "") if end_ms < until_ms else None

        return await read_all(self._line, page, first_only=first_only)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Each of them by itself."""
        return dict(zip(posts, await in_turn(posts, self._one), strict=True))

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Rejected, or deleted."""

        async def stop(post: Found) -> Means:
            if post.spot is Spot.PENDING:
                rejected = {"reason": REASON, "sequenceNumber": post.body.get("sequenceNumber") or 0}
                await self._ask("POST", f"/v1/messages/{post.id}/reject", body=rejected)
                return Means.REJECT
            await self._ask("DELETE", f"/v1/messages/{post.id}")
            return Means.DELETE

        return dict(zip((post.id for post in posts), await in_turn(posts, stop), strict=True))

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """A new message, once."""
        if due_ms is None:
            return Trouble(Why.REFUSED, "Hootsuite: has no drafts by its API; say a time, or write it there anew")
        try:
            if (there := await self._like(post, due_ms)) is not None:
                return there
            kept = {name: post.body[name] for name in _KEPT if post.body.get(name)}
            made = {
                "text": _words(post),
                "socialProfileIds": [self._profile],
                "scheduledSendTime": written(due_ms),
                **kept,
            }
            said = await self._ask("POST", "/v1/messages", body=made)
            return self._found((said.get("data") or [None])[0]).id
        except Broke as broke:
            return broke.trouble

    async def drop(self, post: Found) -> Trouble | None:
        """Rejected and deleted messages never go out."""
        return None

    async def _like(self, post: Found, due_ms: int) -> str | None:
        """A message with the same words at the same time: an answer that got lost on its way has made one."""
        said = await self._ask("GET", "/v1/messages", self._span(due_ms - 1000, due_ms + 1000, ""))
        for each in (self._found(message) for message in said.get("data") or []):
            if each.spot.goes and each.text == _words(post) and each.due_ms // 1000 == due_ms // 1000:
                return each.id
        return None

    async def _one(self, post: str) -> Found:
        try:
            return self._found((await self._ask("GET", f"/v1/messages/{post}")).get("data"))
        except Broke as broke:
            if broke.trouble.why is Why.NOT_THERE:
                return Found(post, Spot.GONE, 0)
            raise

    def _span(self, begin_ms: int, end_ms: int, cursor: str) -> dict[str, str]:
        asked = {"startTime": written(begin_ms), "endTime": written(end_ms), "socialProfileIds": self._profile}
        asked |= {"limit": str(PAGE), "includeUnscheduledReviewMsgs": "true"}
        return asked | ({"cursor": cursor} if cursor else {})

    def _found(self, said: Any) -> Found:
        known = said if isinstance(said, dict) else {}
        spot = SPOTS.get(str(known.get("state")))
        if spot is None or not isinstance(known.get("id"), str):
            raise self._line.not_understood("the answer is no message")
        # What waits for an approval without a time goes out as soon as it is approved.
        return Found(
            known["id"], spot, moment_ms(known.get("scheduledSendTime")) or 0, str(known.get("text") or ""), known
        )

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        signed = self._signed or await self._sign_in()
        try:
            said = await self._line.ask(method, path, query or {}, body, headers={"Authorization": signed})
        except Broke as broke:
            if broke.trouble.why is not Why.BAD_CREDENTIALS or not self._settings.user:
                raise
            # An hour is over, or the token was taken back: one of ours is made anew, once.
            signed = await self._sign_in()
            said = await self._line.ask(method, path, query or {}, body, headers={"Authorization": signed})
        return said if isinstance(said, dict) else {}

    async def _sign_in(self) -> str:
        asked = {"grant_type": "member_app", "member_id": self._settings.member or ""}
        sign = {"Authorization": basic(self._settings.user or "", self._secret)}
        said = await self._line.ask("POST", "/oauth2/token", form=asked, headers=sign)
        if not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
            raise self._line.not_understood("an answer without a token")
        self._signed = f"Bearer {said['access_token']}"
        return self._signed

    def _wrong(self, reply: Reply) -> Trouble | None:
        errors = reply.data.get("errors") if isinstance(reply.data, dict) else None
        if not reply.good:
            return self._line.by_status(reply)
        # A yes may carry errors all the same: then it is none.
        return Trouble(Why.REFUSED, f"Hootsuite: HTTP {reply.status} with errors") if errors else None


def _words(post: Found) -> str:
    return str(post.body.get("text") or post.text)
