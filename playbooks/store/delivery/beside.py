"""What goes out together with an action: what else of its incident fell due at the same moment, and the ledgers."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select

from playbooks.delivery.one_message import Beside, is_end_of_merged, is_level
from playbooks.delivery.standing import OutboxState
from playbooks.effects.message import read_notice
from playbooks.incidents.action import DueAction
from playbooks.labels import ActionKind
from playbooks.store.delivery.outbox import ledgers
from playbooks.store.engine import reading
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged
from playbooks.store.schema import outbox

_TO_PEOPLE = (ActionKind.PAGE.value, ActionKind.NOTIFY.value)
_OPEN = (OutboxState.DUE.value, OutboxState.SENDING.value, OutboxState.AGAIN.value)


#: Levels of two escalations that are due at the same minute are planned one after the other, within this time.
LEVELS_APART_MS = 2_000


def beside(engine: Engine, due: DueAction) -> list[Beside]:
    """The other pages and notices that fell due with `due`."""
    apart_ms = LEVELS_APART_MS if is_level(due) else 0
    query = select(outbox).where(
        outbox.c.at_ms.between(due.at_ms - apart_ms, due.at_ms + apart_ms),
        outbox.c.id != due.id,
        outbox.c.action.in_(_TO_PEOPLE),
    )
    with reading(engine) as conn:
        query = query.where(outbox.c.incident.in_(_incidents(conn, due)))
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


def _incidents(conn: Connection, due: DueAction) -> list[str]:
    """Its own; where it ended with the one that it went on as, that one and all that did so too."""
    if not is_end_of_merged(due):
        return [due.incident]
    into = merged.goes_on_as(conn, due.incident)
    view = incident_log.views(conn, [into])[into]
    return [into, *(one.id for one in merged.going_on_as(conn, view))]
