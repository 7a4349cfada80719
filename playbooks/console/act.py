"""The page behind a signed link in a message: it asks, and its button acknowledges or calls the next person.

Looking changes nothing, because mail scanners and previews open links too. The link says who acts, so nobody signs in,
and it opens nothing else of the console. Where there is nothing more to do, it says what happened instead of asking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from detectors.run import run_of
from playbooks.console.act_words import Asks, acknowledging, calling
from playbooks.console.desk import DESK, Desk
from playbooks.console.forms import read_form
from playbooks.console.words import shown_in, what_happens
from playbooks.effects.action_link import MIN_SECRET_CHARS, ActionLink, LinkRefused, What, read_token
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.oncall.people import who_is_asked
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery import outbox
from playbooks.store.delivery.call_next import Call, call_next, line_of
from playbooks.store.incidents.deeds import Told, acknowledge_by
from playbooks.store.incidents.incidents import as_it_stands, incident_history, incident_view

ROUTE = "/act/{token:[A-Za-z0-9_.-]{1,1000}}"

_GONE = ("This incident is not there", "Sign in to the console to look for it.")
_CALLED: Mapping[Call, Asks] = {
    Call.CALLED: Asks("The next person is called", ("It is in the log under your name.",)),
    Call.ONLY_OBSERVED: Asks("Nobody was called", ("The brand is only observed now: it pages nobody.",)),
}


def link_secret(settings: PlaybookSettings) -> Secret | None:
    """What links are signed with, None where ``channels.links`` is not set; raises `MissingSecret`."""
    links = settings.channels.links
    return links.secret.read("channels.links.secret", at_least=MIN_SECRET_CHARS) if links else None


def show(secret: Secret) -> Handler:
    """The page that asks, or says what happened."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found = await _behind(request, secret)
        if isinstance(found, web.Response):
            return found
        return await _asking(request, *found)

    return handle


def act(secret: Secret) -> Handler:
    """What the button does."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found = await _behind(request, secret)
        if isinstance(found, web.Response):
            return found
        link, view = found
        desk = request.app[DESK]
        if link.what is What.ACKNOWLEDGE:
            how, now_ms = AcknowledgedBy.LINK, desk.clock()
            told = await asyncio.to_thread(acknowledge_by, desk.engine, link.incident, link.person, how, now_ms)
            if told is Told.DONE:
                return await _taken(request, link, view)
        elif link.what is What.ESCALATE:
            came = _CALLED.get(await asyncio.to_thread(_call, desk, link, view, await _seen(request)))
            if came is not None:
                return await _asking(request, link, view, came)
        return await _asking(request, link, view)  # it is not as the page that asked had it

    return handle


async def _asking(request: web.Request, link: ActionLink, view: IncidentView, said: Asks | None = None) -> web.Response:
    desk = request.app[DESK]
    with shown_in(desk.zone_of(link.person)):
        asks = said or await asyncio.to_thread(_asks, desk, link, view)
        values = {
            "incident": view.id,
            "summary": what_happens(view.signal, desk.brand_name(view.brand)),
            "path": request.path,
            "name": desk.name_of(link.person),
            "asks": asks,
            "brand": desk.brand_name(view.brand),
            "title": view.title,
            "severity": view.severity,
            "drill": bool(view.run),
        }
        return desk.page("act.html", values)


async def _taken(request: web.Request, link: ActionLink, view: IncidentView) -> web.Response:
    desk = request.app[DESK]
    now = await asyncio.to_thread(incident_view, desk.engine, link.incident) or view
    stands = await asyncio.to_thread(as_it_stands, desk.engine, now)
    others = [f"Each of {role} has to acknowledge. {words}" for role, words in desk.asked_each(stands)]
    return await _asking(request, link, view, Asks("You have it", ("It is in the log under your name.", *others)))


def _asks(desk: Desk, link: ActionLink, view: IncidentView) -> Asks:
    members = who_is_asked(run_of(view.run), desk.settings, desk.rotas(), desk.clock())
    line = line_of(desk.engine, view.id, link.person, desk.library, members)
    stands = line.view if line else view
    log = incident_history(desk.engine, view.id)
    if link.what is not What.ESCALATE or line is None:
        return acknowledging(stands, log, link.person, desk.name_of, desk.asked_each(stands))
    return calling(line, log, outbox.ledger(desk.engine, view.id), desk.name_of, members)


def _call(desk: Desk, link: ActionLink, view: IncidentView, seen: str) -> Call:
    members = who_is_asked(run_of(view.run), desk.settings, desk.rotas(), desk.clock())
    brands, now_ms = desk.settings.brands, desk.clock()
    return call_next(desk.engine, link.incident, link.person, seen, desk.library, brands, members, now_ms)


async def _seen(request: web.Request) -> str:
    if not request.can_read_body:
        return ""
    return (await read_form(request)).get("seen", "")


async def _behind(request: web.Request, secret: Secret) -> tuple[ActionLink, IncidentView] | web.Response:
    desk = request.app[DESK]
    link = read_token(request.match_info["token"], secret, desk.clock())
    if isinstance(link, LinkRefused):
        values = {"title": "This link does not work", "text": link.words}
        return desk.page("problem.html", values, status=HTTPStatus.GONE)
    view = await asyncio.to_thread(incident_view, desk.engine, link.incident)
    if view is None or link.person not in desk.settings.people or link.what is What.CONFIRM:
        return desk.page("problem.html", {"title": _GONE[0], "text": _GONE[1]}, status=HTTPStatus.GONE)
    return link, view
