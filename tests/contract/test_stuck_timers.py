"""Timers that cannot be woken: the others are woken all the same, and somebody is told."""

from __future__ import annotations

import asyncio
import logging

import pytest
from sqlalchemy import Engine, insert, select, update

from playbooks.labels import Role
from playbooks.oncall.rotas import NO_ROTAS
from playbooks.running.waking import AGAIN_MS, AT_ONCE, Waker
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.store import schema
from playbooks.store.engine import reading, writing
from playbooks.store.incidents.incidents import list_incidents, take_signal
from playbooks.store.patient_store import PatientStore
from tests.parts.signals import HOUR_MS, MORNING_MS, a_signal, armed, ladder_library

LATER_MS = MORNING_MS + HOUR_MS // 6
SETTINGS = PlaybookSettings(brands={"acme": BrandSettings()})


class Clock:
    """Tells what it is set to."""

    def __init__(self) -> None:
        self.now_ms = LATER_MS

    def __call__(self) -> int:
        return self.now_ms


def waker(store: Engine, clock: Clock) -> Waker:
    patient = PatientStore(store, asyncio.Event(), Role.RUNNER)
    return Waker(SETTINGS, patient, ladder_library(), clock, lambda: NO_ROTAS)


def crisis(store: Engine) -> str:
    take_signal(store, a_signal(), ladder_library(), armed(store), MORNING_MS)
    return list_incidents(store)[0].id


def add_stuck(store: Engine, incident: str, number: int, body: dict[str, object]) -> None:
    rows = [
        {"id": f"stuck-{n}", "incident": incident, "run": "", "due_ms": MORNING_MS, "body": body} for n in range(number)
    ]
    with writing(store) as conn:
        conn.execute(insert(schema.timers), rows)


def climbed(store: Engine) -> list[str]:
    query = select(schema.outbox.c.id).where(schema.outbox.c.id.like("%:up%"))
    with reading(store) as conn:
        return list(conn.execute(query).scalars())


async def test_more_of_them_than_are_woken_at_once_keep_nobody_from_being_paged(
    store: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    incident = crisis(store)
    add_stuck(store, incident, AT_ONCE, {"type": "of-a-newer-version"})
    waking = waker(store, Clock())
    await waking.wake()
    assert len(waking.troubles) == AT_ONCE
    await waking.wake()
    assert climbed(store) == [f"{incident}:page:1:up1"]


async def test_one_is_looked_at_again_once_a_minute_and_is_woken_when_it_can_be(
    store: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    clock, incident = Clock(), crisis(store)
    add_stuck(store, incident, 1, {"type": "of-a-newer-version"})
    waking = waker(store, clock)
    for _ in range(5):
        await waking.wake()
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert "'stuck-0' cannot be woken: ValidationError" in caplog.text
    with writing(store) as conn:
        conn.execute(update(schema.timers).where(schema.timers.c.id == "stuck-0").values(body={"type": "forgotten"}))
    clock.now_ms += AGAIN_MS
    await waking.wake()
    assert waking.troubles == {}
