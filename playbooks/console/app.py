"""The console's addresses, and what is true of all of them: signed in, counted, safe headers, faults as pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import SQLAlchemyError

from playbooks import telemetry
from playbooks.console import (
    act,
    brands,
    commands,
    drills,
    editors,
    held,
    merges,
    mutes,
    pages,
    readiness,
    scheduled,
    signing_in,
    verdicts,
)
from playbooks.console.desk import DESK, ID, Asset, Desk, Viewer
from playbooks.console.forms import MAX_FORM_BYTES, BadForm, check_csrf, read_form
from playbooks.console.words import shown_in
from playbooks.health import Ready, health_routes
from playbooks.incoming.doors import doors, read_secrets
from playbooks.labels import ConsolePage, StatusClass
from playbooks.store.engine import StoreUnreachable

log = logging.getLogger(__name__)

ForViewers = Callable[[web.Request, Viewer], Awaitable[web.Response]]
Command = Callable[[web.Request, Viewer, dict[str, str]], Awaitable[web.Response]]

REQUEST_TIMEOUT_S = 15.0
PAGE = web.RequestKey("page", ConsolePage)

#: Nothing but our own style sheet, icon and forms; no script at all; in nobody's frame.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

PROBLEMS: dict[int, tuple[str, str]] = {
    HTTPStatus.FORBIDDEN: ("You may look, but not do this", "It takes a person who is named in the settings."),
    HTTPStatus.NOT_FOUND: ("There is nothing here", "The address is wrong, or what it named is gone."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("That is not how this page works", "Go back and use the buttons on the page."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("That was too long", "Say it in fewer words."),
}
STORE_AWAY = (
    "The store does not answer",
    "Nothing can be shown or changed just now. Holds stay in force meanwhile: without the store the gate refuses "
    "every post. Try again in a minute.",
)
FAULT = ("Something went wrong here", "Look again at what is so before you repeat it. The console's log says more.")


def console_app(desk: Desk, ready: Ready) -> web.Application:
    """The web application; raises `MissingSecret` where one is missing that says who speaks to us."""
    app = web.Application(middlewares=[_rim], client_max_size=MAX_FORM_BYTES)
    app[DESK] = desk
    get, post = app.router.add_get, app.router.add_post
    get("/", _page(ConsolePage.INCIDENTS, pages.incidents))
    get(f"/incidents/{{incident:{ID}}}", _page(ConsolePage.INCIDENT, pages.incident))
    get(f"/incidents/{{incident:{ID}}}/review.md", _page(ConsolePage.REVIEW, pages.incident_review))
    get("/readiness", _page(ConsolePage.READINESS, readiness.page(readiness.Checks())))
    post("/readiness/test", _command(ConsolePage.SEND_TEST, readiness.send_tests))
    post("/readiness/confirm", _command(ConsolePage.CONFIRM, readiness.confirm_code))
    get("/report", _page(ConsolePage.REPORT, pages.report))
    post("/report", _command(ConsolePage.REPORT, commands.report))
    get("/holds", _page(ConsolePage.HOLDS, pages.holds))
    get("/drills", _page(ConsolePage.DRILLS, drills.page))
    get(f"/runbooks/{{playbook:{ID}}}/{{version:{ID}}}", _page(ConsolePage.RUNBOOK, pages.runbook))
    post(f"/incidents/{{incident:{ID}}}/acknowledge", _command(ConsolePage.ACKNOWLEDGE, commands.acknowledge))
    post(f"/incidents/{{incident:{ID}}}/resolve", _command(ConsolePage.RESOLVE, commands.resolve))
    post(f"/incidents/{{incident:{ID}}}/note", _command(ConsolePage.NOTE, commands.note))
    post(f"/incidents/{{incident:{ID}}}/done", _command(ConsolePage.DONE, commands.tick))
    post(f"/incidents/{{incident:{ID}}}/contain", _command(ConsolePage.CONTAIN, commands.contain))
    post(f"/incidents/{{incident:{ID}}}/move", _command(ConsolePage.MOVE, commands.move))
    post(f"/incidents/{{incident:{ID}}}/reopen", _command(ConsolePage.REOPEN, commands.reopen))
    post(f"/incidents/{{incident:{ID}}}/merge", _command(ConsolePage.MERGE, merges.merge_into))
    post(f"/incidents/{{incident:{ID}}}/verdict", _command(ConsolePage.VERDICT, verdicts.say))
    get("/false-pages", _page(ConsolePage.FALSE_PAGES, verdicts.false_pages))
    post("/holds/place", _command(ConsolePage.HOLD, held.place))
    get(f"/holds/{{hold:{ID}}}/posts", _page(ConsolePage.HELD, held.posts))
    post(f"/holds/{{hold:{ID}}}/posts/{{post:{ID}}}", _command(ConsolePage.HELD, held.say))
    post(f"/holds/{{hold:{ID}}}/posts/{{post:{ID}}}/break-glass", _command(ConsolePage.GLASS, held.smash))
    get("/held", _page(ConsolePage.HELD, held.unwatched))
    post(f"/held/posts/{{post:{ID}}}", _command(ConsolePage.HELD, held.say))
    post(f"/held/posts/{{post:{ID}}}/break-glass", _command(ConsolePage.GLASS, held.smash))
    get(f"/schedulers/{{scheduler:{ID}}}", _page(ConsolePage.SCHEDULED, scheduled.page))
    post(f"/schedulers/{{scheduler:{ID}}}/posts", _command(ConsolePage.SCHEDULED, scheduled.say))
    post(f"/schedulers/{{scheduler:{ID}}}/all", _command(ConsolePage.SCHEDULED, scheduled.say_of_all))
    post(f"/holds/{{hold:{ID}}}/release", _command(ConsolePage.RELEASE, commands.release))
    get("/posts", _page(ConsolePage.EDITORS, editors.posts))
    post(f"/posts/{{post:{ID}}}/let-go", _command(ConsolePage.EDITORS, editors.let_go))
    post(f"/posts/{{post:{ID}}}/approve", _command(ConsolePage.EDITORS, editors.approve))
    arming = f"/brands/{{brand:{ID}}}/arming/{{to:{ID}}}"
    get("/brands", _page(ConsolePage.BRANDS, brands.brands))
    get(arming, _page(ConsolePage.ARM, brands.ask))
    post(arming, _command(ConsolePage.ARM, brands.change))
    get("/mutes", _page(ConsolePage.MUTES, mutes.mutes))
    post("/mutes", _command(ConsolePage.MUTE, mutes.mute))
    post(f"/mutes/{{mute:{ID}}}/lift", _command(ConsolePage.MUTE, mutes.lift))
    post("/sign-out", _command(ConsolePage.SIGN_OUT, commands.sign_out))
    get(signing_in.LINK_PATH, _open(ConsolePage.SIGN_IN, signing_in.show_link))
    post(signing_in.LINK_PATH, _open(ConsolePage.SIGN_IN, signing_in.sign_in))
    if (links := act.link_secret(desk.settings)) is not None:
        get(act.ROUTE, _open(ConsolePage.ACKNOWLEDGE, act.show(links)))
        post(act.ROUTE, _open(ConsolePage.ACKNOWLEDGE, act.act(links)))
        get(readiness.ROUTE, _open(ConsolePage.CONFIRM, readiness.show_link(links)))
        post(readiness.ROUTE, _open(ConsolePage.CONFIRM, readiness.follow_link(links)))
    for path, door in doors(read_secrets(desk.settings)).items():
        post(path, _open(ConsolePage.INCOMING, door))
    for asset in desk.assets.values():
        get(asset.path, _open(ConsolePage.STATIC, _asset(asset)))
    health_routes(app, ready)
    return app


def _open(page: ConsolePage, handler: Handler) -> Handler:
    """For everybody who knows the address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        request[PAGE] = page
        return await handler(request)

    return handle


