"""Incidents in the store: a signal taken in once and whole, and what people say about an incident.

`take_signal` is one transaction: the signal's id, the brand's row lock, the log, the hold and the outbox. Either all of
it is there after a crash or none of it, and the same signal again changes nothing. A hold is in force from its commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from detectors.signal import Signal
from playbooks import plan
from playbooks.catalog import Library
from playbooks.incident import IncidentState, IncidentView
from playbooks.labels import ActionKind, SignalDecision
from playbooks.log_entry import (
    CLOCK,
    RESPOND,
    Acknowledged,
    AcknowledgedBy,
    Contained,
    LogEntry,
    Logged,
    Noted,
    Opened,
    PlannedBecause,
    Reopened,
    Resolved,
    ResolvedBy,
    StepDone,
)
from playbooks.settings import Arming, BrandSettings, PlaybookSettings
from playbooks.store import holds, incident_log, outbox, timers
from playbooks.store.engine import reading, writing
from playbooks.store.schema import brand_locks, incidents, signals
from playbooks.timers import Members, Woken, after_acknowledging, on_wake, page_anew

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
    NO_SUCH_STEP = "no_such_step"
    IS_ANOTHER = "is_another"


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


def acknowledge_by(engine: Engine, incident: str, person: str, how: AcknowledgedBy, now_ms: int) -> Told:
    """Note that `person` has it, and by which road they said so. Several may have it; getting worse asks all anew.

    `person` is a key of the settings' people; the caller has made sure that it is they.
    """
    with writing(engine) as conn:
        view = _locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if person in view.has_it:
            return Told.ALREADY
        _say(conn, incident, Acknowledged(how), person, now_ms)
        timers.add(conn, after_acknowledging(view, now_ms))
    return Told.DONE


def acknowledge(engine: Engine, incident: str, person: str, now_ms: int) -> Told:
    """Note that `person` has it; they said so on the console."""
    return acknowledge_by(engine, incident, person, AcknowledgedBy.CONSOLE, now_ms)


def note(engine: Engine, incident: str, person: str, text: str, now_ms: int) -> Told:
    """Write down what `person` wants everybody to know of an incident that is open."""
    return _with_reason(engine, incident, person, text, now_ms, Noted)


def contain(engine: Engine, incident: str, person: str, reason: str, now_ms: int) -> Told:
    """Note that it does not spread any more. Nobody is paged further unless it gets worse; holds stay in force."""
    return _with_reason(engine, incident, person, reason, now_ms, Contained)


def tick(engine: Engine, incident: str, action: str, person: str, note: str, option: str, now_ms: int) -> Told:
    """Note that `person` has done what a task, decision or statement asks; `option` is what was decided.

    `action` is the planned action. Said again, by whomever, it changes nothing.
    """
    with writing(engine) as conn:
        view = _locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        planned = next((one for one in view.actions if one.id == action and one.kind.is_for_people), None)
        if planned is None:
            return Told.NO_SUCH_STEP
        done = view.done_of(action)
        if done is not None and not done.is_overdue:
            return Told.ALREADY
        if planned.kind is ActionKind.DECISION and not option:
            return Told.NO_REASON
        ticked = StepDone(action, planned.step, note.strip()[:MAX_REASON_CHARS], option[:MAX_REASON_CHARS])
        _say(conn, incident, ticked, person, now_ms)
    return Told.DONE


def reopen(engine: Engine, incident: str, person: str, reason: str, library: Library, now_ms: int) -> Told:
    """Open an incident again that was ended too early; its pages go out anew.

    `IS_ANOTHER` where another incident of its cause is open by now. Raises `PlaybookError` where its playbook is gone.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = _locked_view(conn, incident, person, over=True)
        if isinstance(view, Told):
            return view
        if view.state is not IncidentState.RESOLVED:
            return Told.ALREADY
        if not reason:
            return Told.NO_REASON
        _lock_brand(conn, view.run, view.brand)
        if view.cause in _open_incidents(conn, view.run, view.brand):
            return Told.IS_ANOTHER
        _say(conn, incident, Reopened(reason), person, now_ms)
        conn.execute(update(incidents).where(incidents.c.id == incident).values(open=True))
        pinned = library.pinned(view.playbook, view.version, view.hash)
        _write_woken(conn, incident, page_anew(view, pinned.playbook, PlannedBecause.REOPENED, now_ms), now_ms)
    return Told.DONE


