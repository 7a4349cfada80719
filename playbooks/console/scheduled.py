"""The page of an account in a scheduler: what was held back there, and what people say becomes of it.

Nothing goes back while a hold covers the account: the release, with as many people as its playbook asks for, comes
first. Then the runner does what was said here, one after another, and reads it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote

import msgspec
from aiohttp import web
from sqlalchemy import Engine

from playbooks.console.desk import DESK, Desk, Said, Viewer
from playbooks.console.forms import BadForm, moment_of
from playbooks.console.scheduler_card import PostRow, SchedulerCard, scheduler_card
from playbooks.holds.hold import Hold
from playbooks.schedulers.account import Account
from playbooks.schedulers.kept import Kept, Wish
from playbooks.schedulers.registry import has_drafts
from playbooks.store.holds.deeds import plain_reason
from playbooks.store.holds.holds import read_hold
from playbooks.store.schedules.deeds import say_of_all_scheduled, say_of_scheduled, who_may
from playbooks.store.schedules.posts import WAITING, Asked, accounts, kept_posts

#: So many posts are shown with a form each, and so many in all: whoever speaks of all of them has seen each.
SHOWN = 50
LISTED = 5_000

_SAID: Mapping[str, Said] = {
    Asked.DONE: Said("It is in the record under your name. The runner does it once no hold covers the account."),
    Asked.NO_SUCH_POST: Said("No such post was found there.", good=False),
    Asked.NOT_HELD_BACK: Said("The post is not held back now; nothing has changed.", good=False),
    Asked.NOT_IN_THE_ROLES: Said("You are not among the people who may release the hold.", good=False),
    Asked.IS_PROTECTED: Said("The hold protects you, so others decide.", good=False),
    Asked.NOT_LOOKED: Said("More posts are held back by now: look at them first; nothing has changed.", good=False),
    "no_reason": Said("Say why; nothing has changed.", good=False),
    "no_time": Said("Say a time that is still to come; nothing has changed.", good=False),
}


class ScheduledRow(msgspec.Struct, frozen=True):
    """One post that waits. `said` is what somebody wants of it, in words, empty where nobody has said anything."""

    id: str
    due_ms: int
    text: str
    stands: str
    said: str
    said_ms: int | None
    by: str
    reason: str


class ScheduledPage(msgspec.Struct, frozen=True):
    """The page. `undecided` is how many posts nobody has said anything of, `hold` what covers the account, if any."""

    name: str
    card: SchedulerCard
    rows: list[ScheduledRow]
    others: tuple[PostRow, ...]
    more: int
    undecided: int
    may_say: bool
    who: list[str]
    hold: Hold | None
    drafts: bool
    spacing_min: float


async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """What is held back in one account."""
    desk = request.app[DESK]
    found = await asyncio.to_thread(_read, desk, request.match_info["scheduler"], viewer)
    if found is None:
        raise web.HTTPNotFound
    said = _SAID.get(request.query.get("said", ""))
    return desk.page("scheduled.html", {"here": "holds", "account": found}, viewer, said=said)


async def say(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer says what becomes of one post."""
    post = form.get("post", "")

    def deed(desk: Desk, scheduler: str, wish: Wish, at_ms: int | None, reason: str) -> Asked:
        roles, now_ms = desk.roles(), desk.clock()
        return say_of_scheduled(
            desk.engine, scheduler, post, wish, at_ms, viewer.person, reason, desk.settings, roles, now_ms
        )

    return await _done(request, viewer, form, deed, needs_time=True)


async def say_of_all(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer says what becomes of every post of which nobody has said anything yet."""
    looked = int(seen) if (seen := form.get("looked", "0")).isdecimal() and len(seen) < 10 else 0

    def deed(desk: Desk, scheduler: str, wish: Wish, at_ms: int | None, reason: str) -> Asked:
        roles, now_ms = desk.roles(), desk.clock()
        return say_of_all_scheduled(
            desk.engine, scheduler, wish, at_ms, viewer.person, reason, desk.settings, roles, now_ms, looked
        )

    return await _done(request, viewer, form, deed, needs_time=False)


Deed = Callable[[Desk, str, Wish, int | None, str], Asked]


async def _done(
    request: web.Request, viewer: Viewer, form: Mapping[str, str], deed: Deed, *, needs_time: bool
) -> web.Response:
    desk, scheduler, word = request.app[DESK], request.match_info["scheduler"], form.get("word", "")
    if not viewer.person:
        raise web.HTTPForbidden
    if scheduler not in desk.settings.schedulers:
        raise web.HTTPNotFound
    if word not in list(Wish):
        raise BadForm("Say what becomes of it: choose one of the words.")
    reason, at_ms = plain_reason(form.get("reason", "")), moment_of(form.get("at", ""))
    if not reason:
        return _back(scheduler, "no_reason")
    if word == Wish.SCHEDULE and (at_ms < desk.clock() if at_ms is not None else needs_time):
        return _back(scheduler, "no_time")
    return _back(scheduler, await asyncio.to_thread(deed, desk, scheduler, Wish(word), at_ms, reason))


def _back(scheduler: str, word: str) -> web.Response:
    there = f"/schedulers/{quote(scheduler, safe='')}?said={word}"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": there})


def _read(desk: Desk, name: str, viewer: Viewer) -> ScheduledPage | None:
    settings, account = desk.settings.schedulers.get(name), accounts(desk.engine).get(name)
    if settings is None or account is None:
        return None
    waiting = list(kept_posts(desk.engine, name, WAITING).values())
    rows = [_row(desk, post) for post in waiting[:SHOWN]]
    people = _people(desk.engine, desk, waiting, account)
    return ScheduledPage(
        name=name,
        card=scheduler_card(name, settings, account, waiting),
        rows=rows,
        others=tuple(PostRow(one.post, one.due_ms, one.text, one.detail) for one in waiting[SHOWN:LISTED]),
        more=max(0, len(waiting) - LISTED),
        undecided=sum(post.wish is None for post in waiting),
        may_say=viewer.person in people,
        who=[desk.name_of(person) for person in people],
        hold=read_hold(desk.engine, account.hold) if account.hold else None,
        drafts=has_drafts(settings.kind),
        spacing_min=desk.settings.gate.spacing_min,
    )


def _people(engine: Engine, desk: Desk, waiting: list[Kept], account: Account) -> list[str]:
    """The people who may say what becomes of every post that waits."""
    holds = {post.hold for post in waiting} or ({account.hold} if account.hold else set())
    may = [who_may(engine, hold, desk.settings, desk.roles()) for hold in sorted(holds)]
    return [person for person in may[0] if all(person in each for each in may)] if may else []


def _row(desk: Desk, post: Kept) -> ScheduledRow:
    return ScheduledRow(
        id=post.post,
        due_ms=post.due_ms,
        text=post.text,
        stands=post.detail,
        said=_in_words(post.wish),
        said_ms=post.wish_ms if post.wish is Wish.SCHEDULE else None,
        by=desk.name_of(post.wish_by) if post.wish_by else "",
        reason=post.wish_reason or "",
    )


def _in_words(wish: Wish | None) -> str:
    match wish:
        case None:
            return ""
        case Wish.SCHEDULE:
            return "it goes out again"
        case Wish.DRAFT:
            return "it becomes a draft, from there on theirs"
        case Wish.DROP:
            return "it shall not go out"
