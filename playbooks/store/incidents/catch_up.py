"""Open incidents are looked at again: something that kept them from being acted on is gone."""

from __future__ import annotations

from sqlalchemy import Connection, select

from playbooks.incidents.log_entry import PlannedBecause
from playbooks.incidents.timers import CatchUp, Wake
from playbooks.store import timers
from playbooks.store.schema import incidents


def look_again(conn: Connection, why: PlannedBecause, name: str, now_ms: int, brand: str | None = None) -> None:
    """Set a timer, due now, for each open incident of life (of `brand`, where one is said).

    `name` tells this look from others. In the caller's transaction; a timer that finds nothing to do does nothing.
    """
    query = select(incidents.c.id).where(incidents.c.run == "", incidents.c.open).order_by(incidents.c.id)
    if brand is not None:
        query = query.where(incidents.c.brand == brand)
    found = conn.execute(query).scalars().all()
    timers.add(conn, [Wake(f"{incident}:{name}", incident, "", now_ms, CatchUp(why)) for incident in found])
