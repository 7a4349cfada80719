"""What people do about an incident, each in one transaction, under their name and the incident's row lock.

`person` is a key of the settings' people; the caller has made sure that it is they.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine, update

from playbooks.content.catalog import Library, day_of
from playbooks.incidents import afterwards, plan
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
from playbooks.incidents.reported import reported, with_words
from playbooks.incidents.timers import CatchUp, Wake, after_acknowledging, page_anew, quiet_wake
from playbooks.labels import ActionKind
from playbooks.settings import PlaybookSettings
from playbooks.store import mutes, timers
from playbooks.store.arming import arming_for
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged
from playbooks.store.incidents.rows import (
    end,
    lock_brand,
    lock_brand_of,
    open_incidents,
    write_moved,
    write_plan,
    write_woken,
)
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
    NOT_TOGETHER = "not_together"
    NO_PLAYBOOK = "no_playbook"


class Report(msgspec.Struct, frozen=True):
    """What somebody reports by hand. `platform` None is the brand as a whole, `severity` 1 to 5."""

    brand: str
    playbook: str
    severity: int
    what: str
    platform: str | None = None


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
    """Note that it does not spread any more. Nobody is paged further unless it gets worse; holds stay in force."""
    return _with_reason(engine, incident, person, reason, now_ms, Contained)


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


def reopen(engine: Engine, incident: str, person: str, reason: str, library: Library, now_ms: int) -> Told:
    """Open an incident again that was ended too early; its pages go out anew.

    `IS_ANOTHER` where another incident of its cause is open by now, `NO_PLAYBOOK` where it stood for a hold that
    somebody placed by hand. Raises `PlaybookError` where its playbook is gone.
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
        write_woken(conn, incident, page_anew(view, pinned.playbook, PlannedBecause.REOPENED, now_ms), now_ms)
        look = CatchUp(PlannedBecause.REOPENED)  # what was never asked for may be by now
        again = Wake(f"{incident}:reopened:{now_ms}", incident, view.run, now_ms, look)
        timers.add(conn, [quiet_wake(incident, view.run, pinned.playbook, now_ms), again])
    return Told.DONE


def move(
    engine: Engine,
    incident: str,
    person: str,
    reason: str,
    playbook: str,
    library: Library,
    brands: Collection[str],
    now_ms: int,
) -> Told:
    """Move an open incident to the newest version of `playbook`, its own or another; what is planned stays planned.

    Steps of the new one that were not planned yet are planned now; `brands` are those of the settings. `IS_ANOTHER`
    where an incident of the new one's cause is open beside it. Raises `PlaybookError` where the incident's own playbook
    is gone.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        lock_brand_of(conn, incident)
        view = locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
        pinned = next((one for one in library.in_use(day_of(now_ms)) if one.playbook.id == playbook), None)
        if pinned is None:
            return Told.NO_SUCH_PLAYBOOK
        if pinned.hash == view.hash:
            return Told.ALREADY
        if not reason:
            return Told.NO_REASON
        beside = open_incidents(conn, view.run, view.brand).get(pinned.playbook.of_cause)
        if beside is not None and beside.id != view.id:
            return Told.IS_ANOTHER
        arming = arming_for(conn, brands, view.signal)
        moved = plan.moved(view, pinned, reason, arming, now_ms, mutes.in_force(conn, view.run, now_ms))
        say(conn, incident, moved.entries[0], person, now_ms)
        write_moved(conn, view, pinned, moved, now_ms)
    return Told.DONE


def report(
    engine: Engine,
    about: Report,
    person: str,
    name: str,
    library: Library,
    settings: PlaybookSettings,
    now_ms: int,
) -> tuple[Told, str]:
    """Open an incident by hand, or join the one of its cause that is open; what came of it, and the incident's id.

    `name` is what `person` is called; it stands in what is sent. A brand that is only observed pages nobody.
    """
    what = about.what.strip()[:MAX_REASON_CHARS]
    pinned = next((one for one in library.reportable(day_of(now_ms)) if one.playbook.id == about.playbook), None)
    if not _PERSON.fullmatch(person):
        return Told.NO_PERSON, ""
    if about.brand not in settings.brands:
        return Told.NO_SUCH_BRAND, ""
    if pinned is None:
        return Told.NO_SUCH_PLAYBOOK, ""
    if not what:
        return Told.NO_REASON, ""
    signal = reported(about.brand, about.platform, about.severity, person, now_ms)
    with writing(engine) as conn:
        lock_brand(conn, signal.run, signal.brand)
        arming, silent = arming_for(conn, settings.brands, signal), mutes.in_force(conn, signal.run, now_ms)
        known = open_incidents(conn, signal.run, signal.brand).get(pinned.playbook.of_cause)
        if known is None:
            found = plan.open_incident(signal, pinned, arming, now_ms, silent)
        else:
            own = library.pinned(known.playbook, known.version, known.hash)
            found = plan.join(known, signal, own, arming, now_ms, pinned, silent)
        write_plan(conn, with_words(found, name, what), signal, now_ms)
        say(conn, found.incident, Noted(what), person, now_ms)
    return Told.DONE, found.incident


def _with_reason(
    engine: Engine, incident: str, person: str, reason: str, now_ms: int, entry: Callable[[str], LogEntry]
) -> Told:
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        view = locked_view(conn, incident, person)
        if isinstance(view, Told):
            return view
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
