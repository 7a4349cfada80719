"""Looking at the store, its disk and the clock beside it. Nothing is changed, and no store is made by looking."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from playbooks.armings.arming import Arming
from playbooks.armings.mute import Mute
from playbooks.effects.asked import Asked
from playbooks.incidents.incident import IncidentView
from playbooks.labels import Channel
from playbooks.readiness.pulse import is_made
from playbooks.readiness.surroundings import Disk, OtherClock, StoreState
from playbooks.readiness.waiting import Due
from playbooks.schedulers.account import Account
from playbooks.settings import PlaybookSettings
from playbooks.settings.section import MissingSecret
from playbooks.store.arming import armed_brands
from playbooks.store.delivery import outbox
from playbooks.store.delivery.channel_answers import read_answers
from playbooks.store.delivery.contact_tests import ContactTest, newest_tests
from playbooks.store.engine import StoreUnreachable, open_store, reading
from playbooks.store.incidents import log as incident_log
from playbooks.store.migrated import known, newest, schema_of
from playbooks.store.mutes import not_over
from playbooks.store.pulses import Pulse, read_pulses
from playbooks.store.schedules.posts import accounts
from playbooks.store.schema import incidents, timers

#: What the runner heard from a channel longer ago than this says nothing any more.
ANSWER_COUNTS_MS = 900_000
#: So many open incidents are looked into, the newest first.
MOST_INCIDENTS = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds that readiness goes by; what could not be read is empty."""

    pulses: tuple[Pulse, ...] = ()
    tests: tuple[ContactTest, ...] = ()
    answers: dict[Channel, Asked] = field(default_factory=dict)
    armed: dict[str, Arming] = field(default_factory=dict)
    mutes: tuple[Mute, ...] = ()
    due: Due = field(default_factory=Due)
    open: tuple[IncidentView, ...] = ()
    accounts: dict[str, Account] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """How the store was found, and what is in it; `kept` is None where it could not be read."""

    store: StoreState
    kept: Kept | None
    disk: Disk | None
    clocks: tuple[OtherClock, ...] = ()


def look(settings: PlaybookSettings, now_ms: int) -> Looked:
    """Look once. Waits as long as the store takes; raises nothing that the store does."""
    if not is_made(settings.store):
        return Looked(StoreState(settings.store.url, made=False), None, _disk_of(settings.store.url))
    try:
        engine = open_store(settings.store)
    except (StoreUnreachable, MissingSecret) as away:
        return Looked(StoreState("", trouble=str(away)), None, _disk_of(settings.store.url))
    try:
        return look_at(engine, settings, now_ms)
    finally:
        engine.dispose()


def look_at(engine: Engine, settings: PlaybookSettings, now_ms: int) -> Looked:
    """Look through an engine that is open."""
    place = engine.url.render_as_string(hide_password=True)
    disk = _disk_of(place)
    try:
        with reading(engine) as conn:
            schema = schema_of(conn)
        state = StoreState(place, schema=schema, newest=newest(), known=schema in known())
        if schema != state.newest:
            return Looked(state, None, disk)
        return Looked(state, _kept(engine, settings, now_ms), disk, _clocks(engine))
    except StoreUnreachable as away:
        return Looked(StoreState(place, trouble=str(away)), None, disk)
    except SQLAlchemyError as wrong:
        return Looked(StoreState(place, trouble=f"the store cannot be read: {type(wrong).__name__}"), None, disk)


def due_now(engine: Engine, now_ms: int) -> Due:
    """Since when the oldest action and the oldest timer are due."""
    oldest = [found.oldest_due_ms for found in outbox.backlog(engine, now_ms).values()]
    query = select(func.min(timers.c.due_ms)).where(timers.c.woken_ms.is_(None), timers.c.due_ms <= now_ms)
    with reading(engine) as conn:
        return Due(min(oldest, default=None), conn.execute(query).scalar())


def _kept(engine: Engine, settings: PlaybookSettings, now_ms: int) -> Kept:
    return Kept(
        pulses=read_pulses(engine),
        tests=newest_tests(engine),
        answers=read_answers(engine, now_ms - ANSWER_COUNTS_MS),
        armed=armed_brands(engine, settings.brands),
        mutes=tuple(not_over(engine, now_ms)),
        due=due_now(engine, now_ms),
        open=_open(engine),
        accounts=accounts(engine),
    )


def _open(engine: Engine) -> tuple[IncidentView, ...]:
    query = (
        select(incidents.c.id)
        .where(incidents.c.open, incidents.c.run == "")
        .order_by(incidents.c.opened_ms.desc())
        .limit(MOST_INCIDENTS)
    )
    with reading(engine) as conn:
        ids = list(conn.execute(query).scalars())
        return tuple(incident_log.views(conn, ids).values())


def _disk_of(url: str) -> Disk | None:
    if not url.startswith("sqlite:///"):
        return None
    folder = Path(url.removeprefix("sqlite:///").partition("?")[0]).absolute().parent
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return Disk(str(folder), found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def _clocks(engine: Engine) -> tuple[OtherClock, ...]:
    """PostgreSQL's own clock; SQLite has none."""
    if engine.dialect.name != "postgresql":
        return ()
    before_ms = time.time_ns() // 1_000_000
    with reading(engine) as conn:
        theirs_ms = int(conn.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one())
    after_ms = time.time_ns() // 1_000_000
    return (OtherClock("the store's server", (before_ms + after_ms) // 2 - theirs_ms, 1_000 + after_ms - before_ms),)
