"""The page of mutes: what is silent, until when, by whom and why; setting one, and lifting one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import web

from detectors.signal import SignalKind
from playbooks.armings.mute import Mute, Muted, Wanted
from playbooks.armings.mute_words import SAID, what
from playbooks.console.desk import DESK, Desk, Said, Viewer
from playbooks.console.forms import BadForm, moment_of
from playbooks.store import mutes as store

HOUR_MS = 3_600_000
#: For how long a mute may be asked for without a date.
SPANS: Mapping[str, tuple[str, int]] = {
    "1h": ("an hour", HOUR_MS),
    "4h": ("four hours", 4 * HOUR_MS),
    "12h": ("twelve hours", 12 * HOUR_MS),
    "1d": ("a day", 24 * HOUR_MS),
    "3d": ("three days", 72 * HOUR_MS),
    "7d": ("a week", 168 * HOUR_MS),
    "14d": ("two weeks, the longest there is", 336 * HOUR_MS),
}


class Row(msgspec.Struct, frozen=True):
    """One mute as the page shows it."""

    id: str
    what: str
    by: str
    reason: str
    begins_ms: int
    ends_ms: int
    in_force: bool
    lifted_ms: int | None
    lifted_by: str
    lifted_why: str


async def mutes(request: web.Request, viewer: Viewer) -> web.Response:
    """Every mute that is not over, and those of late."""
    desk = request.app[DESK]
    now_ms = desk.clock()
    waiting, over = await asyncio.to_thread(
        lambda: (store.not_over(desk.engine, now_ms), store.over(desk.engine, now_ms))
    )
    values = {
        "here": "mutes",
        "rows": [_row(desk, mute, now_ms) for mute in waiting],
        "over": [_row(desk, mute, now_ms) for mute in over],
        "kinds": [kind.value for kind in SignalKind],
        "playbooks": [(one.playbook.id, one.playbook.title) for one in desk.library.newest()],
        "brands": [(key, desk.brand_name(key)) for key in sorted(desk.settings.brands)],
        "spans": [(key, words) for key, (words, _) in SPANS.items()],
    }
    return desk.page("mutes.html", values, viewer, said=_said(request))


async def mute(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer mutes something, with an end and a reason."""
    desk = request.app[DESK]
    wanted = _wanted(form, desk.clock())
    told, _ = await asyncio.to_thread(
        store.mute, desk.engine, wanted, viewer.person, desk.library, desk.settings, desk.clock()
    )
    return _answer(told)


async def lift(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer ends a mute before its time, with a reason."""
    desk, id, reason = request.app[DESK], request.match_info["mute"], form.get("reason", "")
    return _answer(
        await asyncio.to_thread(store.lift, desk.engine, id, viewer.person, reason, desk.settings, desk.clock())
    )


def _answer(told: Muted) -> web.Response:
    match told:
        case Muted.NO_PERSON:
            raise web.HTTPForbidden
        case Muted.NO_SUCH_MUTE:
            raise web.HTTPNotFound
        case _:
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/mutes?said={told.value}"})


def _said(request: web.Request) -> Said | None:
    word = request.query.get("said", "")
    if word not in list(Muted):
        return None
    told = Muted(word)
    return Said(SAID[told], good=told in (Muted.DONE, Muted.LIFTED))


def _wanted(form: Mapping[str, str], now_ms: int) -> Wanted:
    kind = form.get("kind", "")
    if kind and kind not in list(SignalKind):
        raise BadForm("There is no such kind of signal.")
    begins_ms = moment_of(form.get("from", "")) or now_ms
    span = SPANS.get(form.get("span", ""))
    ends_ms = moment_of(form.get("until", "")) or (max(begins_ms, now_ms) + span[1] if span else None)
    if ends_ms is None:
        raise BadForm("Say when it ends.")
    return Wanted(
        brand=form.get("brand") or None,
        kind=SignalKind(kind) if kind else None,
        playbook=form.get("playbook") or None,
        begins_ms=begins_ms,
        ends_ms=ends_ms,
        reason=form.get("reason", ""),
    )


def _row(desk: Desk, mute: Mute, now_ms: int) -> Row:
    return Row(
        id=mute.id,
        what=_with_a_capital(what(mute, desk.brand_name(mute.brand) if mute.brand else None)),
        by=desk.name_of(mute.person),
        reason=mute.reason,
        begins_ms=mute.begins_ms,
        ends_ms=mute.ends_ms,
        in_force=mute.in_force(now_ms),
        lifted_ms=mute.lifted_ms,
        lifted_by=desk.name_of(mute.lifted_by or ""),
        lifted_why=mute.lifted_why or "",
    )


def _with_a_capital(words: str) -> str:
    return words[0].upper() + words[1:]
