"""The page of brands: how far Firebreak may go for each, what it would have done, and the act that changes it.

The act stands behind a page of its own that says what it means before anybody presses anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import msgspec
from aiohttp import web
from sqlalchemy import Engine

from playbooks.armings.arming import Act, Armed, Arming
from playbooks.console.desk import DESK, Desk, Said, Viewer
from playbooks.console.values import Tone
from playbooks.incidents.arming_notice import TOLD, in_words, meaning
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.readiness.brand_standing import BrandStanding, brand_standings
from playbooks.readiness.reachability import pages_to_nobody
from playbooks.store.arming import acts_of, arm
from playbooks.store.engine import reading
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents.rows import open_now

TONES: Mapping[Arming, Tone] = {Arming.OBSERVE: Tone.PLAIN, Arming.PAGE: Tone.CALM, Arming.PAGE_AND_HOLD: Tone.HELD}
LABELS: Mapping[Arming, str] = {
    Arming.OBSERVE: "Only observe",
    Arming.PAGE: "Arm to page",
    Arming.PAGE_AND_HOLD: "Arm to page and hold",
}
SAID: Mapping[Armed, Said] = {
    Armed.DONE: Said("It counts from now on, under your name. Ops, the posting team and who is on call are told."),
    Armed.ALREADY: Said("It was like that already; nothing has changed.", good=False),
    Armed.TOO_EARLY: Said("Its first week is not over: say that you mean it all the same.", good=False),
    Armed.NO_REASON: Said("Say why; nothing has changed.", good=False),
}


class Row(msgspec.Struct, frozen=True):
    """One brand, as the page shows it, and what it may become."""

    standing: BrandStanding
    state: str
    tone: Tone
    others: tuple[tuple[Arming, str], ...]
    acts: tuple[Act, ...]


async def brands(request: web.Request, viewer: Viewer) -> web.Response:
    """Every brand of the settings."""
    desk = request.app[DESK]
    rows = await asyncio.to_thread(_rows, desk)
    said = {word.value: what for word, what in SAID.items()}.get(request.query.get("said", ""))
    values = {"here": "brands", "rows": rows, "names": _names(desk), "words": {one: in_words(one) for one in Arming}}
    return desk.page("brands.html", values, viewer, said=said)


async def ask(request: web.Request, viewer: Viewer) -> web.Response:
    """What arming a brand means, and the form that does it. Nothing is changed by looking."""
    desk = request.app[DESK]
    brand, to = _asked(request)
    standing, waiting = await asyncio.to_thread(_before, desk, brand)
    armed = {brand: to}
    further = to.reach > standing.arming.reach
    values = {
        "here": "brands",
        "brand": standing,
        "to": to.value,
        "label": LABELS[to],
        "now": in_words(standing.arming),
        "meaning": meaning(to),
        "told": [role for role in TOLD if role in desk.settings.roles],
        "troubles": pages_to_nobody(desk.settings, desk.library, armed, desk.rotas(), desk.clock()) if further else [],
        "waiting": waiting if further else [],
        "early": further and standing.observes_ms > 0,
    }
    return desk.page("arming.html", values, viewer)


async def change(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer arms a brand, with a reason."""
    desk = request.app[DESK]
    brand, to = _asked(request)
    early, reason = form.get("early") == "yes", form.get("reason", "")
    told = await asyncio.to_thread(
        arm, desk.engine, brand, to, viewer.person, reason, desk.settings, desk.clock(), early=early
    )
    match told:
        case Armed.NO_PERSON:
            raise web.HTTPForbidden
        case Armed.NO_SUCH_BRAND:
            raise web.HTTPNotFound
        case _:
            where = f"/brands?said={told.value}#{quote(brand, safe='')}"
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": where})


def _asked(request: web.Request) -> tuple[str, Arming]:
    brand, to = request.match_info["brand"], request.match_info["to"]
    if brand not in request.app[DESK].settings.brands or to not in list(Arming):
        raise web.HTTPNotFound
    return brand, Arming(to)


def _rows(desk: Desk) -> list[Row]:
    found = brand_standings(desk.engine, desk.settings, desk.clock())
    return [
        Row(
            standing=one,
            state=in_words(one.arming),
            tone=TONES[one.arming],
            others=tuple((to, LABELS[to]) for to in Arming if to is not one.arming),
            acts=tuple(acts_of(desk.engine, one.brand)),
        )
        for one in found
    ]


def _before(desk: Desk, brand: str) -> tuple[BrandStanding, list[IncidentView]]:
    standings = brand_standings(desk.engine, desk.settings, desk.clock())
    (standing,) = [one for one in standings if one.brand == brand]
    return standing, _waiting(desk.engine, brand)


def _waiting(engine: Engine, brand: str) -> list[IncidentView]:
    """Open incidents that would be acted on at once."""
    with reading(engine) as conn:
        found = incident_log.views(conn, open_now(conn, "", brand)).values()
    return [view for view in found if view.state is not IncidentState.CONTAINED]


def _names(desk: Desk) -> dict[str, str]:
    return {key: person.name for key, person in desk.settings.people.items()}
