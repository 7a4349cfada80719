"""Two incidents that are one, on the console: what their pages say of each other, and the act that merges them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import msgspec
from aiohttp import web
from sqlalchemy import Engine

from detectors.run import Replay, run_of
from playbooks.console.answers import Noted
from playbooks.console.commands import answer
from playbooks.console.desk import DESK, ID, Viewer
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.store.engine import reading
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.log import views
from playbooks.store.incidents.merged import going_on_as
from playbooks.store.incidents.merging import merge, open_beside

Form = Mapping[str, str]


class Other(msgspec.Struct, frozen=True):
    """Another incident, to be linked to or merged into."""

    id: str
    title: str
    opened_ms: int


class Beside(msgspec.Struct, frozen=True):
    """What an incident has to do with others: what it goes on as, what goes on as it, what it may be merged into."""

    into: Other | None = None
    here: tuple[Other, ...] = ()
    may_go_into: tuple[Other, ...] = ()

    @property
    def incidents(self) -> tuple[str, ...]:
        """Those that go on as it, by their ids."""
        return tuple(one.id for one in self.here)


def beside(engine: Engine, view: IncidentView) -> Beside:
    """The other incidents that belong on its page."""
    with reading(engine) as conn:
        into = views(conn, [view.merged_into]).get(view.merged_into) if view.merged_into else None
        here = going_on_as(conn, view)
        spreads = view.state is not IncidentState.RESOLVED and not isinstance(run_of(view.run), Replay)
        others = open_beside(conn, view) if spreads else []
    return Beside(_other(into) if into else None, tuple(map(_other, here)), tuple(map(_other, others)))


async def merge_into(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer says that the incident is the same as another, with a reason."""
    desk, incident = request.app[DESK], request.match_info["incident"]
    into, reason = form.get("into", ""), form.get("reason", "")
    if not re.fullmatch(ID, into):
        return answer(incident, Told.NOT_TOGETHER, {})
    told = await asyncio.to_thread(merge, desk.engine, incident, into, viewer.person, reason, desk.clock())
    words = {Told.DONE: Noted.MERGED, Told.NO_REASON: Noted.NO_REASON_TO_MERGE, Told.ALREADY: Noted.MERGED_ALREADY}
    return answer(incident, told, words)


def _other(view: IncidentView) -> Other:
    return Other(view.id, view.title, view.opened_ms)
