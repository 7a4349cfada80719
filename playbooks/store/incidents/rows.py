"""The rows of incidents: written by whoever decides, in that one's transaction and under its locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Table, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from detectors.signal import Signal
from playbooks.content.catalog import Pinned
from playbooks.incidents import plan
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import (
    CLOCK,
    RESPOND,
    HoldTermsRaised,
    Opened,
    PlaybookChanged,
    Reported,
    Resolved,
)
from playbooks.incidents.timers import Woken
from playbooks.store import timers
from playbooks.store.delivery import outbox
from playbooks.store.holds import holds
from playbooks.store.incidents import log as incident_log
from playbooks.store.schema import brand_locks, incidents


def lock_brand(conn: Connection, run: str, brand: str) -> None:
    """Keep everybody else from deciding about this run and brand until the transaction ends."""
    lock_brands(conn, [(run, brand)])


def lock_brands(conn: Connection, whose: Collection[tuple[str, str]]) -> None:
    """Keep everybody else from deciding about these runs and brands; in one order, so that no two wait in a ring."""
    columns = (brand_locks.c.run, brand_locks.c.brand)
    mine = select(*columns).where(tuple_(*columns).in_(whose)).order_by(*columns).with_for_update()
    new = set(whose) - {(run, brand) for run, brand in conn.execute(mine)}
    if new:
        for run, brand in sorted(new):
            insert_new(conn, brand_locks, {"run": run, "brand": brand})
        conn.execute(mine)


def lock_brand_of(conn: Connection, incident: str) -> None:
    """Lock the brand of an incident that is locked next: whoever takes in a signal locks them in this order too."""
    query = select(incidents.c.run, incidents.c.brand).where(incidents.c.id == incident)
    for run, brand in conn.execute(query).all():
        lock_brand(conn, run, brand)


def open_incidents(conn: Connection, run: str, brand: str) -> dict[str, IncidentView]:
    """The open incidents of a run and brand, by cause; nobody appends to them until the transaction ends.

    One into which others were merged stands for their causes too, unless another is open for them by now.
    """
    return open_of(conn, [(run, brand)])[run, brand]


def open_of(conn: Connection, whose: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, IncidentView]]:
    """The open incidents of these runs and brands, as `open_incidents` gives those of one."""
    mine = (tuple_(incidents.c.run, incidents.c.brand).in_(whose), incidents.c.open)
    ids = conn.execute(select(incidents.c.id).where(*mine).order_by(incidents.c.id).with_for_update()).scalars().all()
    views: dict[tuple[str, str], list[IncidentView]] = {each: [] for each in whose}
    for view in incident_log.views(conn, ids).values():
        views[view.run, view.brand].append(view)
    return {each: _by_cause(found) for each, found in views.items()}


def open_now(conn: Connection, run: str, brand: str) -> list[str]:
    """The ids of the open incidents of a run and brand; only a look, which keeps nobody waiting."""
    mine = (incidents.c.run == run, incidents.c.brand == brand, incidents.c.open)
    return list(conn.execute(select(incidents.c.id).where(*mine).order_by(incidents.c.id)).scalars())


def insert_new(conn: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Add a row; False where its key was there."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    # Asked for the key and not for the row count, which drivers do not tell of an INSERT alike.
    added = insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return conn.execute(added).first() is not None


def write_plan(conn: Connection, each: plan.Plan, signal: Signal, now_ms: int) -> None:
    """Write down what follows from `signal`: the log, the hold, what is due, the timers."""
    if isinstance(opened := each.entries[0], Opened):
        conn.execute(incidents.insert().values(incident_row(each.incident, opened, signal)))
    incident_log.append(conn, each.incident, each.entries, actor=RESPOND, at_ms=signal.at_ms, recorded_ms=now_ms)
    _follow(conn, each, signal.run, signal.at_ms, now_ms)


def write_reported(
    conn: Connection,
    each: plan.Plan,
    signal: Signal,
    said: Reported,
    person: str,
    now_ms: int,
    moved_to: Pinned | None = None,
) -> None:
    """Write down what follows from a report; that it was `said` stands right after what it did to the incident."""
    first, *rest = each.entries
    if isinstance(first, Opened):
        conn.execute(incidents.insert().values(incident_row(each.incident, first, signal)))
    actor = RESPOND if moved_to is None else person
    for who, entries in ((actor, [first]), (person, [said]), (RESPOND, rest)):
        incident_log.append(conn, each.incident, entries, actor=who, at_ms=now_ms, recorded_ms=now_ms)
    if moved_to is not None:
        _go_by(conn, each, moved_to)
    _follow(conn, each, signal.run, now_ms, now_ms)


def write_moved(
    conn: Connection, view: IncidentView, pinned: Pinned, each: plan.Plan, person: str, now_ms: int
) -> None:
    """Write down that `person` moved an incident to another playbook, and what that calls for."""
    first, *rest = each.entries
    for who, entries in ((person, [first]), (RESPOND, rest)):
        incident_log.append(conn, view.id, entries, actor=who, at_ms=now_ms, recorded_ms=now_ms)
    _go_by(conn, each, pinned)
    _follow(conn, each, view.run, now_ms, now_ms)


def _go_by(conn: Connection, each: plan.Plan, pinned: Pinned) -> None:
    """The incident's row says which playbook it goes by, and its holds by which terms."""
    playbook = pinned.playbook
    cause = next(entry.cause for entry in each.entries if isinstance(entry, PlaybookChanged))
    new = {"playbook": playbook.id, "playbook_version": playbook.version, "cause": cause}
    mine = incidents.c.id == each.incident
    conn.execute(update(incidents).where(mine).values(**new, playbook_hash=pinned.hash))
    for entry in each.entries:
        if isinstance(entry, HoldTermsRaised):
            holds.stricter(conn, each.incident, entry)


