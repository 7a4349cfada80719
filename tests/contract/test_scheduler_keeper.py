"""Going round the accounts: holds of life alone, whatever comes and goes, several at once, the whole runner, a page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.labels import Role
from playbooks.schedulers.decisions import AccountState
from playbooks.schedulers.keeper import SchedulerKeeper
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.gate import GateSettings
from playbooks.store import leases
from playbooks.store.engine import migrate, open_store
from playbooks.store.patient_store import PatientStore
from playbooks.store.schedules import posts as scheduled_posts
from playbooks.wall_clock import now_ms
from tests.parts.running import runner_settings, running, until
from tests.parts.schedulers.every import NAME, World
from tests.parts.schedulers.server import BEGIN_MS, MINUTE_MS, TOKEN, TOKEN_VARIABLE, serving
from tests.parts.schedulers.wordpress import WordPressServer
from tests.parts.smtp import Mailbox, smtp_server


@pytest.fixture
async def world(store: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    async with serving(WordPressServer()) as server:
        made = World(store, server)
        yield made
        made.close()


def settings(world: World, **changed: object) -> PlaybookSettings:
    schedulers = {NAME: world.server.settings(**changed)}
    return PlaybookSettings(brands={"acme": BrandSettings()}, schedulers=schedulers, gate=GateSettings(port=0))


def keeper(world: World, **changed: object) -> SchedulerKeeper:
    return SchedulerKeeper(settings(world, **changed), world.patient, world.server.clock, "one")


def state(world: World) -> AccountState:
    return scheduled_posts.accounts(world.store)[NAME].state


async def test_a_hold_that_comes_and_goes_is_followed_at_once(world: World) -> None:
    (post,) = world.server.add(30)
    going_round = keeper(world)
    await going_round.look()
    assert state(world) is AccountState.OPEN
    world.hold()
    await going_round.look()
    assert (state(world), world.server.state(post)) == (AccountState.HELD, "draft")
    world.release()
    await going_round.look()
    assert (state(world), world.server.state(post)) == (AccountState.OPEN, "draft")


async def test_nothing_is_asked_before_it_is_time_again(world: World) -> None:
    world.hold()
    going_round = keeper(world, check_s=30.0)
    await going_round.look()
    asked = len(world.server.requests)
    world.server.now_ms += 29_000
    await going_round.look()
    assert len(world.server.requests) == asked
    world.server.now_ms += 1_000
    await going_round.look()
    assert len(world.server.requests) > asked


@pytest.mark.parametrize("run", ["drill-7", "replay-7"])
async def test_a_drills_hold_and_a_replays_touch_no_scheduler(world: World, run: str) -> None:
    (post,) = world.server.add(30)
    world.hold(run=run)
    await keeper(world).look()
    assert (state(world), world.server.state(post)) == (AccountState.OPEN, "scheduled")
    assert {request.method for request in world.server.requests} == {"GET"}


@pytest.mark.parametrize(
    ("changed", "held"),
    [
        ({"platform": None}, True),
        ({"account": "@acme"}, True),
        ({"brand": "other"}, False),
    ],
)
async def test_only_accounts_that_a_hold_covers_are_held(world: World, changed: dict[str, object], held: bool) -> None:
    world.server.add(30)
    world.hold()
    await keeper(world, **changed).look()
    assert state(world) is (AccountState.HELD if held else AccountState.OPEN)


async def test_an_account_is_left_to_the_runner_that_has_its_lease(world: World) -> None:
    world.hold()
    assert leases.acquire(world.store, f"scheduler:{NAME}", "another", BEGIN_MS, 30_000)
    await keeper(world).look()
    assert world.server.requests == []
    world.server.now_ms += 31_000  # the other one is dead
    await keeper(world).look()
    assert state(world) is AccountState.HELD


async def test_the_runner_stops_what_is_scheduled_within_seconds_and_pages_what_it_cannot(
    world: World, store_settings: StoreSettings
) -> None:
    world.server.now_ms = now_ms()
    late, early = world.server.add(2, 60, text="Spring sale")
    world.server.locked_s = 180.0
    world.hold()
    async with smtp_server(Mailbox()) as mailbox:
        told = replace(
            runner_settings(store_settings, mailbox),
            brands={"acme": BrandSettings()},
            schedulers={NAME: world.server.settings()},
            gate=GateSettings(port=0),
        )
        async with running(told):
            await until(lambda: len(mailbox.to("ada@example.org")) == 1)
    assert (world.server.state(early), world.server.state(late)) == ("draft", "scheduled")
    (mail,) = mailbox.to("ada@example.org")
    assert "cannot be stopped" in mail["Subject"]
    assert late in mail.get_content()


async def test_a_pass_that_breaks_is_made_again_and_keeps_no_other_account_waiting(world: World) -> None:
    world.hold()
    stop = asyncio.Event()
    patient = PatientStore(world.store, stop, Role.RUNNER)
    both = {NAME: world.server.settings(), "broken": world.server.settings(url="http://127.0.0.1:9")}
    told = replace(settings(world), schedulers=both)
    await SchedulerKeeper(told, patient, world.server.clock, "one").look()
    known = scheduled_posts.accounts(world.store)
    assert (known[NAME].state, known["broken"].state) == (AccountState.HELD, AccountState.UNKNOWN)
    world.server.now_ms += 5 * MINUTE_MS
    await SchedulerKeeper(told, patient, world.server.clock, "one").look()
    assert any("cannot be read" in text or "can be read" in text for _, text in world.told())
    await asyncio.to_thread(patient.close)


async def test_told_to_stop_while_the_store_is_away_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    migrate(engine)
    stop = asyncio.Event()
    patient = PatientStore(engine, stop, Role.RUNNER)
    server = WordPressServer(url="http://127.0.0.1:9")
    told = PlaybookSettings(schedulers={NAME: server.settings()}, gate=GateSettings(port=0))
    going_round = asyncio.create_task(SchedulerKeeper(told, patient, now_ms, "one").run(stop))
    await asyncio.to_thread(_take_away, tmp_path)
    await until(lambda: patient.trouble is not None)
    stop.set()
    await going_round
    await asyncio.to_thread(patient.close)


def _take_away(folder: Path) -> None:
    for file in folder.glob("store.db*"):
        file.unlink()
