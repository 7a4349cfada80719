"""Somebody who was paged cannot take it: whoever comes next in the escalation is paged now and not when it is due."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select, update

from playbooks.incidents.incident import IncidentState
from playbooks.incidents.log_entry import Noted
from playbooks.store.engine import writing
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged
from playbooks.store.incidents.deeds import Told
from playbooks.store.schema import timers

WORDS = "Asked that the next person be called now."


def call_next(engine: Engine, incident: str, person: str, now_ms: int) -> Told:
    """Bring the next level of each escalation of `incident` forward to now, and note who asked.

    `NO_SUCH_STEP` where no level is left. Nobody is paged where somebody has acknowledged meanwhile: the timer looks.
    """
    with writing(engine) as conn:
        view = incident_log.views(conn, [incident]).get(incident) if incident_log.lock(conn, incident) else None
        if view is None:
            return Told.NO_SUCH_INCIDENT
        if merged.carried(conn, view).state is IncidentState.RESOLVED:
            return Told.IS_OVER
        if not bring_forward(conn, incident, now_ms):
            return Told.NO_SUCH_STEP
        incident_log.append(conn, incident, [Noted(WORDS)], actor=person, at_ms=now_ms, recorded_ms=now_ms)
    return Told.DONE


def bring_forward(conn: Connection, incident: str, now_ms: int, step: str | None = None) -> bool:
    """Let the next level of each escalation, or of one step's, fall due now; False where no level is left.

    In the caller's transaction, who has the incident's lock.
    """
    waiting = select(timers.c.id, timers.c.body).where(
        timers.c.incident == incident, timers.c.woken_ms.is_(None), timers.c.due_ms > now_ms
    )
    levels = [(id, body) for id, body in conn.execute(waiting) if body.get("type") == "escalate"]
    next_ones = [id for id, body in levels if step in (None, body["step"])]
    if next_ones:
        conn.execute(update(timers).where(timers.c.id.in_(next_ones)).values(due_ms=now_ms))
    return bool(next_ones)
