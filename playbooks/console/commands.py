"""What people do on the console: acknowledge, say that it is over, agree to a release. Each under their name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum

from aiohttp import web
from sqlalchemy import Engine

from playbooks.console import signing_in
from playbooks.console.answers import Ended, Noted, back_to, back_to_report
from playbooks.console.desk import DESK, Desk, Viewer
from playbooks.console.forms import BadForm
from playbooks.holds.hold import Hold, Release
from playbooks.holds.rights import MayRelease, may_release, roles_of
from playbooks.store.holds import holds
from playbooks.store.incidents import deeds, incidents, moving, reporting
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.reporting import Answer, Came, Report

Form = Mapping[str, str]
#: Something that `deeds` does with an incident, a person, their words and the clock.
Deed = Callable[[Engine, str, str, str, int], Told]
#: How bad a person may say that it is.
SEVERITIES = frozenset("12345")


async def acknowledge(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer has the incident."""
    desk, incident = request.app[DESK], request.match_info["incident"]
    told = await asyncio.to_thread(deeds.acknowledge, desk.engine, incident, viewer.person, desk.clock())
    return answer(incident, told, {})


async def resolve(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer says that the incident is over, with a reason."""
    words = {Told.DONE: Ended.ENDED, Told.NO_REASON: Ended.NO_REASON_TO_END}
    return await _say(request, viewer, deeds.resolve, form.get("reason", ""), words)


async def note(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer writes something down that everybody should know."""
    words = {Told.DONE: Noted.NOTED, Told.NO_REASON: Noted.NOTHING_SAID}
    return await _say(request, viewer, deeds.note, form.get("text", ""), words)


async def contain(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer says that the incident does not spread any more, with a reason."""
    words = {
        Told.DONE: Noted.CONTAINED,
        Told.NO_REASON: Noted.NO_REASON_TO_CONTAIN,
        Told.ALREADY: Noted.CONTAINED_ALREADY,
    }
    return await _say(request, viewer, deeds.contain, form.get("reason", ""), words)


async def reopen(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer says that the incident was not over, with a reason; its pages go out anew."""
    words = {
        Told.DONE: Noted.REOPENED,
        Told.NO_REASON: Noted.NO_REASON_TO_REOPEN,
        Told.ALREADY: Noted.OPEN_ALREADY,
    }
    library, brands = request.app[DESK].library, request.app[DESK].settings.brands

    def deed(engine: Engine, incident: str, person: str, reason: str, now_ms: int) -> Told:
        return deeds.reopen(engine, incident, person, reason, library, brands, now_ms)

    return await _say(request, viewer, deed, form.get("reason", ""), words)


async def move(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer moves the incident to another playbook, with a reason."""
    words = {Told.DONE: Noted.MOVED, Told.ALREADY: Noted.THERE_ALREADY, Told.NO_REASON: Noted.NO_REASON_TO_MOVE}
    told = await asyncio.to_thread(_move, request.app[DESK], request.match_info["incident"], viewer.person, form)
    return answer(request.match_info["incident"], told, words)


async def report(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer reports what Firebreak did not see: an incident is opened, or joined."""
    desk, severity = request.app[DESK], form.get("severity", "")
    if severity not in SEVERITIES:
        raise BadForm("Say how bad it is: a number from 1 to 5.")
    about = Report(form.get("brand", ""), form.get("playbook", ""), int(severity), form.get("what", ""))
    came = await asyncio.to_thread(
        reporting.report, desk.engine, about, viewer.person, viewer.name, desk.library, desk.settings, desk.clock()
    )
    match came.told:
        case Told.DONE:
            return back_to(came.incident, _reported(came))
        case Told.NO_PERSON:
            raise web.HTTPForbidden
        case Told.NO_REASON:
            return back_to_report(Noted.NOTHING_REPORTED)
        case told:
            return back_to_report(told)


def _reported(came: Answer) -> Noted:
    """What the incident's page says of a report: whether anybody is paged is what the reporter has to know."""
    if not came.paged and came.why_not:
        return Noted.REPORTED_TO_NOBODY
    if came.came is Came.MOVED:
        return Noted.REPORTED_AND_MOVED
    if came.came is Came.JOINED:
        return Noted.REPORTED_WORSE if came.paged else Noted.REPORTED_BESIDE
    return Noted.REPORTED


def _move(desk: Desk, incident: str, person: str, form: Form) -> Told:
    reason, playbook = form.get("reason", ""), form.get("playbook", "")
    known = desk.settings.brands
    return moving.move(desk.engine, incident, person, reason, playbook, desk.library, known, desk.clock()).told


async def tick(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer has done something that the incident asks of people."""
    words = {
        Told.DONE: Noted.TICKED,
        Told.ALREADY: Noted.TICKED_BEFORE,
        Told.NO_REASON: Noted.NOTHING_DECIDED,
    }
    desk, incident = request.app[DESK], request.match_info["incident"]
    action, said, option = form.get("action", ""), form.get("note", ""), form.get("option", "")
    told = await asyncio.to_thread(deeds.tick, desk.engine, incident, action, viewer.person, said, option, desk.clock())
    return answer(incident, told, words)


async def _say(
    request: web.Request, viewer: Viewer, deed: Deed, text: str, words: Mapping[Told, StrEnum]
) -> web.Response:
    """Do a deed that takes a person's words, and go back to the incident."""
    desk, incident = request.app[DESK], request.match_info["incident"]
    told = await asyncio.to_thread(deed, desk.engine, incident, viewer.person, text, desk.clock())
    return answer(incident, told, words)


def answer(incident: str, told: Told, words: Mapping[Told, StrEnum]) -> web.Response:
    """Back to the incident, which says what came of it; `words` are for what means more here than by itself."""
    match told:
        case Told.NO_SUCH_INCIDENT:
            raise web.HTTPNotFound
        case Told.NO_PERSON:
            raise web.HTTPForbidden
        case _:
            return back_to(incident, words.get(told, told))


async def release(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer agrees that a hold may go, with a reason."""
    desk = request.app[DESK]
    hold = await asyncio.to_thread(holds.read_hold, desk.engine, request.match_info["hold"])
    if hold is None:
        raise web.HTTPNotFound
    looked = int(seen) if (seen := form.get("looked", "0")).isdecimal() and len(seen) < 10 else 0
    word = await asyncio.to_thread(_agree, desk, hold, viewer.person, form.get("reason", ""), looked)
    if word is Release.NO_PERSON:
        raise web.HTTPForbidden
    return back_to(hold.incident, word)


async def sign_out(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer's session ends."""
    return await signing_in.sign_out(request, viewer)


def _agree(desk: Desk, hold: Hold, person: str, reason: str, looked: int) -> StrEnum:
    view = incidents.incident_view(desk.engine, hold.incident)
    # Roles come from the incident's log, where the playbook's words at its opening are pinned.
    released_by = [role for known in view.holds if known.id == hold.id for role in known.released_by] if view else []
    may = may_release(hold, person, released_by, desk.roles())
    if may is MayRelease.NOT_IN_THE_ROLES:
        return may
    in_roles = roles_of(person, desk.roles())
    return holds.agree_release(desk.engine, hold.id, person, reason, desk.clock(), looked, in_roles)
