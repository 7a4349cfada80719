"""Buffer, by its GraphQL API: a scheduled post is edited to be a draft; its time stays with it.

Buffer allows few requests (a hundred in a quarter of an hour), so several posts are edited by one, and the account is
read back seldom. Its answers are HTTP 200 whatever came of them: what is wrong stands in ``errors``, or is a typed
error in the place of the post.

Source: developers.buffer.com, "Posts & Scheduling", "Error Handling", "Rate Limits", types `EditPostInput`,
`PostsFiltersInput`, `PostStatus`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from playbooks.schedulers.line import Broke, Line, Reply, in_turn, moment_ms, read_all, written
from playbooks.schedulers.post import Found, Look, Means, Spot, Trouble, Why
from playbooks.schedulers.scheduler import Stopped, Traits
from playbooks.secret import Secret
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.wall_clock import Clock

URL = "https://api.buffer.com"
PAGE = 100
#: Posts in one request. GraphQL servers bound how often a field may be asked for at once, usually by 15 or more.
TOGETHER = 10
#: Errors of the whole request, and those in the place of a post.
CODES = {
    "UNAUTHORIZED": Why.BAD_CREDENTIALS,
    "UNAUTHENTICATED": Why.BAD_CREDENTIALS,
    "FORBIDDEN": Why.BAD_CREDENTIALS,
    "NOT_FOUND": Why.NOT_THERE,
    "RATE_LIMIT_EXCEEDED": Why.BUSY,
    "NotFoundError": Why.NOT_THERE,
    "UnexpectedError": Why.SERVER_FAULT,
}
SPOTS = {
    "draft": Spot.STOPPED,
    "error": Spot.STOPPED,
    "needs_approval": Spot.PENDING,
    "scheduled": Spot.SCHEDULED,
    "sending": Spot.SENDING,
    "sent": Spot.SENT,
}

_LIST = """query Going($organization: OrganizationId!, $channel: ChannelId!, $after: String) {
  posts(first: 100, after: $after, input: {organizationId: $organization,
      sort: [{field: dueAt, direction: asc}, {field: createdAt, direction: asc}],
      filter: {channelIds: [$channel], status: [scheduled, sending, needs_approval]}}) {
    edges { node { id status dueAt text } }
    pageInfo { hasNextPage endCursor }
  }
}"""
_CAME = "... on PostActionSuccess { post { id status dueAt } } ... on MutationError { __typename message }"
_SCHEDULE = (
    "mutation Schedule($id: PostId!, $due: DateTime!) { p0: editPost(input: "
    "{id: $id, saveToDraft: false, mode: customScheduled, dueAt: $due}) { " + _CAME + " } }"
)

R = TypeVar("R")


class Buffer:
    """One channel of one organization."""

    traits = Traits(check_s=600.0)

    def __init__(self, settings: SchedulerSettings, token: Secret, clock: Clock) -> None:
        signed = {"Authorization": f"Bearer {token.reveal()}"}
        self._of = {"organization": settings.organization, "channel": settings.channel}
        self._line = Line("Buffer", settings.url or URL, signed, settings.timeout_s, clock, self._wrong)

    async def look(self, until_ms: int, *, first_only: bool = False) -> Look:
        """What is scheduled, on its way, or waits for an approval; the soonest first."""

        async def page(after: str | None) -> tuple[list[Found], str | None]:
            data = await self._query(_LIST, {**self._of, "after": after})
            try:
                listed, follows = data["posts"]["edges"] or [], data["posts"]["pageInfo"]
                more = follows["endCursor"] if follows["hasNextPage"] else None
                return [self._found(edge["node"]) for edge in listed], more
            except (KeyError, TypeError):
                raise self._line.not_understood("the answer is no list of posts") from None

        return await read_all(self._line, page, first_only=first_only)

    async def where(self, posts: Sequence[str]) -> Mapping[str, Found | Trouble]:
        """Several by one request."""
        found = await self._together(posts, "query", "post(input: {id: $id}) { id status dueAt text }", self._read)
        return {post: Found(post, Spot.GONE, 0) if _is_gone(each) else each for post, each in found.items()}

    async def stop(self, posts: Sequence[Found], now_ms: int) -> Mapping[str, Stopped]:
        """Drafts, several by one request."""
        edit = "editPost(input: {id: $id, saveToDraft: true}) { " + _CAME + " }"
        return await self._together([post.id for post in posts], "mutation", edit, self._edited)

    async def restore(self, post: Found, due_ms: int | None, now_ms: int) -> str | Trouble:
        """A time of its own instead of a place in the queue, or (without one) the draft that it is."""
        if due_ms is None:
            return post.id
        try:
            data = await self._query(_SCHEDULE, {"id": post.id, "due": written(due_ms)})
            self._edited(post.id, data.get("p0"))
        except Broke as broke:
            return broke.trouble
        return post.id

    async def drop(self, post: Found) -> Trouble | None:
        """A draft stays one."""
        return None

    async def _together(
        self, posts: Sequence[str], kind: str, field: str, read: Callable[[str, Any], R]
    ) -> dict[str, R | Trouble]:
        lots = [posts[begin : begin + TOGETHER] for begin in range(0, len(posts), TOGETHER)]

        async def ask(lot: Sequence[str]) -> list[R | Trouble]:
            names = [f"p{n}" for n in range(len(lot))]
            asked = ", ".join(f"${name}: PostId!" for name in names)
            fields = " ".join(f"{name}: {field.replace('$id', f'${name}')}" for name in names)
            reply = await self._line.ask(
                "POST",
                "",
                body={"query": f"{kind} ({asked}) {{ {fields} }}", "variables": dict(zip(names, lot, strict=True))},
            )
            data, faults = reply.get("data") or {}, _by_field(reply.get("errors") or [])
            return [
                self._one(post, data.get(name), faults.get(name), read) for post, name in zip(lot, names, strict=True)
            ]

        came = await in_turn(lots, ask)
        found: dict[str, R | Trouble] = {}
        for lot, each in zip(lots, came, strict=True):
            found |= dict.fromkeys(lot, each) if isinstance(each, Trouble) else dict(zip(lot, each, strict=True))
        return found

    def _one(self, post: str, node: Any, fault: str | None, read: Callable[[str, Any], R]) -> R | Trouble:
        try:
            if fault is not None:
                raise Broke(Trouble(CODES.get(fault, Why.SERVER_FAULT), f"Buffer: {_word(fault)}"))
            return read(post, node)
        except Broke as broke:
            return broke.trouble

    async def _query(self, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        reply = await self._line.ask("POST", "", body={"query": query, "variables": variables})
        data = reply.get("data")
        if fault := next(iter(_by_field(reply.get("errors") or []).values()), None):
            raise Broke(Trouble(CODES.get(fault, Why.SERVER_FAULT), f"Buffer: {_word(fault)}"))
        if not isinstance(data, dict):
            raise self._line.not_understood("an answer without data")
        return data

    def _edited(self, post: str, came: Any) -> Means:
        if isinstance(came, dict) and isinstance(came.get("post"), dict):
            return Means.DRAFT
        kind = came.get("__typename") if isinstance(came, dict) else None
        if not isinstance(kind, str):
            raise self._line.not_understood("an answer without the post")
        raise Broke(Trouble(CODES.get(kind, Why.REFUSED), f"Buffer: {_word(kind)}"))

    def _read(self, post: str, node: Any) -> Found:
        return self._found(node)

    def _found(self, node: Any) -> Found:
        spot = SPOTS.get(str(node.get("status"))) if isinstance(node, dict) else None
        if spot is None or not isinstance(node.get("id"), str):
            raise self._line.not_understood("the answer is no post")
        # One without a time is next in a queue for all that is known.
        return Found(node["id"], spot, moment_ms(node.get("dueAt")) or 0, str(node.get("text") or ""), node)

    def _wrong(self, reply: Reply) -> Trouble | None:
        whole = reply.data if isinstance(reply.data, dict) else {}
        faults = whole.get("errors") or []
        code = next(iter(_by_field(faults).values()), "")
        if not reply.good or (faults and whole.get("data") is None):
            after_s = next((_after_s(fault) for fault in faults if _after_s(fault) is not None), reply.after_s)
            why = CODES.get(code) or (Why.SERVER_FAULT if reply.good else None)
            known = self._line.by_status(reply, _word(code), why)
            return replace(known, after_s=after_s) if known else None
        return None if whole else self._line.not_understood("the answer is not JSON").trouble


def _is_gone(came: Found | Trouble) -> bool:
    return isinstance(came, Trouble) and came.why is Why.NOT_THERE


def _by_field(faults: Any) -> dict[str, str]:
    """The codes of errors by the field that they are about, empty where it is the whole."""
    found: dict[str, str] = {}
    for fault in faults if isinstance(faults, list) else []:
        path, extensions = fault.get("path") or [""], fault.get("extensions") or {}
        found.setdefault(str(path[0]), str(extensions.get("code") or "UNEXPECTED"))
    return found


def _after_s(fault: Any) -> float | None:
    after_s = (fault.get("extensions") or {}).get("retryAfter")
    return float(after_s) if isinstance(after_s, int | float) and after_s >= 0 else None


def _word(code: str) -> str:
    """Their code, where it is a word: nothing else of what they say is repeated."""
    return code if code.isascii() and code.replace("_", "").isalnum() and len(code) <= 40 else ""
