"""What becomes known of a send after it was recorded: one more row of the ledger, of the same attempt.

Where it is that nobody was reached after all, somebody hears of it at once, in the same transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, RowMapping, select

from playbooks.delivery.follow_up import not_reached
from playbooks.delivery.late_failure import late
from playbooks.delivery.standing import Entry
from playbooks.effects.message import read_notice
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.oncall.people import OPS
from playbooks.settings import PlaybookSettings
from playbooks.store import schema
from playbooks.store.delivery import outbox
from playbooks.store.delivery.next_at_once import LATE_WORDS, call_next_at_once
from playbooks.store.engine import writing
from playbooks.store.incidents import log as incident_log


def note_report(
    engine: Engine,
    action: str,
    attempt: int,
    person: str,
    channel: Channel,
    outcome: DeliveryOutcome,
    detail: str,
    now_ms: int,
    settings: PlaybookSettings,
) -> bool:
    """Write down what became of a send; False, and nothing written, where there was no such send.

    The same report twice is one row. The role `ops`, where `settings` have it, hears of somebody who is not reached
    after all. Raises `StoreUnreachable`.
    """
    said = Entry(action, attempt, now_ms, person, channel, outcome, detail)
    with writing(engine) as conn:
        row = conn.execute(select(schema.outbox).where(schema.outbox.c.id == action)).mappings().first()
        if row is None:
            return False
        incident_log.lock(conn, row["incident"])
        entries = outbox.ledger_of(conn, action)
        of_it = [entry for entry in entries if entry.point == said.point and entry.attempt == attempt]
        if of_it and all(entry.outcome is not outcome for entry in of_it):
            outbox.record(conn, [said])
            if outcome is DeliveryOutcome.FAILED:
                _tell(conn, row, entries, said, settings)
    return bool(of_it)


def _tell(conn: Connection, row: RowMapping, entries: list[Entry], failed: Entry, settings: PlaybookSettings) -> None:
    """Whoever is missed is told to ops; and the next level is called where the page wakes nobody."""
    found = late(entries, failed)
    if found.missed and OPS in settings.roles and row["target"] != OPS:
        what = outbox.action_of(row)
        notice, tried = read_notice(what.body, what.id), [*entries, failed]
        told = not_reached(what, notice, found.missed, tried, settings.people, failed.recorded_ms)
        outbox.add(conn, [told])
    page = row["action"] == ActionKind.PAGE.value
    if found.wakes_nobody and page:
        call_next_at_once(conn, row["incident"], row["id"], row["step"], LATE_WORDS, failed.recorded_ms)
