"""What becomes known of a send after it was recorded: one more row of the ledger, of the same attempt."""

from __future__ import annotations

from sqlalchemy import Engine, exists, select

from playbooks.labels import Channel, DeliveryOutcome
from playbooks.standing import Entry
from playbooks.store import outbox
from playbooks.store.engine import reading, writing
from playbooks.store.schema import deliveries


def note_report(
    engine: Engine,
    action: str,
    attempt: int,
    person: str,
    channel: Channel,
    outcome: DeliveryOutcome,
    detail: str,
    now_ms: int,
) -> bool:
    """Write down what became of a send; False, and nothing written, where there was no such send.

    The same report twice is one row. Raises `StoreUnreachable`.
    """
    mine = (
        deliveries.c.outbox == action,
        deliveries.c.attempt == attempt,
        deliveries.c.person == person,
        deliveries.c.channel == channel.value,
    )
    with reading(engine) as conn:
        if not conn.execute(select(exists().where(*mine))).scalar():
            return False
    with writing(engine) as conn:
        outbox.record(conn, [Entry(action, attempt, now_ms, person, channel, outcome, detail)])
    return True
