"""The outbox: actions that are due, carried out under a lease, with a ledger of what the other side answered.

How it survives a kill at any moment: `claim_due` marks an action ``sending`` under a lease; `begin` writes a ledger row
``sending`` for each contact point before anything is sent; `record` writes what came of it; `settle` ends the action or
puts it back. A runner that dies leaves the lease to run out; the next one to claim the action finds in the ledger
which contact points were reached, and which sends were begun and never concluded. Of those `begin` writes that they
were perhaps sent twice, and they go out again with the same idempotency key.

Leases are held by the runners' own wall clocks, so a lease should be long against their difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from playbooks.action import Action as Action
from playbooks.labels import ActionKind, DeliveryOutcome
from playbooks.standing import Entry, Point, in_doubt, settled, used_up
from playbooks.standing import OutboxState as OutboxState
from playbooks.store.engine import reading, writing
from playbooks.store.schema import deliveries, outbox

#: Whether what was perhaps taken is sent again. Pages and notices carry an idempotency key; annotations cannot.
REPEATS: Mapping[ActionKind, bool] = {kind: kind is not ActionKind.ANNOTATE for kind in ActionKind}

#: Left alone until ``lease_until_ms``: carried out by somebody, or waiting for the next try.
_LEFT_ALONE = (OutboxState.SENDING.value, OutboxState.AGAIN.value)
_UNFINISHED = (OutboxState.DUE.value, *_LEFT_ALONE)

_TWICE = "the runner ended between sending and recording: sent perhaps twice, with the same idempotency key"
_TWICE_UNTOLD = "the runner ended between sending and recording: sent again, and may come twice"
_ONCE = "the runner ended between sending and recording: made perhaps, and not made again"


class LeaseLost(Exception):
    """Another runner has the action now: leave it alone."""


class Again(msgspec.Struct, frozen=True):
    """Not ended: to be tried again from `at_ms` on. `on_purpose`: it is not due before, so nothing is late."""

    at_ms: int
    on_purpose: bool = False


class DueAction(Action, frozen=True, kw_only=True):
    """An action that `owner` may carry out until `lease_until_ms`. `attempt` counts the claims, from 1."""

    attempt: int
    owner: str
    lease_until_ms: int


class Backlog(msgspec.Struct, frozen=True):
    """Actions of a kind that are due and not ended, since when the oldest is due, and how many can be claimed now."""

    unfinished: int
    oldest_due_ms: int
    claimable: int


class Begun(msgspec.Struct, frozen=True):
    """The ledger of an action as it was `known`, what was `written` just now, and the `points` to be sent to."""

    known: list[Entry]
    written: list[Entry]
    points: list[Point]


class Line(msgspec.Struct, frozen=True):
    """A ledger entry with the action it belongs to, for people to read."""

    entry: Entry
    action: ActionKind
    step: str
    target: str


def add(conn: Connection, actions: Iterable[Action]) -> None:
    """Put actions into the outbox, in the caller's transaction; one that is there already stays as it is."""
    rows = [
        msgspec.structs.asdict(action) | {"state": OutboxState.DUE.value, "action": action.action.value, "attempts": 0}
        for action in actions
    ]
    _insert_new(conn, outbox, rows)


def backlog(engine: Engine, now_ms: int) -> dict[ActionKind, Backlog]:
    """What is due at `now_ms`, by kind; only a look, so that an idle runner takes no lock."""
    claimable = func.sum(case((_claimable(now_ms), 1), else_=0))
    query = (
        select(outbox.c.action, func.count(), func.min(outbox.c.due_ms), claimable)
        .where(outbox.c.state.in_(_UNFINISHED), outbox.c.due_ms <= now_ms)
        .group_by(outbox.c.action)
    )
    with reading(engine) as conn:
        return {ActionKind(kind): Backlog(*counted) for kind, *counted in conn.execute(query)}


