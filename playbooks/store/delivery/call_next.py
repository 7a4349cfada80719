"""Somebody who was paged cannot take it: whoever comes next in the escalation is paged now and not when it is due."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, Engine, select, update

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library
from playbooks.incidents.incident import IncidentState, IncidentView
from playbooks.incidents.next_in_line import WORDS as WORDS
from playbooks.incidents.next_in_line import Level, call, called_before, next_levels, paged_at_first, seen_of
from playbooks.incidents.parts import PlannedAction
from playbooks.incidents.still_asked import Members
from playbooks.labels import ActionKind
from playbooks.store.arming import arming_for
from playbooks.store.delivery import outbox
from playbooks.store.drill_over import is_over
from playbooks.store.engine import reading, writing
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents import merged
from playbooks.store.schema import deliveries, timers
from playbooks.store.schema import outbox as outbox_rows


class Call(StrEnum):
    """What came of asking that the next person be called."""

    CALLED = "called"
    NOT_AS_SEEN = "not_as_seen"
    NOBODY_LEFT = "nobody_left"
    ONLY_OBSERVED = "only_observed"
    IS_OVER = "is_over"
    NO_SUCH_INCIDENT = "no_such_incident"


class Line(msgspec.Struct, frozen=True):
    """How the ladders of an incident stand: who was paged `first`, `called` further, and the `next` level of each.

    `view` is the incident as it stands through the one that it was merged into.
    """

    view: IncidentView
    called: tuple[PlannedAction, ...] = ()
    next: tuple[Level, ...] = ()
    first: tuple[PlannedAction, ...] = ()

    @property
    def seen(self) -> str:
        """What the page that asks hands on, so that its button calls only whom it named."""
        return seen_of(self.next)


def line_of(engine: Engine, incident: str, person: str, library: Library, members: Members) -> Line | None:
    """How the ladders stand by which `person` was paged, or else all; None where there is no such incident."""
    with reading(engine) as conn:
        view = incident_log.views(conn, [incident]).get(incident)
        return _line(conn, merged.seen_through(conn, view), person, library, members) if view else None


def call_next(
    engine: Engine,
    incident: str,
    person: str,
    seen: str,
    library: Library,
    brands: Collection[str],
    members: Members,
    now_ms: int,
) -> Call:
    """Page the next level now of each ladder by which `person` was paged, else of all, and note who asked.

    Only where the next levels are those that `person` has `seen`: so the same page of two presses goes out once, and
    nobody is called whom the page that asked did not name. A brand that is only observed pages nobody.
    """
    with writing(engine) as conn:
        found = incident_log.views(conn, [incident]).get(incident) if incident_log.lock(conn, incident) else None
        if found is None:
            return Call.NO_SUCH_INCIDENT
        line = _line(conn, merged.carried(conn, found), person, library, members)
        if line.view.state is IncidentState.RESOLVED or is_over(conn, found.run, now_ms):
            return Call.IS_OVER
        if not line.next:
            return Call.NOBODY_LEFT
        if line.seen != seen:
            return Call.NOT_AS_SEEN
        if arming_for(conn, brands, found.signal) is Arming.OBSERVE:
            return Call.ONLY_OBSERVED
        playbook = library.pinned(found.playbook, found.version, found.hash).playbook
        entries, pages = call(line.view, playbook, line.next, person, now_ms)
        incident_log.append(conn, incident, entries, actor=person, at_ms=now_ms, recorded_ms=now_ms)
        outbox.add(conn, pages)
    return Call.CALLED


def bring_forward(conn: Connection, incident: str, now_ms: int, step: str | None = None) -> bool:
    """Let the next level of each escalation, or of one step's, fall due now; False where no level is left.

    In the caller's transaction, who has the incident's lock.
    """
    waiting = select(timers.c.id, timers.c.body).where(
        timers.c.incident == incident, timers.c.woken_ms.is_(None), timers.c.due_ms > now_ms
    )
    levels = [(id, body) for id, body in conn.execute(waiting) if body.get("type") == "escalate"]
    next_ones = [id for id, body in levels if step in (None, body["step"])]
    if next_ones:
        conn.execute(update(timers).where(timers.c.id.in_(next_ones)).values(due_ms=now_ms))
    return bool(next_ones)


def _paged_by(conn: Connection, incident: str, person: str) -> frozenset[str]:
    """The steps whose pages went to a person, or were to."""
    query = (
        select(outbox_rows.c.step)
        .join(deliveries, outbox_rows.c.id == deliveries.c.outbox)
        .where(outbox_rows.c.incident == incident, outbox_rows.c.action == ActionKind.PAGE.value)
        .where(deliveries.c.person == person)
    )
    return frozenset(conn.execute(query).scalars())


def _line(conn: Connection, view: IncidentView, person: str, library: Library, members: Members) -> Line:
    pinned = library.version(view.playbook, view.version)
    if pinned is None or pinned.hash != view.hash:
        return Line(view)  # its file is gone: nobody knows who would be next
    playbook, steps = pinned.playbook, _paged_by(conn, view.id, person)
    levels = next_levels(view, playbook, members, person, steps)
    first = (page for page in paged_at_first(view, playbook) if members(page.target) - {person})
    return Line(view, tuple(called_before(view, playbook)), tuple(levels), tuple(first))