def wake(
    engine: Engine, timer: str, library: Library, brands: Mapping[str, BrandSettings], members: Members, now_ms: int
) -> bool:
    """Wake a timer that is due, and write down what follows, in one transaction; False where it was woken before.

    `members` says who is in a role now. A brand that is only observed by now pages nobody. Raises `PlaybookError` where
    the incident's playbook is gone.
    """
    with writing(engine) as conn:
        due = timers.take(conn, timer, now_ms)
        if due is None or not incident_log.lock(conn, due.incident):
            return False
        view = incident_log.views(conn, [due.incident])[due.incident]
        if plan.arming_of(brands, view.signal) is not Arming.OBSERVE:
            pinned = library.pinned(view.playbook, view.version, view.hash)
            _write_woken(conn, view.id, on_wake(view, due.timer, pinned.playbook, now_ms, members), now_ms)
    return True


def resolve(engine: Engine, incident: str, person: str, reason: str, now_ms: int) -> Told:
    """Note that `person` says it is over, and why. Holds stay in force: they are let go one by one.

    Everybody who was paged or told hears of it. A signal that fires the playbook after this opens a new incident, and
    pages.
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
        outbox.add(conn, plan.all_clear(view, person, reason, now_ms))
    return Told.DONE


def _with_reason(
    engine: Engine, incident: str, person: str, reason: str, now_ms: int, entry: Callable[[str], LogEntry]
) -> Told:
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = _locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if not reason:
            return Told.NO_REASON
        _say(conn, incident, entry(reason), person, now_ms)
    return Told.DONE


def _say(conn: Connection, incident: str, entry: LogEntry, person: str, now_ms: int) -> None:
    incident_log.append(conn, incident, [entry], actor=person, at_ms=now_ms, recorded_ms=now_ms)


def _write_woken(conn: Connection, incident: str, woken: Woken, now_ms: int) -> None:
    incident_log.append(conn, incident, woken.entries, actor=CLOCK, at_ms=now_ms, recorded_ms=now_ms)
    outbox.add(conn, woken.due)
    timers.add(conn, woken.wakes)


def _locked_view(conn: Connection, incident: str, person: str, *, over: bool = False) -> IncidentView | Told:
    if not _PERSON.fullmatch(person):
        return Told.NO_PERSON
    view = incident_log.views(conn, [incident]).get(incident) if incident_log.lock(conn, incident) else None
    if view is None:
        return Told.NO_SUCH_INCIDENT
    return Told.IS_OVER if view.state is IncidentState.RESOLVED and not over else view


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
    return {view.cause: view for view in incident_log.views(conn, ids).values()}


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
    timers.add(conn, each.wakes)


def _append(conn: Connection, incident: str, entries: Iterable[LogEntry], signal: Signal, now_ms: int) -> None:
    incident_log.append(conn, incident, entries, actor=RESPOND, at_ms=signal.at_ms, recorded_ms=now_ms)


def _open(conn: Connection, incident: str, opened: Opened, signal: Signal) -> None:
    conn.execute(
        incidents.insert().values(
            id=incident,
            run=opened.run,
            brand=opened.brand,
            playbook=opened.playbook,
            cause=opened.cause,
            playbook_version=opened.version,
            playbook_hash=opened.hash,
            opened_ms=signal.at_ms,
            open=True,
        )
    )


def _end(conn: Connection, incident: str, ending: Resolved, *, actor: str, at_ms: int, now_ms: int) -> None:
    incident_log.append(conn, incident, [ending], actor=actor, at_ms=at_ms, recorded_ms=now_ms)
    conn.execute(update(incidents).where(incidents.c.id == incident).values(open=False))
