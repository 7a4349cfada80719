"""Two incidents that are one, merged by hand: a named act with a reason, in one transaction."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select, update

from playbooks.incidents import afterwards
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import MergedFrom, MergedInto
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents.deeds import MAX_REASON_CHARS, Told, locked_view, say
from playbooks.store.incidents.merged import goes_on_as
from playbooks.store.incidents.rows import lock_brand
from playbooks.store.schema import incidents


def merge(engine: Engine, incident: str, into: str, person: str, reason: str, now_ms: int) -> Told:
    """Let `incident` go on as `into`, another open incident of the same brand and run.

    What would join `incident` joins `into` from here on. Its holds stay in force, its pages go on until somebody has
    `into`, its tasks can still be ticked, its deadlines count; everybody who was paged or told about it hears of it.
    `ALREADY` where it goes on as `into` already, `NOT_TOGETHER` where they are of different brands or runs,
    `IS_ITSELF` where they are the same one, `IS_OVER` where either is over.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        whose = _whose(conn, incident)
        if whose is None or _whose(conn, into) is None:
            return Told.NO_SUCH_INCIDENT
        if incident == into:
            return Told.IS_ITSELF
        if whose != _whose(conn, into):
            return Told.NOT_TOGETHER
        # The brand first and then the incidents in one order, as whoever takes in a signal does.
        lock_brand(conn, *whose)
        for id in sorted((incident, into)):
            incident_log.lock(conn, id)
        return _merge(conn, incident, into, person, reason, now_ms)


def _merge(conn: Connection, incident: str, into: str, person: str, reason: str, now_ms: int) -> Told:
    if goes_on_as(conn, incident) == into:
        return Told.ALREADY
    view, other = locked_view(conn, incident, person), locked_view(conn, into, person)
    if isinstance(view, Told):
        return view
    if isinstance(other, Told):
        return other
    if not reason:
        return Told.NO_REASON
    say(conn, incident, MergedInto(into, reason), person, now_ms)
    say(conn, into, _from(view, reason), person, now_ms)
    conn.execute(update(incidents).where(incidents.c.id == incident).values(open=False))
    outbox.add(conn, afterwards.merged(view, other, person, reason, now_ms))
    return Told.DONE


def open_beside(conn: Connection, view: IncidentView) -> list[IncidentView]:
    """The other open incidents of its brand and run: those that it may be merged into."""
    mine = (incidents.c.run == view.run, incidents.c.brand == view.brand, incidents.c.open, incidents.c.id != view.id)
    ids = conn.execute(select(incidents.c.id).where(*mine).order_by(incidents.c.opened_ms, incidents.c.id))
    return list(incident_log.views(conn, ids.scalars().all()).values())


def _from(view: IncidentView, reason: str) -> MergedFrom:
    return MergedFrom(
        incident=view.id,
        title=view.title,
        causes=view.causes,
        severity=view.severity,
        signal=view.signal,
        signals=view.signals,
        last_signal_ms=view.last_signal_ms,
        reason=reason,
    )


def _whose(conn: Connection, incident: str) -> tuple[str, str] | None:
    row = conn.execute(select(incidents.c.run, incidents.c.brand).where(incidents.c.id == incident)).first()
    return (row.run, row.brand) if row is not None else None
