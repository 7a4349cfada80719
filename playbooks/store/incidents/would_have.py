"""What would have been done for a brand, had it been armed: counted in the logs of its incidents."""

from __future__ import annotations

from collections import Counter

import msgspec
from sqlalchemy import Engine, select

from playbooks.incidents.action import ActionDecision
from playbooks.incidents.log_entry import ActionPlanned
from playbooks.labels import ActionKind
from playbooks.store.engine import reading
from playbooks.store.schema import incident_log, incidents

_NOT_ARMED = (ActionDecision.BRAND_OBSERVES, ActionDecision.BRAND_NOT_ARMED_TO_HOLD)
_PLANNED = ActionPlanned.__struct_config__.tag


class WouldHave(msgspec.Struct, frozen=True):
    """How often a person would have been paged, posts held, somebody told, in how many incidents."""

    incidents: int = 0
    pages: int = 0
    holds: int = 0
    notices: int = 0


def would_have_done(engine: Engine, brand: str, since_ms: int) -> WouldHave:
    """What was not done since `since_ms` (wall clock) because of how the brand was armed; of life only."""
    query = (
        select(incident_log.c.incident, incident_log.c.body)
        .join(incidents, incidents.c.id == incident_log.c.incident)
        .where(incidents.c.brand == brand, incidents.c.run == "")
        .where(incident_log.c.entry == _PLANNED, incident_log.c.recorded_ms >= since_ms)
    )
    counted: Counter[ActionKind] = Counter()
    touched: set[str] = set()
    with reading(engine) as conn:
        for incident, body in conn.execute(query):
            planned = msgspec.convert(body, ActionPlanned)
            if planned.decision in _NOT_ARMED:
                touched.add(incident)
                counted[planned.kind] += 1
    pages, holds, notices = (counted[kind] for kind in (ActionKind.PAGE, ActionKind.HOLD, ActionKind.NOTIFY))
    return WouldHave(len(touched), pages, holds, notices)
