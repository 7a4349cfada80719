"""The heartbeat: what the service outside is told, what its answers mean, and when the runner tells it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import Engine

from playbooks.effects.outcome import Delivered, Failed, Outcome, Retry
from playbooks.labels import ActionKind, Role
from playbooks.readiness.alive import PATIENCE_MS, Alive
from playbooks.readiness.heartbeat import Heartbeat
from playbooks.settings import HeartbeatSettings, PlaybookSettings, RunnerSettings, StoreSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import open_store
from playbooks.store.pulses import Pulse, read_pulses, write_pulse
from playbooks.wall_clock import now_ms
from tests.parts.due_actions import action, put
from tests.parts.http_servers import Receiver, Request, receiving
from tests.parts.running import running, until

NAME = "0d338dcc-a054-11ec-b909-0242ac120002"
NOW_MS = 1_795_000_000_000


class Service:
    """Healthchecks as it is documented: by UUID a 200 whatever it makes of it, said in the body; keeps what came."""

    def __init__(self, says: str = "OK", status: int = 200) -> None:
        self.says = says
        self.status = status
        self.pings: list[tuple[str, str]] = []

    async def answer(self, request: Request) -> web.Response:
        path, _, query = request.path.partition("?")
        if not path.startswith(f"/{NAME}"):
            return web.Response(text="OK (not found)")
        assert query in ("", "rid=1")
        self.pings.append((path.removeprefix(f"/{NAME}"), request.body.decode()))
        return web.Response(text=self.says, status=self.status)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Where the address of the heartbeat is set."""
    return monkeypatch


def settings(patch: pytest.MonkeyPatch, url: str, name: str = NAME, timeout_s: float = 5.0) -> HeartbeatSettings:
    patch.setenv("HEARTBEAT_URL", f"{url}/{name}")
    return HeartbeatSettings(url=SecretFrom(env="HEARTBEAT_URL"), timeout_s=timeout_s)


async def beat(service: Service, patch: pytest.MonkeyPatch, *troubles: str, name: str = NAME) -> Outcome:
    async with receiving(Receiver(service.answer)) as outside:
        return await Heartbeat(settings(patch, outside.url, name)).beat(troubles, NOW_MS)


async def test_all_is_well_is_a_ping_and_nothing_more(address: pytest.MonkeyPatch) -> None:
    service = Service()
    assert isinstance(await beat(service, address), Delivered)
    assert service.pings == [("", "")]


async def test_what_is_not_well_is_told_as_a_failure_with_its_reasons_one_a_line(address: pytest.MonkeyPatch) -> None:
    service = Service()
    await beat(service, address, "The watch is not running.", "a forged\nline \x1b[31m")
    assert service.pings == [("/fail", "The watch is not running.\na forged line [31m")]


@pytest.mark.parametrize(
    ("says", "status", "word"),
    [
        ("OK (not found)", 200, "bad_address"),
        ("OK (rate limited)", 200, "busy"),
        ("not found", 404, "bad_address"),
        ("ambiguous slug", 409, "bad_address"),
        ("rate limit exceeded", 429, "busy"),
        ("", 503, "server_fault"),
        ("", 301, "redirected"),
    ],
)
async def test_an_answer_that_took_nothing_is_not_taken_for_a_yes(
    address: pytest.MonkeyPatch, says: str, status: int, word: str
) -> None:
    outcome = await beat(Service(says, status), address)
    assert isinstance(outcome, Retry | Failed)
    assert outcome.reason.value == word


async def test_an_address_that_nobody_knows_is_seen_though_the_answer_is_200(address: pytest.MonkeyPatch) -> None:
    outcome = await beat(Service(), address, name="another")
    assert isinstance(outcome, Failed)


async def test_no_answer_and_no_service_are_no_yes_and_the_address_is_in_no_word_of_it(
    address: pytest.MonkeyPatch,
) -> None:
    known = settings(address, "http://127.0.0.1:9")
    outcome = await Heartbeat(known).beat([], NOW_MS)
    assert isinstance(outcome, Retry)
    assert NAME not in repr(outcome)
    assert NAME not in repr(known)


# --- when the runner tells it


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


def well(store: Engine, now_ms: int, **reached: int | None) -> None:
    """Watch and respond say that they are well."""
    write_pulse(store, Pulse(Role.WATCH, "w", now_ms, now_ms, reached.get("watch", now_ms)))
    write_pulse(store, Pulse(Role.RESPOND, "r", now_ms, now_ms))


async def after(alive: Alive, clock: Clock, step_ms: int) -> None:
    clock.now_ms += step_ms
    await alive.look()


async def test_the_runner_tells_every_minute_that_all_is_well_while_the_chain_is(
    store: Engine, address: pytest.MonkeyPatch
) -> None:
    service, clock = Service(), Clock()
    async with receiving(Receiver(service.answer)) as outside:
        known = PlaybookSettings(heartbeat=settings(address, outside.url))
        alive = Alive(known, store, list, clock)
        for _ in range(8):
            well(store, clock.now_ms)
            await after(alive, clock, 15_000)
    assert service.pings == [("", "")] * 2
    [runner] = [pulse for pulse in read_pulses(store) if pulse.role is Role.RUNNER]
    assert runner.reached_ms == NOW_MS + 75_000


