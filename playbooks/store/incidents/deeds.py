"""What people do about an incident, each in one transaction, under their name and the incident's row lock.

`person` is a key of the settings' people; the caller has made sure that it is they.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import StrEnum

from sqlalchemy import Connection, Engine, update

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library
from playbooks.incidents import afterwards
from playbooks.incidents.catching_up import only_observed
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.log_entry import (
    Acknowledged,
    AcknowledgedBy,
    Contained,
    LogEntry,
    Noted,
    PlannedBecause,
    Reopened,
    Resolved,
    ResolvedBy,
    StepDone,
)
from playbooks.incidents.timers import CatchUp, Wake, after_acknowledging, page_anew, quiet_wake
from playbooks.labels import ActionKind
from playbooks.store import timers
from playbooks.store.arming import arming_for
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged
from playbooks.store.incidents.rows import end, lock_brand_of, open_incidents, write_woken
from playbooks.store.schema import incidents

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
    NO_SUCH_PLAYBOOK = "no_such_playbook"
    NO_SUCH_BRAND = "no_such_brand"
    NO_SUCH_PLATFORM = "no_such_platform"
    TOO_LONG = "too_long"
    NOT_TOGETHER = "not_together"
    IS_ITSELF = "is_itself"
    NO_PLAYBOOK = "no_playbook"


def acknowledge_by(engine: Engine, incident: str, person: str, how: AcknowledgedBy, now_ms: int) -> Told:
    """Note that `person` has it, and by which road they said so. Several may have it; getting worse asks all anew.

    `person` is a key of the settings' people; the caller has made sure that it is they. Of an incident that was merged
    they have the one that it goes on as.
    """
    with writing(engine) as conn:
        incident = merged.goes_on_as(conn, incident)
        view = locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if person in view.has_it:
            return Told.ALREADY
        say(conn, incident, Acknowledged(how), person, now_ms)
        timers.add(conn, after_acknowledging(view, now_ms))
        outbox.add(conn, afterwards.acknowledged(view, person, now_ms))
        outbox.add(conn, merged.acknowledged(conn, view, person, now_ms))
    return Told.DONE


def acknowledge(engine: Engine, incident: str, person: str, now_ms: int) -> Told:
    """Note that `person` has it; they said so on the console."""
    return acknowledge_by(engine, incident, person, AcknowledgedBy.CONSOLE, now_ms)


def note(engine: Engine, incident: str, person: str, text: str, now_ms: int) -> Told:
    """Write down what `person` wants everybody to know of an incident that is open."""
    return _with_reason(engine, incident, person, text, now_ms, Noted)


def contain(engine: Engine, incident: str, person: str, reason: str, now_ms: int) -> Told:
    """Note that it does not spread any more. Nobody is paged further unless it gets worse; holds stay in force.

    `ALREADY`, and nothing is written, where that was said before and has not got worse since.
    """
    return _with_reason(engine, incident, person, reason, now_ms, Contained, already=IncidentState.CONTAINED)


def tick(engine: Engine, incident: str, action: str, person: str, note: str, option: str, now_ms: int) -> Told:
    """Note that `person` has done what a task, decision or statement asks; `option` is what was decided.

    `action` is the planned action. Said again, by whomever, it changes nothing. Of an incident
    that was merged it can be said while the one that it goes on as is open.
    """
    with writing(engine) as conn:
        found = locked_view(conn, incident, person, over=True)
        if isinstance(found, Told):
            return found
        view = merged.carried(conn, found)
        if view.state is IncidentState.RESOLVED:
            return Told.IS_OVER
        planned = next((one for one in view.actions if one.id == action and one.kind.is_for_people), None)
        if planned is None:
            return Told.NO_SUCH_STEP
        done = view.done_of(action)
        if done is not None and not done.is_overdue:
            return Told.ALREADY
        if planned.kind is ActionKind.DECISION and not option:
            return Told.NO_REASON
        ticked = StepDone(action, planned.step, note.strip()[:MAX_REASON_CHARS], option[:MAX_REASON_CHARS])
        say(conn, incident, ticked, person, now_ms)
    return Told.DONE


def resolve(engine: Engine, incident: str, person: str, reason: str, now_ms: int) -> Told:
    """Note that `person` says it is over, and why. Holds stay in force: they are let go one by one.

    Everybody who was paged or told hears of it. A signal that fires the playbook after this opens a new incident, and
    pages.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if not reason:
            return Told.NO_REASON
        ending = Resolved(ResolvedBy.PERSON, reason)
        end(conn, incident, ending, actor=person, at_ms=now_ms, now_ms=now_ms)
        outbox.add(conn, afterwards.all_clear(view, person, reason, now_ms))
        outbox.add(conn, merged.all_clear(conn, view, person, reason, now_ms))
    return Told.DONE


def reopen(
    engine: Engine,
    incident: str,
    person: str,
    reason: str,
    library: Library,
    brands: Collection[str],
    now_ms: int,
) -> Told:
    """Open an incident again that was ended too early; its pages go out anew, where the brand is armed to page by now.

    `brands` are those of the settings. `IS_ANOTHER` where another incident of its cause is open by now, `NO_PLAYBOOK`
    where it stood for a hold that somebody placed by hand. Raises `PlaybookError` where its playbook is gone.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        lock_brand_of(conn, incident)
        view = locked_view(conn, incident, person, over=True)
        if isinstance(view, Told):
            return view
        if view.state is not IncidentState.RESOLVED:
            return Told.ALREADY
        if not view.hash:
            return Told.NO_PLAYBOOK
        if not reason:
            return Told.NO_REASON
        if view.cause in open_incidents(conn, view.run, view.brand):
            return Told.IS_ANOTHER
        say(conn, incident, Reopened(reason), person, now_ms)
        conn.execute(update(incidents).where(incidents.c.id == incident).values(open=True))
        pinned = library.pinned(view.playbook, view.version, view.hash)
        anew = page_anew(view, pinned.playbook, PlannedBecause.REOPENED, now_ms)
        observed = arming_for(conn, brands, view.signal) is Arming.OBSERVE
        write_woken(conn, incident, only_observed(anew) if observed else anew, now_ms)
        look = CatchUp(PlannedBecause.REOPENED)  # what was never asked for may be by now
        again = Wake(f"{incident}:reopened:{now_ms}", incident, view.run, now_ms, look)
        timers.add(conn, [quiet_wake(incident, view.run, pinned.playbook, now_ms), again])
    return Told.DONE


def _with_reason(
    engine: Engine,
    incident: str,
    person: str,
    reason: str,
    now_ms: int,
    entry: Callable[[str], LogEntry],
    already: IncidentState | None = None,
) -> Told:
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        if view.state is already:
            return Told.ALREADY
        if not reason:
            return Told.NO_REASON
        say(conn, incident, entry(reason), person, now_ms)
    return Told.DONE


def say(conn: Connection, incident: str, entry: LogEntry, person: str, now_ms: int) -> None:
    """Append what `person` said; the caller has the incident's lock."""
    incident_log.append(conn, incident, [entry], actor=person, at_ms=now_ms, recorded_ms=now_ms)


def locked_view(conn: Connection, incident: str, person: str, *, over: bool = False) -> IncidentView | Told:
    """The incident that `person` wants to do something about, locked, or why they cannot; `over`: also an ended one."""
    if not _PERSON.fullmatch(person):
        return Told.NO_PERSON
    view = incident_log.views(conn, [incident]).get(incident) if incident_log.lock(conn, incident) else None
    if view is None:
        return Told.NO_SUCH_INCIDENT
    return Told.IS_OVER if view.state is IncidentState.RESOLVED and not over else view