def _page(page: ConsolePage, handler: ForViewers) -> Handler:
    """For people who are signed in."""

    async def handle(request: web.Request) -> web.StreamResponse:
        viewer = await signing_in.viewer_of(request)
        if viewer is None:
            return signing_in.sign_in_needed(request)
        with shown_in(request.app[DESK].zone_of(viewer.person)):
            return await handler(request, viewer)

    return _open(page, handle)


def _command(page: ConsolePage, handler: Command) -> Handler:
    """For people who are signed in and send a form that a page of theirs gave them."""

    async def handle(request: web.Request, viewer: Viewer) -> web.Response:
        form = await read_form(request)
        check_csrf(form, viewer.session)
        return await handler(request, viewer, form)

    return _page(page, handle)


def _asset(asset: Asset) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        response = web.Response(body=asset.content, content_type=asset.content_type)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return handle


@web.middleware
async def _rim(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await _answer(request, handler)
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    page = request.get(PAGE, ConsolePage.OTHER)
    telemetry.CONSOLE_REQUESTS.labels(page=page, status=StatusClass.of(response.status)).inc()
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            return await handler(request)
    except BadForm as wrong:
        return _problem(request, HTTPStatus.BAD_REQUEST, "That did not work", str(wrong))
    except web.HTTPException as wrong:
        return _problem(request, HTTPStatus(wrong.status), *PROBLEMS.get(wrong.status, (wrong.reason, "")))
    except (StoreUnreachable, SQLAlchemyError, TimeoutError) as wrong:
        log.warning("a page could not be made: the store does not answer: %r", str(wrong))
        return _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, *STORE_AWAY)
    except Exception:
        log.exception("a fault in the console")
        return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, *FAULT)


def _problem(request: web.Request, status: HTTPStatus, title: str, text: str) -> web.Response:
    return request.app[DESK].page("problem.html", {"title": title, "text": text}, status=status)
