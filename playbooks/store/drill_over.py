"""Whether a drill is over: asked in each transaction that would do something because of it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from detectors.run import Drill, run_of
from playbooks.store.schema import drills


def is_over(conn: Connection, run: str, now_ms: int) -> bool:
    """Whether `run` is a drill that is over at `now_ms`. One that was never begun here is not."""
    if not isinstance(run_of(run), Drill):
        return False
    found = conn.execute(select(drills.c.ended_ms, drills.c.until_ms).where(drills.c.run == run)).first()
    return found is not None and (found.ended_ms is not None or found.until_ms <= now_ms)
