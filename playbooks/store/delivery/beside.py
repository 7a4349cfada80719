"""What goes out together with an action: the incident's others that fell due at the same moment, and their ledgers."""

from __future__ import annotations

from sqlalchemy import Engine, select

from playbooks.delivery.one_message import Beside
from playbooks.delivery.standing import OutboxState
from playbooks.effects.message import read_notice
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind
from playbooks.store.delivery.outbox import ledgers
from playbooks.store.engine import reading
from playbooks.store.schema import outbox

_TO_PEOPLE = (ActionKind.PAGE.value, ActionKind.NOTIFY.value)
_OPEN = (OutboxState.DUE.value, OutboxState.SENDING.value, OutboxState.AGAIN.value)


def beside(engine: Engine, due: DueAction) -> list[Beside]:
    """The pages and notices to other roles that fell due with `due`."""
    query = select(outbox).where(
        outbox.c.incident == due.incident,
        outbox.c.at_ms == due.at_ms,
        outbox.c.target != due.target,
        outbox.c.action.in_(_TO_PEOPLE),
    )
    with reading(engine) as conn:
        rows = conn.execute(query).mappings().all()
        known = ledgers(conn, [row["id"] for row in rows])
    return [
        Beside(
            id=row["id"],
            action=ActionKind(row["action"]),
            step=row["step"],
            target=row["target"],
            notice=read_notice(row["body"], row["id"]),
            ended=row["state"] not in _OPEN,
            entries=tuple(known.get(row["id"], ())),
        )
        for row in rows
    ]
