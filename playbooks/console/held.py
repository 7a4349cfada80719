"""What was held, with a person's word on each post: by a hold, or because nobody watched; and holds by hand.

A release needs a look at what was held, so the form for it stands under the posts. Breaking the glass, the one way for
a post to go although it is held, asks for more than one click.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import quote

import msgspec
from aiohttp import web
from sqlalchemy import Connection

from playbooks.console.desk import DESK, Desk, Said, Viewer
from playbooks.console.forms import BadForm, moment_of
from playbooks.console.glass import GlassRow, glass_rows
from playbooks.console.hold_card import HoldCard, Rights, hold_card
from playbooks.content.hold_scope import EVERY_BRAND, Narrowing
from playbooks.holds.by_hand import ByHand
from playbooks.holds.held_post import HeldPost
from playbooks.holds.rights import releasers
from playbooks.labels import PostWord
from playbooks.store.engine import reading
from playbooks.store.gate import held_posts
from playbooks.store.gate.break_glass import broken_for
from playbooks.store.gate.texts import texts_in
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import HoldTold, PostSaid, ThisPost, break_glass, say_of_post
from playbooks.store.holds.holds import read_hold
from playbooks.store.holds.platforms import is_strange, known_platforms
from playbooks.store.incidents.incidents import incident_view

#: So many posts are shown; the rest when these are decided.
SHOWN = 200

_SAID: Mapping[HoldTold, Said] = {
    HoldTold.DONE: Said("It is in the log under your name."),
    HoldTold.NO_REASON: Said("Say why; nothing has changed.", good=False),
    HoldTold.NO_SUCH_BRAND: Said("There is no such brand in the settings.", good=False),
    HoldTold.NO_SUCH_ROLE: Said("The settings name no role that could let go (gate.released_by).", good=False),
    HoldTold.NOT_IN_THE_ROLES: Said("You are not among the people who may release this hold.", good=False),
    HoldTold.IS_PROTECTED: Said("The hold protects you, so others decide.", good=False),
    HoldTold.HAS_GONE: Said("The post has gone already.", good=False),
    HoldTold.NO_TEXT: Said("Write the text that may go.", good=False),
    HoldTold.OTHER_TEXT: Said("The post was held with another text; only the one that was held may go.", good=False),
    HoldTold.NO_TIME: Said("Say a time that is still to come.", good=False),
    HoldTold.NOTHING_HELD: Said("Nothing holds this post any more, so there is no glass to break.", good=False),
    HoldTold.NO_PLATFORM: Said(
        "Nothing is held: that cannot be a platform. One is written in a-z, 0-9, _ and -, such as x.", good=False
    ),
    HoldTold.NO_NAME: Said(
        "Nothing is held: one of the accounts, campaigns or tags is no name, and would hold nothing.", good=False
    ),
    HoldTold.STRANGE_PLATFORM: Said(
        "It is held, but the gate was never asked about that platform, so it may hold nothing. The form below "
        "names those that are known; left empty, it is held on every platform.",
        good=False,
    ),
}


class PostRow(msgspec.Struct, frozen=True):
    """One held post as the page shows it; `text` is None where it was erased. `waits`: a person's word is missing.

    `glass` has what was said when somebody broke the glass for it. `may_break`: the viewer may, and there is a text.
    """

    key: str
    post: str
    platform: str
    account: str
    text: str | None
    first_ms: int
    scheduled_ms: int | None
    word: str
    person: str
    reason: str
    not_before_ms: int | None
    went_ms: int | None
    waits: bool
    glass: tuple[GlassRow, ...] = ()
    may_break: bool = False


async def unwatched(request: web.Request, viewer: Viewer) -> web.Response:
    """Posts that no hold held: they came while detection was dead, so nobody would have seen a crisis."""
    desk = request.app[DESK]
    rows = await asyncio.to_thread(_unwatched, desk, viewer)
    gate = desk.settings.gate
    values = {
        "here": "holds",
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "may_say": viewer.person in releasers(gate.released_by, desk.roles()),
        "who": [desk.name_of(person) for person in releasers(gate.released_by, desk.roles())],
        "valid_min": gate.break_glass.valid_min,
    }
    return desk.page("unwatched.html", values, viewer, said=said(request))


async def posts(request: web.Request, viewer: Viewer) -> web.Response:
    """What a hold has held."""
    desk = request.app[DESK]
    found = await asyncio.to_thread(_read, desk, request.match_info["hold"], viewer)
    if found is None:
        raise web.HTTPNotFound
    card, rows = found
    values = {
        "here": "holds",
        "hold": card,
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "broken": sum(len(row.glass) for row in rows),
        "valid_min": desk.settings.gate.break_glass.valid_min,
    }
    return desk.page("held.html", values, viewer, said=said(request))


async def say(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer says what becomes of a held post."""
    desk, word = request.app[DESK], form.get("word", "")
    if word not in list(PostWord):
        raise BadForm("Say what becomes of the post: choose one of the words.")
    post = PostSaid(PostWord(word), form.get("text", ""), moment_of(form.get("at", "")))
    told = await asyncio.to_thread(
        say_of_post,
        desk.engine,
        request.match_info["post"],
        post,
        viewer.person,
        form.get("reason", ""),
        desk.settings,
        desk.roles(),
        desk.clock(),
    )
    return _answer(told, _page_of(request))