async def test_a_chain_that_breaks_is_silent_at_once_and_told_when_a_restart_would_be_over(
    store: Engine, address: pytest.MonkeyPatch
) -> None:
    service, clock = Service(), Clock()
    async with receiving(Receiver(service.answer)) as outside:
        alive = Alive(PlaybookSettings(heartbeat=settings(address, outside.url)), store, list, clock)
        well(store, clock.now_ms)
        await alive.look()
        clock.now_ms += 70_000  # nobody has heard of watch and respond for more than a minute
        await alive.look()
        assert service.pings == [("", "")]
        await after(alive, clock, PATIENCE_MS)
        [_, (path, body)] = service.pings
        assert path == "/fail"
        assert body.splitlines()[0].startswith("The watch is not running")
        well(store, clock.now_ms + 60_000)
        await after(alive, clock, 60_000)
    assert service.pings[-1] == ("", "")


async def test_a_chain_that_stays_broken_is_logged_once_and_so_is_its_mending(
    store: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    alive = Alive(PlaybookSettings(), store, list, clock)
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            await after(alive, clock, 15_000)
        well(store, clock.now_ms)
        for _ in range(2):
            await after(alive, clock, 15_000)
    said = [record.getMessage() for record in caplog.records if record.name == "playbooks.readiness.alive"]
    assert len(said) == 2
    assert said[0].startswith("a mention that comes now might page nobody: The watch is not running")
    assert said[1] == "a mention that comes now would page somebody again"


async def test_a_watch_that_is_alive_and_closes_nothing_breaks_the_chain(
    store: Engine, address: pytest.MonkeyPatch
) -> None:
    service, clock = Service(), Clock()
    async with receiving(Receiver(service.answer)) as outside:
        alive = Alive(PlaybookSettings(heartbeat=settings(address, outside.url)), store, list, clock)
        for _ in range(20):
            well(store, clock.now_ms, watch=NOW_MS)
            await after(alive, clock, 30_000)
    assert {path for path, _ in service.pings} == {"", "/fail"}
    assert "Detection stands still" in service.pings[-1][1]


async def test_what_is_due_and_waits_and_what_the_runner_lacks_break_the_chain(
    store: Engine, address: pytest.MonkeyPatch
) -> None:
    service, clock = Service(), Clock()
    put(store, action("late", ActionKind.PAGE, due_ms=NOW_MS))
    async with receiving(Receiver(service.answer)) as outside:
        known = PlaybookSettings(heartbeat=settings(address, outside.url))
        alive = Alive(known, store, lambda: ["a page to 'on-call' reaches nobody"], clock)
        for _ in range(10):
            well(store, clock.now_ms)
            await after(alive, clock, 30_000)
    assert {path for path, _ in service.pings} == {"/fail"}
    assert "reaches nobody" in service.pings[-1][1]
    assert "has waited for" in service.pings[-1][1]


async def test_a_runner_beats_as_it_starts_and_is_heard_no_more_once_it_has_ended(
    store: Engine, store_settings: StoreSettings, address: pytest.MonkeyPatch
) -> None:
    service = Service()
    await asyncio.to_thread(well, store, now_ms())
    async with receiving(Receiver(service.answer)) as outside:
        runner = RunnerSettings(metrics_port=0)
        known = PlaybookSettings(store=store_settings, runner=runner, heartbeat=settings(address, outside.url))
        async with running(known):
            await until(lambda: service.pings and [one for one in read_pulses(store) if one.role is Role.RUNNER])
        pings = len(service.pings)
        [said] = [one for one in read_pulses(store) if one.role is Role.RUNNER]
    assert (pings, service.pings[0]) == (1, ("", ""))
    assert said.troubles == ()


async def test_a_refused_heartbeat_is_in_the_log_without_its_address(
    address: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, store: Engine
) -> None:
    service, clock = Service("OK (not found)"), Clock()
    async with receiving(Receiver(service.answer)) as outside:
        alive = Alive(PlaybookSettings(heartbeat=settings(address, outside.url)), store, list, clock)
        well(store, clock.now_ms)
        with caplog.at_level(logging.WARNING):
            await alive.look()
    assert "the heartbeat was not taken" in caplog.text
    assert NAME not in caplog.text
    assert next(one for one in read_pulses(store) if one.role is Role.RUNNER).reached_ms is None


async def test_a_service_that_hangs_keeps_the_runner_for_no_longer_than_its_time(address: pytest.MonkeyPatch) -> None:
    let_go = asyncio.Event()

    async def hangs(_: Request) -> web.Response:
        await let_go.wait()
        return web.Response(text="OK")

    async with receiving(Receiver(hangs)) as outside:
        known = settings(address, outside.url, timeout_s=0.2)
        outcome = await Heartbeat(known).beat([], NOW_MS)
        let_go.set()
    assert isinstance(outcome, Retry)
    assert outcome.reason.value == "no_answer"


async def test_a_store_that_is_gone_is_told_by_the_reason_that_names_no_password(
    address: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service, clock = Service(), Clock()
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))  # it has no tables
    async with receiving(Receiver(service.answer)) as outside:
        alive = Alive(PlaybookSettings(heartbeat=settings(address, outside.url)), engine, list, clock)
        await alive.look()
        await after(alive, clock, PATIENCE_MS)
    engine.dispose()
    [(path, body)] = service.pings
    assert path == "/fail"
    assert "cannot be reached: no such table" in body
