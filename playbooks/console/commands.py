"""What people do on the console: acknowledge, say that it is over, agree to a release. Each under their name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum

from aiohttp import web

from playbooks.console import signing_in
from playbooks.console.answers import Ended, back_to
from playbooks.console.desk import DESK, Desk, Viewer
from playbooks.release_rights import MayRelease, may_release
from playbooks.store import holds, incidents

Form = Mapping[str, str]


async def acknowledge(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer has the incident."""
    desk, incident = request.app[DESK], request.match_info["incident"]
    told = await asyncio.to_thread(incidents.acknowledge, desk.engine, incident, viewer.person, desk.clock())
    match told:
        case incidents.Told.NO_SUCH_INCIDENT:
            raise web.HTTPNotFound
        case incidents.Told.NO_PERSON:
            raise web.HTTPForbidden
        case _:
            return back_to(incident, told)


async def resolve(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer says that the incident is over, with a reason."""
    desk, incident = request.app[DESK], request.match_info["incident"]
    reason = form.get("reason", "")
    told = await asyncio.to_thread(incidents.resolve, desk.engine, incident, viewer.person, reason, desk.clock())
    match told:
        case incidents.Told.NO_SUCH_INCIDENT:
            raise web.HTTPNotFound
        case incidents.Told.NO_PERSON:
            raise web.HTTPForbidden
        case incidents.Told.DONE:
            return back_to(incident, Ended.ENDED)
        case incidents.Told.NO_REASON:
            return back_to(incident, Ended.NO_REASON_TO_END)
        case _:
            return back_to(incident, told)


async def release(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer agrees that a hold may go, with a reason."""
    desk = request.app[DESK]
    hold = await asyncio.to_thread(holds.read_hold, desk.engine, request.match_info["hold"])
    if hold is None:
        raise web.HTTPNotFound
    word = await asyncio.to_thread(_agree, desk, hold, viewer.person, form.get("reason", ""))
    if word is holds.Release.NO_PERSON:
        raise web.HTTPForbidden
    return back_to(hold.incident, word)


async def sign_out(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer's session ends."""
    return await signing_in.sign_out(request, viewer)


def _agree(desk: Desk, hold: holds.Hold, person: str, reason: str) -> StrEnum:
    view = incidents.incident_view(desk.engine, hold.incident)
    # Roles come from the incident's log, where the playbook's words at its opening are pinned.
    released_by = [role for known in view.holds if known.id == hold.id for role in known.released_by] if view else []
    may = may_release(hold, person, released_by, desk.roles())
    if may is MayRelease.NOT_IN_THE_ROLES:
        return may
    return holds.agree_release(desk.engine, hold.id, person, reason, desk.clock())
