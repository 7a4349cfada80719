"""Real or false: what a person says of an incident, and the page that counts false pages week by week."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import groupby

import msgspec
from aiohttp import web

from playbooks.console.answers import Noted
from playbooks.console.commands import answer
from playbooks.console.desk import DESK, Viewer
from playbooks.console.forms import BadForm
from playbooks.labels import Judgement
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.judging import WEEK_MS, Week, judge, weeks

Form = Mapping[str, str]
_WEEKS = 8
_TO_CHOOSE = frozenset({Judgement.REAL.value, Judgement.FALSE.value})


class Row(msgspec.Struct, frozen=True):
    """A brand's week: how many incidents paged, and what people say of them."""

    brand: str
    paged: int
    false: int
    real: int
    unjudged: int


class WeekShown(msgspec.Struct, frozen=True):
    """The seven days that begin at `from_ms`."""

    from_ms: int
    until_ms: int
    rows: list[Row]


async def false_pages(request: web.Request, viewer: Viewer) -> web.Response:
    """How many pages were false, brand by brand, in each of the last weeks."""
    desk = request.app[DESK]
    found = await asyncio.to_thread(weeks, desk.engine, desk.clock(), _WEEKS)
    shown = [
        WeekShown(until_ms - WEEK_MS, until_ms, [_row(week, desk.brand_name(week.brand)) for week in of_it])
        for until_ms, of_it in groupby(found, lambda week: week.until_ms)
    ]
    return desk.page("false_pages.html", {"here": "false-pages", "weeks": shown, "how_many": _WEEKS}, viewer)


async def say(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    """The viewer says whether the incident was real, with a reason."""
    desk, incident = request.app[DESK], request.match_info["incident"]
    if (verdict := form.get("verdict", "")) not in _TO_CHOOSE:
        raise BadForm("Say whether it was real: choose one of the answers.")
    reason = form.get("reason", "")
    told = await asyncio.to_thread(
        judge, desk.engine, incident, viewer.person, Judgement(verdict), reason, desk.clock()
    )
    words = {Told.DONE: Noted.JUDGED, Told.ALREADY: Noted.JUDGED_ALREADY, Told.NO_REASON: Noted.NO_REASON_TO_JUDGE}
    return answer(incident, told, words)


def _row(week: Week, brand: str) -> Row:
    of = week.judged
    false, real, unjudged = of[Judgement.FALSE], of[Judgement.REAL], of[Judgement.UNJUDGED]
    return Row(brand, false + real + unjudged, false, real, unjudged)
