"""A page that wakes nobody does not wait for its escalation: the next level is called now."""

from __future__ import annotations

from sqlalchemy import Connection

from playbooks.incidents.log_entry import CLOCK, Noted
from playbooks.store.delivery.call_next import bring_forward
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged

WORDS = "A page reached nobody whom it would wake: the next person is called now."
LATE_WORDS = "A page did not arrive after all, and no other road of it wakes anybody: the next person is called now."


def call_next_at_once(conn: Connection, incident: str, page: str, step: str, words: str, now_ms: int) -> None:
    """Bring the next level of `step` forward to now, and say so, where the incident still asks for somebody.

    `page` is one that its log knows: what tells ops of somebody who was not reached calls nobody further. In the
    caller's transaction.
    """
    view = incident_log.views(conn, [incident]).get(incident) if incident_log.lock(conn, incident) else None
    if view is None or all(action.id != page for action in view.actions):
        return
    if merged.carried(conn, view).state.asks_for_somebody and bring_forward(conn, incident, now_ms, step):
        incident_log.append(conn, incident, [Noted(words)], actor=CLOCK, at_ms=now_ms, recorded_ms=now_ms)
