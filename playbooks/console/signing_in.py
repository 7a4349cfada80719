"""Signing in by a one-time link, and out again.

Opening a link shows a button; only the button uses the link up, because mail scanners and previews open links too.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from playbooks.console.desk import DESK, Desk, Viewer
from playbooks.console.forms import csrf_token, read_form
from playbooks.store import sessions

COOKIE = "firebreak"
LINK_PATH = "/sign-in/{secret}"


class Choice(msgspec.Struct, frozen=True):
    """Somebody whom a link may sign in."""

    key: str
    name: str


async def viewer_of(request: web.Request) -> Viewer | None:
    """Who is signed in; None where nobody is, or they are not among the people any more."""
    desk, secret = request.app[DESK], request.cookies.get(COOKIE, "")
    if not secret:
        return None
    person = await asyncio.to_thread(_person_of, desk, secret)
    if person is None or not _may_be(desk, person):
        return None
    return Viewer(person, desk.name_of(person) or "Not named", csrf_token(secret), secret)


async def show_link(request: web.Request) -> web.Response:
    """The page behind a link: a button, and where the link is for anybody, the names to choose from."""
    desk = request.app[DESK]
    link = await asyncio.to_thread(sessions.find_link, desk.engine, request.match_info["secret"], desk.clock())
    if link is None:
        return _does_not_work(desk)
    people = [Choice(key, person.name) for key, person in desk.settings.people.items()]
    chosen = Choice(link.person, desk.name_of(link.person)) if link.person else None
    return desk.page("sign_in.html", {"path": request.path, "person": chosen, "people": people})


async def sign_in(request: web.Request) -> web.Response:
    """Use the link up and give the browser its session."""
    desk = request.app[DESK]
    person = (await read_form(request)).get("person", "")
    if not _may_be(desk, person):
        return await show_link(request)
    session_s = round(desk.settings.console.session_h * 3600)
    secret = request.match_info["secret"]
    session = await asyncio.to_thread(sessions.use_link, desk.engine, secret, person, desk.clock(), session_s * 1000)
    if session is None:
        return _does_not_work(desk)
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(
        COOKIE,
        session,
        max_age=session_s,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=urlsplit(desk.settings.console.public_url or "").scheme == "https",
    )
    return response


async def sign_out(request: web.Request, viewer: Viewer) -> web.Response:
    """End the session, here and wherever else its secret may be."""
    desk = request.app[DESK]
    await asyncio.to_thread(sessions.end_session, desk.engine, viewer.session, desk.clock())
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


def sign_in_needed(request: web.Request) -> web.Response:
    """Asks to sign in; a browser that came from elsewhere brings its cookie only at the next click."""
    path = request.path_qs if request.method == "GET" else "/"
    return request.app[DESK].page("sign_in_needed.html", {"path": path}, status=401)


def _person_of(desk: Desk, secret: str) -> str | None:
    # Every page comes by here, so none shows or writes to a file that is no longer the store.
    desk.same_file.check()
    return sessions.session_person(desk.engine, secret, desk.clock())


def _may_be(desk: Desk, person: str) -> bool:
    return person in desk.settings.people if desk.settings.people else person == ""


def _does_not_work(desk: Desk) -> web.Response:
    values = {
        "title": "This link does not work",
        "text": "It was used already, or it is too old. Ask the person who runs Firebreak for a new one.",
    }
    return desk.page("problem.html", values, status=410)
