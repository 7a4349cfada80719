"""Incidents and holds put straight into a store, for tests of what stands behind them."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from playbooks.store import schema
from playbooks.store.engine import writing
from playbooks.store.holds import Hold, place

PLACED_MS = 1_770_000_000_000


def hold(
    hold_id: str = "hold-1", *, run: str = "", brand: str = "acme", platform: str | None = None, people: int = 1
) -> Hold:
    """A hold in force, as a value."""
    return Hold(
        id=hold_id,
        incident=f"inc-{hold_id}",
        run=run,
        brand=brand,
        platform=platform,
        reason="Complaints are far above what is usual.",
        releasers_needed=people,
        placed_ms=PLACED_MS,
        recorded_ms=PLACED_MS + 5,
    )


def put(engine: Engine, value: Hold) -> bool:
    """Place `value` in the store, with an incident of its own; True where it is new."""
    with writing(engine) as conn:
        if conn.execute(schema.incidents.select().where(schema.incidents.c.id == value.incident)).first() is None:
            conn.execute(
                insert(schema.incidents).values(
                    id=value.incident,
                    run=value.run,
                    brand=value.brand,
                    playbook=f"complaint-storm-{value.id}",
                    playbook_version="1.0.0",
                    playbook_hash="0" * 64,
                    opened_ms=value.placed_ms,
                    open=True,
                )
            )
        return place(
            conn,
            hold_id=value.id,
            incident=value.incident,
            run=value.run,
            brand=value.brand,
            platform=value.platform,
            reason=value.reason,
            releasers_needed=value.releasers_needed,
            placed_ms=value.placed_ms,
            recorded_ms=value.recorded_ms,
        )
