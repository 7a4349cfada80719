"""Incidents and holds put straight into a store, for tests of what stands behind them."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, insert, select

from detectors.signal import Evidence, Post, Signal, SignalKind, signal_id
from playbooks.holds.hold import Hold
from playbooks.incidents.log_entry import RESPOND, HoldPlaced, LogEntry, Opened
from playbooks.store import schema
from playbooks.store.engine import writing
from playbooks.store.holds.holds import place
from playbooks.store.incidents import log as incident_log

PLACED_MS = 1_770_000_000_000
VERSION = "1.0.0"
HASH = "5eed" * 16


def signal(run: str = "", brand: str = "acme", platform: str | None = None, severity: int = 4) -> Signal:
    """Many people complain within a quarter of an hour."""
    return Signal(
        id=signal_id(run, brand, platform, "negativity", PLACED_MS, 1),
        run=run,
        brand=brand,
        platform=platform,
        kind=SignalKind.NEGATIVITY,
        at_ms=PLACED_MS,
        since_ms=PLACED_MS - 480_000,
        severity=severity,
        score=2.75,
        observed=119.0,
        expected=7.4,
        detector="NegativitySpike",
        detector_version=1,
        evidence=Evidence(
            window_s=900,
            tail=30.9,
            threshold=6.0,
            expected_low=3.0,
            expected_high=14.0,
            mentions=163,
            negative=119,
            negative_share=0.73,
            expected_negative_share=0.24,
            authors=104,
            baseline_days=14.2,
            posts=tuple(
                Post(id=f"31{n}904417{n}", platform="x", at_ms=PLACED_MS - 60_000 * n, negativity=0.97 - n / 50)
                for n in range(5)
            ),
        ),
    )


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


def put(
    engine: Engine, value: Hold, *, released_by: tuple[str, ...] = ("on-call",), log: tuple[LogEntry, ...] = ()
) -> bool:
    """Place `value` in the store, with an incident of its own and `log` in it; True where it is new."""
    with writing(engine) as conn:
        if conn.execute(select(schema.incidents).where(schema.incidents.c.id == value.incident)).first() is None:
            _open(conn, value, released_by, log)
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
            one_of=value.one_of,
        )


def _open(conn: Connection, value: Hold, released_by: tuple[str, ...], log: tuple[LogEntry, ...]) -> None:
    playbook = f"complaint-storm-{value.id}"
    conn.execute(
        insert(schema.incidents).values(
            id=value.incident,
            run=value.run,
            brand=value.brand,
            playbook=playbook,
            playbook_version=VERSION,
            playbook_hash=HASH,
            opened_ms=value.placed_ms,
            open=True,
        )
    )
    opened = Opened(
        run=value.run,
        brand=value.brand,
        playbook=playbook,
        version=VERSION,
        hash=HASH,
        title="Many people complain at once",
        signal=signal(value.run, value.brand, value.platform),
    )
    placed = HoldPlaced(value.id, value.brand, value.platform, value.releasers_needed, released_by)
    incident_log.append(
        conn,
        value.incident,
        [opened, *log, placed],
        actor=RESPOND,
        at_ms=value.placed_ms,
        recorded_ms=value.recorded_ms,
    )
