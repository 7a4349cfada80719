"""What a person's word about a hold leaves in the incident's log and the outbox, in the same transaction."""

from __future__ import annotations

from sqlalchemy import Connection

from playbooks.holds.by_hand import BY_HAND
from playbooks.incidents import afterwards
from playbooks.incidents.log_entry import HoldReleased, LogEntry, ReleaseAgreed, Resolved, ResolvedBy
from playbooks.store.delivery import outbox
from playbooks.store.incidents import log as incident_log


def note_agreement(
    conn: Connection, incident: str, hold: str, person: str, reason: str, *, released: bool, now_ms: int
) -> None:
    """Log that `person` agreed, and, where that was enough, that the hold is gone; then tell those who knew of it."""
    entries: list[LogEntry] = [ReleaseAgreed(hold, reason)]
    if released:
        entries.append(HoldReleased(hold))
    incident_log.lock(conn, incident)
    incident_log.append(conn, incident, entries, actor=person, at_ms=now_ms, recorded_ms=now_ms)
    view = incident_log.views(conn, [incident]).get(incident)
    if released and view is not None and view.playbook == BY_HAND and not view.held:
        over = [Resolved(ResolvedBy.PERSON, "its hold is released")]
        incident_log.append(conn, incident, over, actor=person, at_ms=now_ms, recorded_ms=now_ms)
    if released and view is not None:
        outbox.add(conn, afterwards.after_release(view, hold, person, reason, now_ms))
