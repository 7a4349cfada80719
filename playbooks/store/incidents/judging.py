"""Whether an incident was real: a person says, with a reason; and how many pages of a week were false, by brand."""

from __future__ import annotations

from collections import Counter

import msgspec
from sqlalchemy import Connection, Engine, exists, select, update

from playbooks.incidents.log_entry import Judged
from playbooks.labels import ActionKind, Judgement
from playbooks.store.engine import reading, writing
from playbooks.store.incidents.deeds import MAX_REASON_CHARS, Told, locked_view, say
from playbooks.store.schema import incidents, outbox

WEEK_MS = 7 * 24 * 3_600_000


class Week(msgspec.Struct, frozen=True):
    """What came of a brand's incidents that paged and opened in the week that ended at `until_ms`."""

    until_ms: int
    brand: str
    judged: dict[Judgement, int]


def judge(engine: Engine, incident: str, person: str, verdict: Judgement, reason: str, now_ms: int) -> Told:
    """Note that `person` says whether it was real, or takes that back; open or over, as often as minds change.

    `ALREADY` where that is the verdict.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = locked_view(conn, incident, person, over=True)
        if isinstance(view, Told):
            return view
        if view.judgement is verdict:
            return Told.ALREADY
        if not reason:
            return Told.NO_REASON
        said = None if verdict is Judgement.UNJUDGED else verdict.value
        say(conn, incident, Judged(verdict, reason), person, now_ms)
        conn.execute(update(incidents).where(incidents.c.id == incident).values(verdict=said))
    return Told.DONE


def count_week(engine: Engine, now_ms: int) -> Counter[tuple[str, Judgement]]:
    """Incidents of life that paged and opened in the last seven days, by brand and what people say of them."""
    with reading(engine) as conn:
        return _counted(conn, now_ms)


def weeks(engine: Engine, now_ms: int, how_many: int) -> list[Week]:
    """The last weeks, the newest first, each of the brands that paged in it."""
    found = []
    with reading(engine) as conn:
        for n in range(how_many):
            until_ms = now_ms - n * WEEK_MS
            counted = _counted(conn, until_ms)
            found += [
                Week(until_ms, brand, {one: counted[brand, one] for one in Judgement})
                for brand in sorted({brand for brand, _ in counted})
            ]
    return found


def _counted(conn: Connection, until_ms: int) -> Counter[tuple[str, Judgement]]:
    paged = exists().where(outbox.c.incident == incidents.c.id, outbox.c.action == ActionKind.PAGE.value)
    query = select(incidents.c.brand, incidents.c.verdict).where(
        incidents.c.run == "", incidents.c.opened_ms > until_ms - WEEK_MS, incidents.c.opened_ms <= until_ms, paged
    )
    return Counter((brand, Judgement(said or Judgement.UNJUDGED)) for brand, said in conn.execute(query))
