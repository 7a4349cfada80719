"""The page behind a signed link in a message: it asks, and its button acknowledges or calls the next person.

Looking changes nothing, because mail scanners and previews open links too. The link says who acts, so nobody signs in,
and it opens nothing else of the console.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from playbooks.console.desk import DESK, Desk
from playbooks.effects.action_link import MIN_SECRET_CHARS, ActionLink, LinkRefused, What, read_token
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery.call_next import call_next
from playbooks.store.incidents.deeds import Told, acknowledge_by
from playbooks.store.incidents.incidents import incident_view

ROUTE = "/act/{token:[A-Za-z0-9_.-]{1,1000}}"

_BUTTON = {What.ACKNOWLEDGE: "I have it", What.ESCALATE: "Call the next person now"}
_DONE = {
    What.ACKNOWLEDGE: ("You have it", "It is in the log under your name."),
    What.ESCALATE: ("The next person is called", "It is in the log under your name. It is still nobody's."),
}
_NOT_DONE = {
    Told.ALREADY: ("You had it already", "Nothing more is needed here."),
    Told.IS_OVER: ("It is over already", "Somebody has ended the incident."),
    Told.NO_SUCH_STEP: (
        "There is nobody further to call",
        "Everybody who can be called was called. Sign in to do more.",
    ),
}
_GONE = ("This incident is not there", "Sign in to the console to look for it.")


def link_secret(settings: PlaybookSettings) -> Secret | None:
    """What links are signed with, None where ``channels.links`` is not set; raises `MissingSecret`."""
    links = settings.channels.links
    return links.secret.read("channels.links.secret", at_least=MIN_SECRET_CHARS) if links else None


def show(secret: Secret) -> Handler:
    """The page that asks."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found = await _behind(request, secret)
        if isinstance(found, web.Response):
            return found
        link, view = found
        desk = request.app[DESK]
        values = {
            "path": request.path,
            "name": desk.name_of(link.person),
            "button": _BUTTON[link.what],
            "brand": desk.brand_name(view.brand),
            "title": view.title,
            "severity": view.severity,
            "drill": bool(view.run),
        }
        return desk.page("act.html", values)

    return handle


def act(secret: Secret) -> Handler:
    """What the button does."""

    async def handle(request: web.Request) -> web.StreamResponse:
        found = await _behind(request, secret)
        if isinstance(found, web.Response):
            return found
        link, _ = found
        desk = request.app[DESK]
        told = await asyncio.to_thread(_do, desk, link)
        title, text = _DONE[link.what] if told is Told.DONE else _NOT_DONE.get(told, _GONE)
        return desk.page("problem.html", {"title": title, "text": text})

    return handle


def _do(desk: Desk, link: ActionLink) -> Told:
    match link.what:
        case What.ACKNOWLEDGE:
            return acknowledge_by(desk.engine, link.incident, link.person, AcknowledgedBy.LINK, desk.clock())
        case What.ESCALATE:
            return call_next(desk.engine, link.incident, link.person, desk.clock())
        case What.CONFIRM:
            return Told.NO_SUCH_INCIDENT  # it is of a test message, which has a page of its own


async def _behind(request: web.Request, secret: Secret) -> tuple[ActionLink, IncidentView] | web.Response:
    desk = request.app[DESK]
    link = read_token(request.match_info["token"], secret, desk.clock())
    if isinstance(link, LinkRefused):
        values = {"title": "This link does not work", "text": link.words}
        return desk.page("problem.html", values, status=HTTPStatus.GONE)
    view = await asyncio.to_thread(incident_view, desk.engine, link.incident)
    if view is None or link.person not in desk.settings.people:
        return desk.page("problem.html", {"title": _GONE[0], "text": _GONE[1]}, status=HTTPStatus.GONE)
    return link, view
