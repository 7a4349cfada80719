"""The outbox: actions that are due, carried out under a lease, with a ledger of what the other side answered.

How it survives a kill at any moment: `claim_due` marks an action ``sending`` under a lease; `begin` writes a ledger row
``sending`` for each contact point before anything is sent; `record` writes what came of it; `settle` ends the action or
puts it back. (These three take many actions at once, in the caller's transaction: `playbooks.running.ledger_writer`.)
A runner that dies leaves the lease to run out; the next one to claim the action finds in the ledger which contact
points were reached, and which sends were begun and never concluded. Of those `begin` writes that they were perhaps sent
twice, and they go out again with the same idempotency key.

Leases are held by the runners' own wall clocks, so a lease should be long against their difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from playbooks.delivery.standing import Entry, Line, OutboxState, Point, entry_of, in_doubt, settled, used_up
from playbooks.incidents.action import Action, DueAction
from playbooks.labels import ActionKind, DeliveryOutcome
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

_END = (
    update(outbox)
    .where(outbox.c.id == bindparam("of"))
    .values(
        state=bindparam("to_state"),
        lease_owner=None,
        lease_until_ms=bindparam("until_ms"),
        due_ms=func.coalesce(bindparam("later_ms", type_=BigInteger), outbox.c.due_ms),
    )
)


class LeaseLost(Exception):
    """Another runner has the action now: leave it alone."""


class Again(msgspec.Struct, frozen=True):
    """Not ended: to be tried again from `at_ms` on. `on_purpose`: it is not due before, so nothing is late."""

    at_ms: int
    on_purpose: bool = False


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


def add(conn: Connection, actions: Iterable[Action]) -> None:
    """Put actions into the outbox, in the caller's transaction; one that is there already stays as it is."""
    rows = [
        msgspec.structs.asdict(action)
        | {"incident": action.incident or None, "action": action.action.value}
        | {"state": OutboxState.DUE.value, "attempts": 0}
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


class Begin(msgspec.Struct, frozen=True):
    """What is about to be sent: `to_send` of the action `due`, and `notes` about those who are not sent to at all.

    Nobody is sent to more than `max_attempts` times.
    """

    due: DueAction
    to_send: Sequence[Point]
    notes: Sequence[Entry]
    max_attempts: int


class Settle(msgspec.Struct, frozen=True):
    """How an action ends, or that it is put back to be tried again.

    `entries` are last words for the ledger, `follow_ups` new actions that this one's end calls for. `wakes_nobody` says
    that it is a page which was to wake somebody and does not.
    """

    due: DueAction
    end: OutboxState | Again
    entries: Sequence[Entry] = ()
    follow_ups: Sequence[Action] = ()
    wakes_nobody: bool = False


def begin(conn: Connection, asked: Sequence[Begin], now_ms: int) -> list[Begun | LeaseLost]:
    """Write down what is about to be sent; of each the ledger and the points really to be sent to.

    Left out of `to_send` are the points that the ledger knows as settled, and those sent to as often as is allowed. A
    send of an earlier attempt that nobody concluded is noted as in doubt. Whoever has lost the lease gets `LeaseLost`,
    and nothing is written for it.
    """
    held = _held(conn, [each.due for each in asked], now_ms)
    known = ledgers(conn, [each.due.id for each in asked if _key(each.due) in held])
    found: list[Begun | LeaseLost] = []
    for each in asked:
        mine = _key(each.due) in held
        found.append(_begun(each, known.get(each.due.id, []), now_ms) if mine else LeaseLost(each.due.id))
    _write_down(conn, [entry for each in found if isinstance(each, Begun) for entry in each.written])
    return found


def record(conn: Connection, entries: Iterable[Entry]) -> None:
    """Write down what came of sends, also where the lease is lost by now: it is what happened."""
    _write_down(conn, entries)


def settle(conn: Connection, asked: Sequence[Settle]) -> list[LeaseLost | None]:
    """End actions, or put them back to be tried again; nothing is written of one whose lease is lost.

    Its last words and what follows from it are there if and only if it is ended.
    """
    held = _held(conn, [each.due for each in asked], None)
    mine = [each for each in asked if _key(each.due) in held]
    if mine:
        conn.execute(_END, [_ended(each) for each in mine])
    _write_down(conn, [entry for each in mine for entry in each.entries])
    add(conn, [action for each in mine for action in each.follow_ups])
    return [None if _key(each.due) in held else LeaseLost(each.due.id) for each in asked]


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


def ledger_of(conn: Connection, action: str) -> list[Entry]:
    """Everything that was tried for one action, in the caller's transaction."""
    return ledgers(conn, [action]).get(action, [])


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


def action_of(row: Mapping[Any, Any]) -> Action:
    """The action of a row of the outbox."""
    known = {name: row[name] for name in Action.__struct_fields__}
    return Action(**known | {"action": ActionKind(row["action"]), "incident": row["incident"] or ""})


def _claimable(now_ms: int) -> ColumnElement[bool]:
    waits = and_(outbox.c.state == OutboxState.DUE.value, outbox.c.due_ms <= now_ms)
    come_back = and_(outbox.c.state.in_(_LEFT_ALONE), outbox.c.lease_until_ms <= now_ms)
    return or_(waits, come_back)


def _write_down(conn: Connection, entries: Iterable[Entry]) -> None:
    _insert_new(conn, deliveries, [_row(entry) for entry in entries])


def _key(due: DueAction) -> tuple[str, str, int]:
    return due.id, due.owner, due.attempt


def _held(conn: Connection, asked: Sequence[DueAction], now_ms: int | None) -> set[tuple[str, str, int]]:
    """Those of `asked` whose lease is still theirs, and (with `now_ms`) has not run out; nobody else takes them now."""
    if not asked:
        return set()
    query = select(outbox.c.id, outbox.c.lease_owner, outbox.c.attempts, outbox.c.lease_until_ms)
    rows = conn.execute(
        query.where(outbox.c.id.in_([due.id for due in asked])).order_by(outbox.c.id).with_for_update()
    ).all()
    return {(id, owner, n) for id, owner, n, until_ms in rows if now_ms is None or (until_ms or 0) > now_ms}


def _begun(each: Begin, known: list[Entry], now_ms: int) -> Begun:
    due = each.due
    doubts = [_doubt(due, entry, now_ms) for entry in in_doubt(known)]
    done = settled([*known, *doubts], repeats=REPEATS[due.action])
    points = [point for point in each.to_send if point not in done | used_up(known, each.max_attempts)]
    sending = [entry_of(due, point, DeliveryOutcome.SENDING, "", now_ms) for point in points]
    return Begun(known, [*doubts, *(note for note in each.notes if note.point not in done), *sending], points)


def _ended(each: Settle) -> dict[str, Any]:
    match each.end:
        case Again(at_ms, on_purpose):
            later = at_ms if on_purpose else None
            return {"of": each.due.id, "to_state": OutboxState.AGAIN.value, "until_ms": at_ms, "later_ms": later}
        case OutboxState() as state:
            return {"of": each.due.id, "to_state": state.value, "until_ms": None, "later_ms": None}


def _doubt(due: DueAction, begun: Entry, now_ms: int) -> Entry:
    twice = _TWICE if begun.channel.tells_repeats else _TWICE_UNTOLD
    detail = twice if REPEATS[due.action] else _ONCE
    return msgspec.structs.replace(begun, outcome=DeliveryOutcome.PERHAPS, detail=detail, recorded_ms=now_ms)


def ledgers(conn: Connection, actions: Collection[str]) -> dict[str, list[Entry]]:
    """Everything that was tried for each of some actions, in the caller's transaction."""
    found: dict[str, list[Entry]] = {}
    if actions:
        query = select(deliveries).where(deliveries.c.outbox.in_(actions)).order_by(deliveries.c.seq)
        for row in conn.execute(query).mappings():
            found.setdefault(row["outbox"], []).append(_entry(row))
    return found


def _entry(row: Mapping[Any, Any]) -> Entry:
    return msgspec.convert({name: row[name] for name in Entry.__struct_fields__}, Entry)


def _row(entry: Entry) -> dict[str, Any]:
    return msgspec.structs.asdict(entry) | {"channel": entry.channel.value, "outcome": entry.outcome.value}


def _due_action(row: Mapping[Any, Any], owner: str, until_ms: int) -> DueAction:
    known = msgspec.structs.asdict(action_of(row))
    return DueAction(**known, attempt=row["attempts"] + 1, owner=owner, lease_until_ms=until_ms)


def _insert_new(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        conn.execute(insert(table).on_conflict_do_nothing(), rows)
