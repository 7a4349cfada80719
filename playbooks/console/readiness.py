"""The page Readiness: would this page anyone right now? And the test messages that people ask for and confirm.

The channels are not asked from here, because only the runner has their secrets: what it heard of them lately counts,
and it sends the tests. People test and confirm their own contact points and nobody else's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import Engine

from playbooks.console.desk import DESK, Desk, Said, Viewer
from playbooks.effects.action_link import ActionLink, LinkRefused, What, read_token
from playbooks.readiness.check import check_from_afar
from playbooks.readiness.contacts import Point, contact_findings, points_of
from playbooks.readiness.finding import Check, Finding, Reason, Weight
from playbooks.readiness.proof import new_test, said_with
from playbooks.readiness.reachability import channels_for_people
from playbooks.secret import Secret
from playbooks.store.delivery.contact_tests import ASKED, ContactTest, confirm, newest_tests, note_test

ROUTE = "/confirm/{token:[A-Za-z0-9_.-]{1,1000}}"
#: A check is shown to everybody who looks for so long: it asks Kafka and the whole store.
KEPT_MS = 15_000
#: So soon after a test nobody gets another.
PAUSE_MS = 60_000

_TONES = {Weight.FAILS: "alarm", Weight.LOOK: "held", Weight.UNKNOWN: "replay", Weight.WELL: "calm"}


class Tested(StrEnum):
    """What came of asking for a test message, and of saying that one came."""

    TESTS_ASKED = "tests_asked"
    TESTED_JUST_NOW = "tested_just_now"
    NO_POINT_TO_TEST = "no_point_to_test"
    POINT_CONFIRMED = "point_confirmed"
    NO_SUCH_CODE = "no_such_code"


SENTENCES: Mapping[str, Said] = {
    Tested.TESTS_ASKED: Said("Your test messages go out within half a minute. Say the code of each one here."),
    Tested.TESTED_JUST_NOW: Said("You had test messages a moment ago. Wait a minute before the next.", good=False),
    Tested.NO_POINT_TO_TEST: Said("You have no contact point on a channel that is set up.", good=False),
    Tested.POINT_CONFIRMED: Said("Confirmed: a page would reach you there."),
    Tested.NO_SUCH_CODE: Said("No test message of yours has this code, or it was confirmed already.", good=False),
}


class Checks:
    """The last check, made anew when somebody looks after it has grown old."""

    def __init__(self) -> None:
        self._last: Check | None = None
        self._turn = asyncio.Lock()

    async def now(self, desk: Desk) -> Check:
        """A check that is at most a few seconds old."""
        async with self._turn:
            if self._last is None or not 0 <= desk.clock() - self._last.at_ms < KEPT_MS:
                self._last = await check_from_afar(desk.engine, desk.settings, desk.rotas(), desk.clock, desk.probes)
            return self._last


def page(checks: Checks) -> Callable[[web.Request, Viewer], Awaitable[web.Response]]:
    """The page."""

    async def readiness(request: web.Request, viewer: Viewer) -> web.Response:
        desk = request.app[DESK]
        found = await checks.now(desk)
        own = await asyncio.to_thread(_own, desk, viewer.person)
        groups = [(weight, _TONES[weight], found.of(weight)) for weight in Weight if found.of(weight)]
        values = {
            "here": "readiness",
            "check": found,
            "groups": groups,
            "own": own,
            "waits": any(one.reason is Reason.NOT_CONFIRMED for one in own),
        }
        return desk.page("readiness.html", values, viewer, said=SENTENCES.get(request.query.get("said", "")))

    return readiness


async def send_tests(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer wants a test message at each of their contact points."""
    desk = request.app[DESK]
    return _back(await asyncio.to_thread(_ask, desk, viewer.person))


async def confirm_code(request: web.Request, viewer: Viewer, form: Mapping[str, str]) -> web.Response:
    """The viewer says the code of a test message of theirs."""
    desk = request.app[DESK]
    return _back(await asyncio.to_thread(_confirm, desk, viewer.person, form.get("code", "")))


def show_link(secret: Secret) -> Handler:
    """The page behind the link in a test message; it asks, because scanners follow links."""

    async def handle(request: web.Request) -> web.StreamResponse:
        desk = request.app[DESK]
        found = await _behind(request, secret)
        if found is None:
            return _gone(desk)
        values = {"path": request.path, "name": desk.name_of(found.person), "channel": found.channel.value}
        return desk.page("confirm.html", values)

    return handle


def follow_link(secret: Secret) -> Handler:
    """What its button does."""

    async def handle(request: web.Request) -> web.StreamResponse:
        desk = request.app[DESK]
        found = await _behind(request, secret)
        if found is None or not await asyncio.to_thread(confirm, desk.engine, found.id, desk.clock()):
            return _gone(desk)
        text = f"Thank you, {desk.name_of(found.person)}: a page would reach you by {found.channel.value}."
        return desk.page("problem.html", {"title": "Confirmed", "text": text})

    return handle


async def _behind(request: web.Request, secret: Secret) -> ContactTest | None:
    desk = request.app[DESK]
    link = read_token(request.match_info["token"], secret, desk.clock())
    if isinstance(link, LinkRefused) or link.what is not What.CONFIRM:
        return None
    return await asyncio.to_thread(_test_of, desk.engine, link)


def _test_of(engine: Engine, link: ActionLink) -> ContactTest | None:
    tests = newest_tests(engine)
    return next((one for one in tests if (one.id, one.person) == (link.incident, link.person)), None)


def _own(desk: Desk, person: str) -> list[Finding]:
    """What is known of the viewer's own contact points."""
    points = _points(desk, person)
    days = desk.settings.readiness.verified_days
    return list(contact_findings(points, newest_tests(desk.engine), days, desk.clock()))


def _ask(desk: Desk, person: str) -> Tested:
    points, now_ms = _points(desk, person), desk.clock()
    if not points:
        return Tested.NO_POINT_TO_TEST
    lately = [test for test in newest_tests(desk.engine) if test.person == person and now_ms - test.sent_ms < PAUSE_MS]
    if lately:
        return Tested.TESTED_JUST_NOW
    for point in points:
        note_test(desk.engine, new_test(point, now_ms, ASKED))
    return Tested.TESTS_ASKED


def _confirm(desk: Desk, person: str, code: str) -> Tested:
    found = said_with(code, newest_tests(desk.engine), desk.clock(), person) if person else []
    if len(found) != 1:
        return Tested.NO_SUCH_CODE
    confirm(desk.engine, found[0].id, desk.clock())
    return Tested.POINT_CONFIRMED


def _points(desk: Desk, person: str) -> list[Point]:
    every = points_of(desk.settings, channels_for_people(desk.settings))
    return [point for point in every if point.person == person]


def _back(word: Tested) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/readiness?said={word.value}"})


def _gone(desk: Desk) -> web.Response:
    text = "It is too old, or part of it is missing. Say the code of the message on the page Readiness."
    return desk.page("problem.html", {"title": "This link does not work", "text": text}, status=HTTPStatus.GONE)
