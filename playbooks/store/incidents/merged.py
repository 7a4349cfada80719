"""Incidents that people merged: which one goes on, which ones go on as it, and how one stands through another."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import Connection, select

from playbooks.incidents import afterwards
from playbooks.incidents.action import Action
from playbooks.incidents.incident import IncidentView
from playbooks.incidents.log_entry import MergedInto, Reopened
from playbooks.store.incidents import log as incident_log
from playbooks.store.schema import incident_log as log

_TURNS = tuple(str(kind.__struct_config__.tag) for kind in (MergedInto, Reopened))


def goes_on_as(conn: Connection, incident: str) -> str:
    """The incident that `incident` goes on as, however often it was merged; itself where it was not."""
    query = select(log.c.body).where(log.c.incident == incident, log.c.entry.in_(_TURNS)).order_by(log.c.n.desc())
    body = conn.execute(query.limit(1)).scalar()
    if body is None or "incident" not in body:
        return incident
    return goes_on_as(conn, body["incident"])


def carried(conn: Connection, view: IncidentView) -> IncidentView:
    """An incident as it stands through the one that it goes on as: who has that one has this one, while it is open.

    Nobody else says anything of the other until the transaction ends.
    """
    if view.merged_into is not None:
        incident_log.lock(conn, goes_on_as(conn, view.id))
    return seen_through(conn, view)


def seen_through(conn: Connection, view: IncidentView) -> IncidentView:
    """The same to be looked at only: nobody is kept from saying something."""
    if view.merged_into is None:
        return view
    other = goes_on_as(conn, view.id)
    into = incident_log.views(conn, [other])[other]
    return replace(
        view,
        state=into.state,
        acknowledged=into.acknowledged,
        acknowledged_by=into.acknowledged_by,
        acknowledged_ms=into.acknowledged_ms,
        resolved_ms=into.resolved_ms,
    )


def going_on_as(conn: Connection, view: IncidentView) -> list[IncidentView]:
    """The incidents that go on as this one, those merged into them too."""
    found = []
    for one in incident_log.views(conn, [merged.incident for merged in view.merged]).values():
        if one.merged_into == view.id:
            found += [one, *going_on_as(conn, one)]
    return found


def all_clear(conn: Connection, view: IncidentView, person: str, reason: str, now_ms: int) -> list[Action]:
    """The all-clear about those that went on as an incident which ends."""
    return [
        action
        for one in going_on_as(conn, view)
        for action in afterwards.all_clear_with(view, one, person, reason, now_ms)
    ]


def acknowledged(conn: Connection, view: IncidentView, person: str, now_ms: int) -> list[Action]:
    """What pagers hear of an acknowledgement about those that go on as an incident."""
    return [action for one in going_on_as(conn, view) for action in afterwards.acknowledged(one, person, now_ms)]