async def smash(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer lets one post go, once and now, although it is held."""
    desk = request.app[DESK]
    if form.get("sure") != "yes":
        raise BadForm("Tick that you have read the post and that it cannot wait; nothing has changed.")
    told = await asyncio.to_thread(_smash, desk, request.match_info["post"], viewer.person, form.get("reason", ""))
    return _answer(told, _page_of(request))


async def place(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer holds posts by hand."""
    desk, gate = request.app[DESK], request.app[DESK].settings.gate
    about = ByHand(
        form.get("brand", "") or EVERY_BRAND,
        gate.released_by,
        form.get("platform", "").strip() or None,
        Narrowing(_names(form, "accounts"), _names(form, "campaigns"), _names(form, "tags")),
        gate.releasers,
        form.get("protects", ""),
        gate.ask_again_min,
    )
    told, _ = await asyncio.to_thread(
        place_by_hand, desk.engine, about, viewer.person, form.get("reason", ""), desk.settings, desk.clock()
    )
    if told is HoldTold.DONE:
        known = await asyncio.to_thread(known_platforms, desk.engine, desk.settings)
        told = HoldTold.STRANGE_PLATFORM if known and is_strange(about, known) else told
    return _answer(told, "/holds")


def said(request: web.Request) -> Said | None:
    """What came of the last word, from the page's address."""
    return {word.value: words for word, words in _SAID.items()}.get(request.query.get("said", ""))


def _page_of(request: web.Request) -> str:
    hold = request.match_info.get("hold")
    return "/held" if hold is None else f"/holds/{quote(hold, safe='')}/posts"


def _answer(told: HoldTold, path: str) -> web.Response:
    match told:
        case HoldTold.NO_PERSON:
            raise web.HTTPForbidden
        case HoldTold.NO_SUCH_POST:
            raise web.HTTPNotFound
        case _:
            return _see(path, told)


def _see(path: str, word: StrEnum) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{path}?said={word.value}"})


def _read(desk: Desk, id: str, viewer: Viewer) -> tuple[HoldCard, list[PostRow]] | None:
    hold = read_hold(desk.engine, id)
    view = incident_view(desk.engine, hold.incident) if hold else None
    if hold is None or view is None:
        return None
    with reading(desk.engine) as conn:
        found = held_posts.held_for_in(conn, id)
        rows = _rows(conn, desk, found, may_break=hold.in_force and _may_break(desk, viewer, hold.protects))
    roles = next((known.released_by for known in view.holds if known.id == id), ())
    rights = Rights(roles, desk.roles(), {key: person.name for key, person in desk.settings.people.items()})
    card = hold_card(hold, desk.brand_name(hold.brand), viewer.person, rights, posts=len(found))
    return card, rows


def _unwatched(desk: Desk, viewer: Viewer) -> list[PostRow]:
    with reading(desk.engine) as conn:
        return _rows(conn, desk, held_posts.without_hold(conn), may_break=_may_break(desk, viewer))


def _may_break(desk: Desk, viewer: Viewer, protects: str = "") -> bool:
    may = releasers(desk.settings.gate.break_glass.roles, desk.roles())
    return viewer.person in may and viewer.person != protects


def _smash(desk: Desk, key: str, person: str, reason: str) -> HoldTold:
    with reading(desk.engine) as conn:
        known = next(iter(held_posts.known(conn, [key])), None)
    if known is None:
        return HoldTold.NO_SUCH_POST
    this = ThisPost(known.brand, known.platform, known.post, "", known.run)
    return break_glass(desk.engine, this, person, reason, desk.settings, desk.roles(), desk.clock())[0]


def _rows(conn: Connection, desk: Desk, found: Sequence[HeldPost], *, may_break: bool) -> list[PostRow]:
    texts = texts_in(conn, [post.text_ref for post in found[:SHOWN]])
    broken = broken_for(conn, [post.key for post in found])
    now_ms = desk.clock()
    glass = {key: glass_rows(words, desk.name_of, now_ms) for key, words in broken.items()}
    return [_row(desk, post, texts.get(post.text_ref), glass.get(post.key, ()), may_break) for post in found]


def _row(desk: Desk, post: HeldPost, text: str | None, glass: tuple[GlassRow, ...], may_break: bool) -> PostRow:
    return PostRow(
        key=post.key,
        post=post.post,
        platform=post.platform,
        account=post.account,
        text=text,
        first_ms=post.first_ms,
        scheduled_ms=post.scheduled_ms,
        word=post.word.value if post.word else "",
        person=desk.name_of(post.person) if post.person else "",
        reason=post.reason,
        not_before_ms=post.not_before_ms,
        went_ms=post.went_ms,
        waits=post.word is None,
        glass=glass,
        may_break=may_break and text is not None and not post.has_gone and not any(one.good for one in glass),
    )


def _names(form: Mapping[str, str], field: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in form.get(field, "").split(",") if name.strip())
