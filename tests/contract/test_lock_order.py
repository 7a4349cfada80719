"""Whoever decides at the same moment waits for the other, and never each for the other: PostgreSQL would end one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy import Engine, text, update

from playbooks.content.catalog import Library
from playbooks.store import schema
from playbooks.store.engine import reading, writing
from playbooks.store.incidents import deeds, incidents, moving
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.incidents import list_incidents, take_signal
from playbooks.store.incidents.rows import lock_brand, open_incidents
from tests.parts.signals import HOUR_MS, MORNING_MS, a_signal, armed, ladder_library, plain_library
from tests.parts.waiting import until

T = TypeVar("T")

pytestmark = pytest.mark.parametrize(
    "store_settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)

LIBRARY = ladder_library()


def opened(store: Engine) -> str:
    take_signal(store, a_signal(), LIBRARY, armed(store), MORNING_MS)
    return list_incidents(store)[0].id


def waits(store: Engine) -> bool:
    """Whether somebody waits for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with reading(store) as conn:
        return bool(conn.execute(text(query)).scalar())


async def while_deciding(store: Engine, deed: Callable[[], T]) -> T:
    """Begin `deed` while a signal of the brand is taken in and has not yet come to the incidents."""
    with ThreadPoolExecutor(1) as thread:
        with writing(store) as conn:
            lock_brand(conn, "", "acme")
            doing = thread.submit(deed)
            await until(lambda: waits(store), "the deed waits", 10)
            open_incidents(conn, "", "acme")
        return doing.result(timeout=30)


async def test_an_incident_is_moved_while_a_signal_of_its_brand_is_taken_in(store: Engine) -> None:
    incident = opened(store)
    both = Library([*LIBRARY.all(), *plain_library().all()])
    told = await while_deciding(
        store, lambda: moving.move(store, incident, "ada", "it fits", "plain", both, ["acme"], MORNING_MS).told
    )
    assert told is Told.DONE


async def test_an_incident_is_opened_again_while_a_signal_of_its_brand_is_taken_in(store: Engine) -> None:
    incident = opened(store)
    deeds.resolve(store, incident, "ada", "over", MORNING_MS)
    told = await while_deciding(
        store, lambda: deeds.reopen(store, incident, "ada", "it goes on", LIBRARY, {"acme"}, MORNING_MS + 1)
    )
    assert told is Told.DONE


async def test_the_next_is_called_while_the_runner_wakes_the_timer_that_calls_them(store: Engine) -> None:
    incident = opened(store)
    with reading(store) as conn:
        row = conn.execute(schema.timers.select().where(schema.timers.c.id.like("%rung1"))).mappings().first()
    assert row
    brands, later_ms = ["acme"], MORNING_MS + HOUR_MS
    with ThreadPoolExecutor(1) as thread:
        with writing(store) as conn:
            incident_log.lock(conn, incident)
            waking = thread.submit(
                incidents.wake, store, row["id"], LIBRARY, brands, lambda _: frozenset({"ada"}), later_ms
            )
            await until(lambda: waits(store), "the runner waits", 10)
            conn.execute(update(schema.timers).where(schema.timers.c.id == row["id"]).values(due_ms=later_ms))
        assert waking.result(timeout=30)