def write_caught_up(conn: Connection, view: IncidentView, each: plan.Plan, now_ms: int) -> None:
    """Write down what can be done by now about an incident that is open, and could not be done before."""
    incident_log.append(conn, view.id, each.entries, actor=CLOCK, at_ms=now_ms, recorded_ms=now_ms)
    _follow(conn, each, view.run, now_ms, now_ms)


def write_woken(conn: Connection, incident: str, woken: Woken, now_ms: int) -> None:
    """Write down what follows from a timer, or from an incident that was opened again."""
    incident_log.append(conn, incident, woken.entries, actor=CLOCK, at_ms=now_ms, recorded_ms=now_ms)
    if woken.ending is not None:
        end(conn, incident, woken.ending, actor=CLOCK, at_ms=now_ms, now_ms=now_ms)
    outbox.add(conn, woken.due)
    timers.add(conn, woken.wakes)


def end(conn: Connection, incident: str, ending: Resolved, *, actor: str, at_ms: int, now_ms: int) -> None:
    """Append the ending, and open the way for another incident of the cause."""
    incident_log.append(conn, incident, [ending], actor=actor, at_ms=at_ms, recorded_ms=now_ms)
    conn.execute(update(incidents).where(incidents.c.id == incident).values(open=False))


def place_hold(conn: Connection, each: plan.Plan, run: str, at_ms: int, now_ms: int) -> None:
    """The hold of a plan, where it has one."""
    if each.hold is not None:
        holds.place(
            conn,
            hold_id=each.hold.id,
            incident=each.incident,
            run=run,
            brand=each.hold.brand,
            platform=each.hold.platform,
            only=each.hold.only,
            one_of=each.hold.one_of,
            reason=each.hold.reason,
            releasers_needed=each.hold.releasers_needed,
            placed_ms=at_ms,
            recorded_ms=now_ms,
        )


def _follow(conn: Connection, each: plan.Plan, run: str, at_ms: int, now_ms: int) -> None:
    """The hold, what is due, and the timers."""
    place_hold(conn, each, run, at_ms, now_ms)
    outbox.add(conn, each.due)
    timers.add(conn, each.wakes)


def incident_row(incident: str, opened: Opened, signal: Signal, *, open: bool = True) -> dict[str, object]:
    """The row of an incident that `signal` opens."""
    return {
        "id": incident,
        "run": opened.run,
        "brand": opened.brand,
        "playbook": opened.playbook,
        "cause": opened.cause,
        "playbook_version": opened.version,
        "playbook_hash": opened.hash,
        "opened_ms": signal.at_ms,
        "open": open,
    }


def _by_cause(views: Collection[IncidentView]) -> dict[str, IncidentView]:
    return {cause: view for view in views for cause in view.causes} | {view.cause: view for view in views}
