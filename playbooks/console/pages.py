"""The pages: read the store once, make values, render. Nothing is changed by looking."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping

import msgspec
from aiohttp import web
from sqlalchemy import Engine

from detectors.run import Drill, Replay, run_of
from detectors.signal import SignalKind
from playbooks.console import held
from playbooks.console.answers import said_before
from playbooks.console.desk import DESK, ID, Desk, Viewer
from playbooks.console.hold_card import HoldCard, Rights, hold_card
from playbooks.console.ledger_rows import ledger_rows
from playbooks.console.merges import Beside, beside
from playbooks.console.quotes import quotes
from playbooks.console.reports import reports
from playbooks.console.review import review
from playbooks.console.scheduler_card import SchedulerCard, scheduler_cards
from playbooks.console.timeline import timeline
from playbooks.console.to_do import ToDo, to_do
from playbooks.console.values import Card, Finding, card, finding, world_of
from playbooks.console.waits import what_waits
from playbooks.console.words import shown_in
from playbooks.content.catalog import day_of
from playbooks.content.schema import Playbook
from playbooks.delivery.standing import Line
from playbooks.holds.held_post import HeldPost
from playbooks.holds.hold import Hold
from playbooks.incidents.incident import IncidentView, WentBy
from playbooks.incidents.log_entry import Logged
from playbooks.oncall.zone import zone_named
from playbooks.store import drills
from playbooks.store.delivery import outbox
from playbooks.store.gate.held_posts import counts, held_for
from playbooks.store.holds.holds import holds_in_force, holds_of_incident
from playbooks.store.holds.platforms import known_platforms
from playbooks.store.incidents.incidents import as_it_stands, incident_history, incident_view, list_incidents
from playbooks.store.incidents.posts import Quoted, quoted


class Known(msgspec.Struct, frozen=True):
    """Everything the store knows of an incident, with the holds of those that go on as it.

    `stands` is the incident as it stands through the one that it was merged into.
    """

    view: IncidentView
    history: list[Logged]
    holds: list[Hold]
    released_by: dict[str, tuple[str, ...]]
    ledger: list[Line]
    unreached: frozenset[str]
    posts: dict[str, Quoted]
    beside: Beside
    stands: IncidentView


async def incidents(request: web.Request, viewer: Viewer) -> web.Response:
    """All incidents, the newest first."""
    desk = request.app[DESK]
    found, unreached = await asyncio.to_thread(_listed, desk.engine)
    cards = [_card(desk, view, viewer, unreached) for view in found]
    return desk.page("incidents.html", {"here": "incidents", "cards": cards}, viewer)


async def incident(request: web.Request, viewer: Viewer) -> web.Response:
    """One incident: what is so, why, what was done, who was known, and the buttons."""
    desk = request.app[DESK]
    known = await asyncio.to_thread(_known, desk.engine, request.match_info["incident"])
    if known is None:
        raise web.HTTPNotFound
    brand = desk.brand_name(known.view.brand)
    released_by = known.released_by
    posts = await asyncio.to_thread(counts, desk.engine, [hold.id for hold in known.holds])
    values = {
        "incident": _card(desk, known.view, viewer, known.unreached),
        "reports": reports(known.view, desk.name_of),
        "others": _others(desk, known.view),
        "findings": _findings(desk, known),
        "beside": known.beside,
        "holds": [_hold_card(desk, hold, viewer, released_by.get(hold.id, ()), posts) for hold in known.holds],
        "held": await asyncio.to_thread(_held, desk.engine, known.holds),
        "schedulers": await _schedulers(desk, known.holds),
        "asked_each": desk.asked_each(known.stands),
        "to_do": _to_do(desk, known.stands, viewer),
        "newest": {one.playbook.id: one.playbook.version for one in desk.library.newest()},
        "timeline": timeline(known.history, brand, desk.name_of),
        "ledger": ledger_rows(known.ledger, desk.name_of),
        "world": world_of(known.view.run),
    }
    return desk.page("incident.html", values, viewer, said=said_before(request))


async def incident_review(request: web.Request, viewer: Viewer) -> web.Response:
    """The review of an incident, as a Markdown file."""
    desk = request.app[DESK]
    known = await asyncio.to_thread(_known, desk.engine, request.match_info["incident"])
    if known is None:
        raise web.HTTPNotFound
    brand = desk.brand_name(known.view.brand)
    with shown_in(zone_named("UTC")):  # it goes from hand to hand
        text = review(known.view, known.history, known.ledger, known.holds, brand, desk.name_of)
    name = f'attachment; filename="review-{known.view.id}.md"'
    return web.Response(text=text, content_type="text/markdown", headers={"Content-Disposition": name})


async def report(request: web.Request, viewer: Viewer) -> web.Response:
    """The form by which somebody reports what Firebreak did not see."""
    desk = request.app[DESK]
    found = desk.library.reportable(day_of(desk.clock()))
    values = {
        "here": "report",
        "brands": [(key, desk.brand_name(key)) for key in sorted(desk.settings.brands)],
        "playbooks": [(one.playbook.id, one.playbook.title) for one in found],
    }
    return desk.page("report.html", values, viewer, said=said_before(request))


async def holds(request: web.Request, viewer: Viewer) -> web.Response:
    """Every hold that holds something back: those of life, then those of drills that go on."""
    desk = request.app[DESK]
    found = await asyncio.to_thread(_holding, desk.engine, desk.clock())
    posts = await asyncio.to_thread(counts, desk.engine, [hold.id for hold, _ in found])
    cards = [_hold_card(desk, hold, viewer, released_by, posts) for hold, released_by in found]
    schedulers = await _schedulers(desk, [hold for hold, _ in found])
    values = {
        "here": "holds",
        "cards": cards,
        "schedulers": schedulers,
        "waits": await asyncio.to_thread(what_waits, desk, [hold for hold, _ in found]),
        "brands": [(key, desk.brand_name(key)) for key in sorted(desk.settings.brands)],
        "platforms": await asyncio.to_thread(known_platforms, desk.engine, desk.settings),
        "people": [(key, person.name) for key, person in sorted(desk.settings.people.items())],
    }
    return desk.page("holds.html", values, viewer, said=held.said(request))


async def runbook(request: web.Request, viewer: Viewer) -> web.Response:
    """The runbook of one version of a playbook, and for which incident it is read."""
    desk = request.app[DESK]
    pinned = desk.library.version(request.match_info["playbook"], request.match_info["version"])
    if pinned is None:
        raise web.HTTPNotFound
    asked = request.query.get("incident", "")
    view = await asyncio.to_thread(incident_view, desk.engine, asked) if re.fullmatch(ID, asked) else None
    values = {
        "playbook": pinned.playbook,
        "hash": pinned.hash,
        "incident": _card(desk, view, viewer) if view else None,
        "world": world_of(view.run) if view else None,
    }
    return desk.page("runbook.html", values, viewer)


def _known(engine: Engine, incident: str) -> Known | None:
    view = incident_view(engine, incident)
    if view is None:
        return None
    found = beside(engine, view)
    own = [incident, *found.incidents]
    return Known(
        view=view,
        history=incident_history(engine, incident),
        holds=[hold for one in own for hold in holds_of_incident(engine, one)],
        released_by={hold: roles for one in own for hold, roles in _released_by(incident_view(engine, one)).items()},
        ledger=outbox.ledger(engine, incident),
        unreached=outbox.reached_nobody(engine, [incident]),
        posts=quoted(engine, [post.id for post in view.signal.evidence.posts]),
        beside=found,
        stands=as_it_stands(engine, view),
    )


def _listed(engine: Engine) -> tuple[list[IncidentView], frozenset[str]]:
    found = list_incidents(engine)
    return found, outbox.reached_nobody(engine, [view.id for view in found])


def _holding(engine: Engine, now_ms: int) -> list[tuple[Hold, tuple[str, ...]]]:
    """The holds in force, each with the roles that may open it."""
    in_force = holds_in_force(engine)
    ended = drills.over(engine, [hold.run for hold in in_force], now_ms)
    found = [hold for hold in in_force if not isinstance(run_of(hold.run), Replay) and hold.run not in ended]
    found.sort(key=lambda hold: isinstance(run_of(hold.run), Drill))
    views = {incident: incident_view(engine, incident) for incident in {hold.incident for hold in found}}
    return [(hold, _released_by(views[hold.incident]).get(hold.id, ())) for hold in found]


async def _schedulers(desk: Desk, holds: Collection[Hold]) -> list[SchedulerCard]:
    """The accounts in schedulers that holds are about."""
    schedulers = desk.settings.schedulers
    return await asyncio.to_thread(scheduler_cards, desk.engine, schedulers, holds) if schedulers else []


def _released_by(view: IncidentView | None) -> dict[str, tuple[str, ...]]:
    return {hold.id: hold.released_by for hold in view.holds} if view else {}


def _card(desk: Desk, view: IncidentView, viewer: Viewer, unreached: Collection[str] = ()) -> Card:
    by, may_act = desk.name_of(view.acknowledged_by or ""), bool(viewer.person)
    shown = desk.brand_name(view.brand)
    return card(view, shown, by, may_act, viewer=viewer.person, unreached=view.id in unreached)


def _others(desk: Desk, view: IncidentView) -> list[tuple[str, str]]:
    """The playbooks that it may be moved to, with their titles: what people can report by hand."""
    reportable = desk.library.reportable(day_of(desk.clock()))
    if not view.hash or isinstance(run_of(view.run), Replay):
        return []
    return [(one.playbook.id, one.playbook.title) for one in reportable if one.playbook.id != view.playbook]


def _findings(desk: Desk, known: Known) -> list[Finding]:
    """Why the signal was raised; what a person reported has no figures."""
    signal = known.view.signal
    if signal.kind is SignalKind.REPORTED:
        return []
    return [finding(signal, quotes(signal.evidence.posts, known.posts, desk.name_of))]


def _to_do(desk: Desk, view: IncidentView, viewer: Viewer) -> list[ToDo]:
    def playbook_of(by: WentBy) -> Playbook | None:
        pinned = desk.library.version(by.playbook, by.version)
        return pinned.playbook if pinned else None

    return to_do(view, playbook_of, desk.name_of, desk.clock(), may_act=bool(viewer.person))


def _held(engine: Engine, holds: Collection[Hold]) -> dict[str, list[HeldPost]]:
    """The posts that each hold in force has held: whoever agrees to a release has looked at them."""
    return {hold.id: held_for(engine, hold.id) for hold in holds if hold.in_force}


def _hold_card(
    desk: Desk, hold: Hold, viewer: Viewer, released_by: tuple[str, ...], posts: Mapping[str, int]
) -> HoldCard:
    names = {key: person.name for key, person in desk.settings.people.items()}
    rights = Rights(released_by, desk.roles(), names)
    return hold_card(hold, desk.brand_name(hold.brand), viewer.person, rights, posts.get(hold.id, 0))