def claim_due(
    engine: Engine,
    owner: str,
    now_ms: int,
    lease_ms: int,
    limit: int,
    kinds: Collection[ActionKind] = tuple(ActionKind),
) -> list[DueAction]:
    """Take up to `limit` due actions for `owner` until `now_ms` + `lease_ms`: the least tried, then the longest due.

    Nobody else gets them meanwhile. An action whose lease has run out is due again. Several runners share the work:
    on PostgreSQL they skip what another is just taking, on SQLite they take turns.
    """
    until_ms = now_ms + lease_ms
    query = (
        select(outbox)
        .where(_claimable(now_ms), outbox.c.action.in_([kind.value for kind in kinds]))
        # During an outage many wait to be tried again; a new page goes before them.
        .order_by(outbox.c.attempts, outbox.c.due_ms, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with writing(engine) as conn:
        rows = conn.execute(query).mappings().all()
        taken = {"state": OutboxState.SENDING.value, "lease_owner": owner, "lease_until_ms": until_ms}
        ids = [row["id"] for row in rows]
        conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(attempts=outbox.c.attempts + 1, **taken))
    return [_due_action(row, owner, until_ms) for row in rows]


def begin(
    engine: Engine, due: DueAction, to_send: Sequence[Point], notes: Sequence[Entry], max_attempts: int, now_ms: int
) -> Begun:
    """Write down what is about to be sent; returns the ledger of the action and the points really to be sent to.

    Left out of `to_send` are the points that the ledger knows as settled, and those sent to `max_attempts` times.
    `notes` are entries about those who are not sent to at all. A send of an earlier attempt that nobody concluded is
    noted as in doubt. Raises `LeaseLost`.
    """
    with writing(engine) as conn:
        _hold_lease(conn, due, now_ms)
        known = _entries(conn, deliveries.c.outbox == due.id)
        doubts = [_doubt(due, entry, now_ms) for entry in in_doubt(known)]
        done = settled([*known, *doubts], repeats=REPEATS[due.action])
        points = [point for point in to_send if point not in done | used_up(known, max_attempts)]
        begun = [entry_of(due, point, DeliveryOutcome.SENDING, "", now_ms) for point in points]
        written = [*doubts, *(note for note in notes if note.point not in done), *begun]
        _insert_new(conn, deliveries, [_row(entry) for entry in written])
    return Begun(known, written, points)


def record(engine: Engine, entry: Entry) -> None:
    """Write down what came of a send, also where the lease is lost by now: it is what happened."""
    with writing(engine) as conn:
        _insert_new(conn, deliveries, [_row(entry)])


def settle(
    engine: Engine,
    due: DueAction,
    end: OutboxState | Again,
    entries: Sequence[Entry],
    follow_ups: Sequence[Action],
) -> None:
    """End the action, or put it back to be tried again; raises `LeaseLost`.

    `entries` are last words for the ledger, `follow_ups` new actions that this one's end calls for; all in one
    transaction.
    """
    state, until_ms = (OutboxState.AGAIN, end.at_ms) if isinstance(end, Again) else (end, None)
    values: dict[str, Any] = {"state": state.value, "lease_owner": None, "lease_until_ms": until_ms}
    if isinstance(end, Again) and end.on_purpose:
        values["due_ms"] = end.at_ms
    with writing(engine) as conn:
        if conn.execute(update(outbox).where(_mine(due)).values(values)).rowcount != 1:
            raise LeaseLost(due.id)
        _insert_new(conn, deliveries, [_row(entry) for entry in entries])
        add(conn, follow_ups)


def ledger(engine: Engine, incident_id: str) -> list[Line]:
    """Everything that was tried for an incident, in the order in which it was written down."""
    query = (
        select(deliveries, outbox.c.action, outbox.c.step, outbox.c.target)
        .join(outbox, outbox.c.id == deliveries.c.outbox)
        .where(outbox.c.incident == incident_id)
        .order_by(deliveries.c.seq)
    )
    with reading(engine) as conn:
        rows = conn.execute(query).mappings().all()
    return [Line(_entry(row), ActionKind(row["action"]), row["step"], row["target"]) for row in rows]


def reached_nobody(engine: Engine, incidents: Collection[str]) -> frozenset[str]:
    """Those of `incidents` that have pages of which one failed for good and none reached anybody."""
    query = select(outbox.c.incident, outbox.c.state).where(
        outbox.c.action == ActionKind.PAGE.value, outbox.c.incident.in_(incidents)
    )
    with reading(engine) as conn:
        rows = conn.execute(query).all()
    reached = (OutboxState.DELIVERED, OutboxState.PARTLY)
    failed = {incident for incident, state in rows if state == OutboxState.FAILED}
    return frozenset(failed - {incident for incident, state in rows if state in reached})


def entry_of(due: DueAction, point: Point, outcome: DeliveryOutcome, detail: str, now_ms: int) -> Entry:
    """A ledger entry about the attempt that `due` is."""
    person, channel = point
    return Entry(due.id, due.attempt, now_ms, person, channel, outcome, detail)


def _claimable(now_ms: int) -> ColumnElement[bool]:
    waits = and_(outbox.c.state == OutboxState.DUE.value, outbox.c.due_ms <= now_ms)
    come_back = and_(outbox.c.state.in_(_LEFT_ALONE), outbox.c.lease_until_ms <= now_ms)
    return or_(waits, come_back)


def _mine(due: DueAction) -> ColumnElement[bool]:
    return and_(outbox.c.id == due.id, outbox.c.lease_owner == due.owner, outbox.c.attempts == due.attempt)


def _hold_lease(conn: Connection, due: DueAction, now_ms: int) -> None:
    held = conn.execute(select(outbox.c.lease_until_ms).where(_mine(due)).with_for_update()).scalar()
    if held is None or held <= now_ms:
        raise LeaseLost(due.id)


def _doubt(due: DueAction, begun: Entry, now_ms: int) -> Entry:
    twice = _TWICE if begun.channel.tells_repeats else _TWICE_UNTOLD
    detail = twice if REPEATS[due.action] else _ONCE
    return msgspec.structs.replace(begun, outcome=DeliveryOutcome.PERHAPS, detail=detail, recorded_ms=now_ms)


def _entries(conn: Connection, which: ColumnElement[bool]) -> list[Entry]:
    return [_entry(row) for row in conn.execute(select(deliveries).where(which).order_by(deliveries.c.seq)).mappings()]


def _entry(row: Mapping[Any, Any]) -> Entry:
    return msgspec.convert({name: row[name] for name in Entry.__struct_fields__}, Entry)


def _row(entry: Entry) -> dict[str, Any]:
    return msgspec.structs.asdict(entry) | {"channel": entry.channel.value, "outcome": entry.outcome.value}


def _due_action(row: Mapping[Any, Any], owner: str, until_ms: int) -> DueAction:
    known = {name: row[name] for name in Action.__struct_fields__} | {"action": ActionKind(row["action"])}
    return DueAction(**known, attempt=row["attempts"] + 1, owner=owner, lease_until_ms=until_ms)


def _insert_new(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        conn.execute(insert(table).on_conflict_do_nothing(), rows)
