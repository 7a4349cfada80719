"""Moving an open incident to another playbook in the store: a named act with a reason, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Engine

from playbooks.content.catalog import Library, Pinned, day_of
from playbooks.incidents import moving
from playbooks.incidents.plan import Plan
from playbooks.store import mutes
from playbooks.store.arming import arming_for
from playbooks.store.engine import writing
from playbooks.store.incidents.deeds import MAX_REASON_CHARS, Told, locked_view
from playbooks.store.incidents.rows import lock_brand_of, open_incidents, write_moved


class Moved(NamedTuple):
    """What came of it, and, where it was done, what was planned."""

    told: Told
    plan: Plan | None = None


def move(
    engine: Engine,
    incident: str,
    person: str,
    reason: str,
    to: str,
    library: Library,
    brands: Collection[str],
    now_ms: int,
) -> Moved:
    """Move an open incident to `to`: a playbook's id for its newest version, or ``id@version``; its own or another.

    What is planned stays planned. What a graver playbook orders is done at once, all of it, and holds in force go by
    the stricter terms; of any other the steps are planned that were not yet. `brands` are those of the settings.
    `IS_ANOTHER` where an incident of the new one's cause is open beside it. Raises `PlaybookError` where the
    incident's own playbook is gone.
    """
    reason = reason.strip()[:MAX_REASON_CHARS]
    with writing(engine) as conn:
        lock_brand_of(conn, incident)
        view = locked_view(conn, incident, person)
        if isinstance(view, Told):
            return Moved(view)
        pinned = wanted(library, to, now_ms)
        if pinned is None:
            return Moved(Told.NO_SUCH_PLAYBOOK)
        if pinned.hash == view.hash:
            return Moved(Told.ALREADY)
        if not reason:
            return Moved(Told.NO_REASON)
        beside = open_incidents(conn, view.run, view.brand).get(moving.cause_after(view, pinned.playbook))
        if beside is not None and beside.id != view.id:
            return Moved(Told.IS_ANOTHER)
        own = library.pinned(view.playbook, view.version, view.hash).playbook
        arming, silent = arming_for(conn, brands, view.signal), mutes.in_force(conn, view.run, now_ms)
        found = moving.moved(view, own, pinned, reason, arming, now_ms, silent)
        write_moved(conn, view, pinned, found, person, now_ms)
    return Moved(Told.DONE, found)


def wanted(library: Library, to: str, now_ms: int) -> Pinned | None:
    """The released version that `to` names, None where there is none or its playbook is in use no more."""
    name, at, version = to.partition("@")
    of_it = [one for one in library.movable_to(day_of(now_ms)) if one.playbook.id == name]
    return next((one for one in of_it if not at or one.playbook.version == version), None)
