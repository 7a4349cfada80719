"""Actions in a store, as the planner would have put them there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from playbooks.delivery.standing import Entry, OutboxState, Point
from playbooks.incidents.action import Action, DueAction
from playbooks.labels import ActionKind
from playbooks.store import schema
from playbooks.store.delivery import outbox
from playbooks.store.delivery.outbox import Again, Begin, Begun, LeaseLost, Settle
from playbooks.store.engine import reading, writing
from tests.parts.messages import NOTICE

INCIDENT = "inc-1"


def action(
    action_id: str = "act-1",
    kind: ActionKind = ActionKind.PAGE,
    target: str = "on-call",
    *,
    run: str = "",
    due_ms: int = 0,
    body: dict[str, Any] | None = None,
) -> Action:
    """A page to the role on-call, unless said otherwise."""
    return Action(
        id=action_id,
        incident=INCIDENT,
        run=run,
        step="page",
        action=kind,
        target=target,
        body=msgspec.to_builtins(NOTICE) if body is None else body,
        at_ms=0,
        due_ms=due_ms,
    )


def put(store: Engine, *actions: Action) -> None:
    """Write an incident (once) and its actions."""
    incident = {"id": INCIDENT, "run": "", "brand": "acme", "playbook": "complaint-storm", "playbook_version": "1.0.0"}
    insert = postgresql.insert if store.dialect.name == "postgresql" else sqlite.insert
    with writing(store) as conn:
        row = insert(schema.incidents).values(**incident, playbook_hash="", opened_ms=0, open=True)
        conn.execute(row.on_conflict_do_nothing())
        outbox.add(conn, actions)


def begin(
    store: Engine, due: DueAction, to_send: Sequence[Point], notes: Sequence[Entry], max_attempts: int, now_ms: int
) -> Begun:
    """One action begun by itself; raises `LeaseLost`."""
    with writing(store) as conn:
        (found,) = outbox.begin(conn, [Begin(due, to_send, notes, max_attempts)], now_ms)
    if isinstance(found, LeaseLost):
        raise found
    return found


def record(store: Engine, entry: Entry) -> None:
    """What came of one send."""
    with writing(store) as conn:
        outbox.record(conn, [entry])


def settle(
    store: Engine,
    due: DueAction,
    end: OutboxState | Again,
    entries: Sequence[Entry] = (),
    follow_ups: Sequence[Action] = (),
) -> None:
    """One action ended by itself; raises `LeaseLost`."""
    with writing(store) as conn:
        (lost,) = outbox.settle(conn, [Settle(due, end, entries, follow_ups)])
    if lost is not None:
        raise lost


def states(store: Engine) -> dict[str, OutboxState]:
    """Where each action stands."""
    with reading(store) as conn:
        rows = conn.execute(select(schema.outbox.c.id, schema.outbox.c.state)).all()
    return {action_id: OutboxState(state) for action_id, state in rows}


def entries(store: Engine, action_id: str | None = None) -> list[Entry]:
    """The ledger of the incident, or of one action of it."""
    found = [line.entry for line in outbox.ledger(store, INCIDENT)]
    return [entry for entry in found if action_id in (None, entry.outbox)]


def words(found: Iterable[Entry]) -> list[tuple[int, str, str, str]]:
    """The ledger in short: attempt, person, channel, outcome."""
    return [(entry.attempt, entry.person, entry.channel.value, entry.outcome.value) for entry in found]
