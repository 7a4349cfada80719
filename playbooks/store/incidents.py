"""Incidents in the store: a signal taken in once and whole, and what people say about an incident.

`take_signal` is one transaction: the signal's id, the brand's row lock, the log, the hold and the outbox. Either all of
it is there after a crash or none of it, and the same signal again changes nothing. A hold is in force from its commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from detectors.signal import Signal
from playbooks import plan
from playbooks.catalog import Library
from playbooks.incident import IncidentState, IncidentView
from playbooks.labels import SignalDecision
from playbooks.log_entry import RESPOND, Acknowledged, LogEntry, Logged, Opened, Resolved, ResolvedBy
from playbooks.settings import PlaybookSettings
from playbooks.store import holds, incident_log, outbox
from playbooks.store.engine import reading, writing
from playbooks.store.schema import brand_locks, incidents, signals

#: What `take_signal` did; the same word is the metric's label.
Taken = SignalDecision

MAX_REASON_CHARS = 2_000
_PERSON = re.compile(r"[a-z0-9_-]{1,64}")


class Told(StrEnum):
    """What came of a person's word about an incident."""

    DONE = "done"
    ALREADY = "already"
    IS_OVER = "is_over"
    NO_SUCH_INCIDENT = "no_such_incident"
    NO_PERSON = "no_person"
    NO_REASON = "no_reason"


def take_signal(
    engine: Engine, signal: Signal, library: Library, settings: PlaybookSettings, now_ms: int
) -> SignalDecision:
    """Take in a signal: decide and write down what follows, in one transaction; a repeat changes nothing.

    A brand that is not in the settings is only observed. Raises `StoreUnreachable` (try again, nothing was written)
    and `PlaybookError` (an open incident is pinned to a playbook file that is gone).
    """
    arming = plan.arming_of(settings.brands, signal)
    with writing(engine) as conn:
        if not _is_new(conn, signal, now_ms):
            return Taken.REPEAT
        _lock_brand(conn, signal.run, signal.brand)
        known = _open_incidents(conn, signal.run, signal.brand)
        decided = plan.decide(signal, library, known, arming, now_ms)
        for each in decided.plans:
            _write(conn, each, signal, now_ms)
        return decided.decision


def incident_view(engine: Engine, incident: str) -> IncidentView | None:
    """An incident as people see it, or None where there is none."""
    with reading(engine) as conn:
        return incident_log.views(conn, [incident]).get(incident)


def incident_history(engine: Engine, incident: str) -> list[Logged]:
    """Every entry of an incident's log, in order: its timeline."""
    with reading(engine) as conn:
        return incident_log.read_log(conn, incident)


def list_incidents(engine: Engine, run: str | None = None, limit: int = 100) -> list[IncidentView]:
    """Incidents, the newest first; of one run ("" is life), or of all where `run` is None."""
    query = select(incidents.c.id).order_by(incidents.c.opened_ms.desc(), incidents.c.id.desc()).limit(limit)
    if run is not None:
        query = query.where(incidents.c.run == run)
    with reading(engine) as conn:
        ids = conn.execute(query).scalars().all()
        found = incident_log.views(conn, ids)
    return [found[incident] for incident in ids if incident in found]


def acknowledge(engine: Engine, incident: str, person: str, now_ms: int) -> Told:
    """Note that `person` has it. Somebody else's acknowledgement stands; getting worse asks for a new one.

    `person` is a key of the settings' people; the caller has made sure that it is they.
    """
    with writing(engine) as conn:
        view = _locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if view.state is IncidentState.ACKNOWLEDGED:
            return Told.ALREADY
        incident_log.append(conn, incident, [Acknowledged()], actor=person, at_ms=now_ms, recorded_ms=now_ms)
    return Told.DONE


def resolve(engine: Engine, incident: str, person: str, reason: str, now_ms: int) -> Told:
    """Note that `person` says it is over, and why. Holds stay in force: they are let go one by one.

    A signal that fires the playbook after this opens a new incident, and pages.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = _locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if not reason:
            return Told.NO_REASON
        ending = Resolved(ResolvedBy.PERSON, reason)
        _end(conn, incident, ending, actor=person, at_ms=now_ms, now_ms=now_ms)
    return Told.DONE


def _locked_view(conn: Connection, incident: str, person: str) -> IncidentView | Told:
    if not _PERSON.fullmatch(person):
        return Told.NO_PERSON
    view = incident_log.views(conn, [incident]).get(incident) if incident_log.lock(conn, incident) else None
    if view is None:
        return Told.NO_SUCH_INCIDENT
    return Told.IS_OVER if view.state is IncidentState.RESOLVED else view


def _is_new(conn: Connection, signal: Signal, now_ms: int) -> bool:
    body = msgspec.to_builtins(signal)
    row = {"id": signal.id, "run": signal.run, "brand": signal.brand, "at_ms": signal.at_ms, "body": body}
    return _insert_new(conn, signals, row | {"recorded_ms": now_ms})


def _lock_brand(conn: Connection, run: str, brand: str) -> None:
    _insert_new(conn, brand_locks, {"run": run, "brand": brand})
    mine = (brand_locks.c.run == run, brand_locks.c.brand == brand)
    conn.execute(select(brand_locks).where(*mine).with_for_update())


def _insert_new(conn: Connection, table: Table, row: Mapping[str, object]) -> bool:
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    # Asked for the key and not for the row count, which drivers do not tell of an INSERT alike.
    added = insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return conn.execute(added).first() is not None


def _open_incidents(conn: Connection, run: str, brand: str) -> dict[str, IncidentView]:
    mine = (incidents.c.run == run, incidents.c.brand == brand, incidents.c.open)
    ids = conn.execute(select(incidents.c.id).where(*mine).order_by(incidents.c.id).with_for_update()).scalars().all()
    return {view.playbook: view for view in incident_log.views(conn, ids).values()}


def _write(conn: Connection, each: plan.Plan, signal: Signal, now_ms: int) -> None:
    if each.ends is not None and each.ending is not None:
        _end(conn, each.ends, each.ending, actor=RESPOND, at_ms=signal.at_ms, now_ms=now_ms)
    if isinstance(opened := each.entries[0], Opened):
        _open(conn, each.incident, opened, signal)
    _append(conn, each.incident, each.entries, signal, now_ms)
    if each.hold is not None:
        holds.place(
            conn,
            hold_id=each.hold.id,
            incident=each.incident,
            run=signal.run,
            brand=each.hold.brand,
            platform=each.hold.platform,
            reason=each.hold.reason,
            releasers_needed=each.hold.releasers_needed,
            placed_ms=signal.at_ms,
            recorded_ms=now_ms,
        )
    outbox.add(conn, each.due)


def _append(conn: Connection, incident: str, entries: Iterable[LogEntry], signal: Signal, now_ms: int) -> None:
    incident_log.append(conn, incident, entries, actor=RESPOND, at_ms=signal.at_ms, recorded_ms=now_ms)


def _open(conn: Connection, incident: str, opened: Opened, signal: Signal) -> None:
    conn.execute(
        incidents.insert().values(
            id=incident,
            run=opened.run,
            brand=opened.brand,
            playbook=opened.playbook,
            playbook_version=opened.version,
            playbook_hash=opened.hash,
            opened_ms=signal.at_ms,
            open=True,
        )
    )


def _end(conn: Connection, incident: str, ending: Resolved, *, actor: str, at_ms: int, now_ms: int) -> None:
    incident_log.append(conn, incident, [ending], actor=actor, at_ms=at_ms, recorded_ms=now_ms)
    conn.execute(update(incidents).where(incidents.c.id == incident).values(open=False))
