"""What processes say of themselves in the store: that they live, what they lack, and how far they have come."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert

from playbooks.armings.arming import Arming
from playbooks.labels import Role
from playbooks.readiness.look import look
from playbooks.readiness.processes import chain_troubles
from playbooks.readiness.pulse import Said, pulsing
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.store.arming import arm
from playbooks.store.engine import open_store, writing
from playbooks.store.pulses import KEPT_MS, Pulse, read_pulses, write_pulse
from playbooks.store.schema import pulses
from playbooks.wall_clock import now_ms
from streams.brokers.broker import Broker
from streams.cli import main
from tests.parts.running import until
from tests.parts.smtp import Mailbox, smtp_server
from tests.parts.worker_processes import running_workers, written_settings

NOW_MS = 1_795_000_000_000


def test_a_row_reads_back_as_it_was_written_and_the_next_stands_in_its_place(store: Engine) -> None:
    first = Pulse(Role.WATCH, "host-1", NOW_MS, NOW_MS - 9, None, ("no partition is assigned yet",))
    after = Pulse(Role.WATCH, "host-1", NOW_MS + 5, NOW_MS - 9, NOW_MS, ())
    write_pulse(store, first)
    assert read_pulses(store) == (first,)
    write_pulse(store, after)
    write_pulse(store, Pulse(Role.GATE, "host-1", NOW_MS, NOW_MS))
    assert [pulse for pulse in read_pulses(store) if pulse.role is Role.WATCH] == [after]
    assert len(read_pulses(store)) == 2


def test_a_process_that_is_gone_is_forgotten_after_a_day_by_the_next_of_its_role(store: Engine) -> None:
    write_pulse(store, Pulse(Role.WATCH, "old", NOW_MS, NOW_MS))
    write_pulse(store, Pulse(Role.GATE, "old", NOW_MS, NOW_MS))
    write_pulse(store, Pulse(Role.WATCH, "new", NOW_MS + KEPT_MS, NOW_MS))
    assert {(pulse.role, pulse.process) for pulse in read_pulses(store)} == {
        (Role.WATCH, "old"),
        (Role.WATCH, "new"),
        (Role.GATE, "old"),
    }
    write_pulse(store, Pulse(Role.WATCH, "new", NOW_MS + KEPT_MS + 1, NOW_MS))
    assert [pulse.process for pulse in read_pulses(store) if pulse.role is Role.WATCH] == ["new"]


def test_a_role_of_a_later_version_is_passed_over(store: Engine) -> None:
    row = {"role": "oracle", "process": "x", "at_ms": 1, "started_ms": 1, "reached_ms": None, "troubles": []}
    with writing(store) as conn:
        conn.execute(insert(pulses).values(row))
    assert read_pulses(store) == ()


async def test_a_process_says_at_once_what_it_lacks_and_how_far_it_has_come(store: Engine) -> None:
    async with pulsing(Said(Role.RESPOND, lambda: ["it waits"], lambda: 7, lambda: NOW_MS), store):
        await until(lambda: bool(read_pulses(store)), 10)
    [said] = await asyncio.to_thread(read_pulses, store)
    assert (said.role, said.reached_ms, said.troubles, said.at_ms) == (Role.RESPOND, 7, ("it waits",), NOW_MS)
    assert said.process.endswith(f"-{os.getpid()}")


async def test_a_store_that_nobody_has_made_is_not_made_by_saying_something(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with pulsing(Said(Role.WATCH, list), StoreSettings(url=f"sqlite:///{path}")):
        await asyncio.sleep(0)  # it looks for the store, in the only thread
        await asyncio.to_thread(lambda: None)  # it has looked
        await asyncio.sleep(0)
    assert not path.exists()


@pytest.mark.broker
@pytest.mark.slow
async def test_a_worker_is_seen_to_get_on_without_a_mention_and_not_to_when_triage_is_gone(
    empty_embedded_broker: Broker, tmp_path: Path
) -> None:
    settings = written_settings(tmp_path, empty_embedded_broker.servers, ("acme",))
    with running_workers(tmp_path) as workers:
        reached = await reached_by_watch(settings)
        assert abs(now_ms() - reached) < 60_000
        assert await reached_by_watch(settings, beyond_ms=reached) > reached
        found = await asyncio.to_thread(look, settings, now_ms())
        assert found.kept is not None
        assert [one.partition(" is not")[0] for one in chain_troubles(found.kept.pulses, now_ms())] == ["The runner"]
        workers.check()
        # Triage stops where it is; watch lives on and has nothing more to close.
        os.kill(workers._children["triage"].pid, signal.SIGSTOP)
        try:
            before = await reached_by_watch(settings)
            later_ms = before + 181_000 + 60_000
            rows = [Pulse(one.role, one.process, later_ms, 0, one.reached_ms) for one in found.kept.pulses]
            assert any("Detection stands still" in one for one in chain_troubles(rows, later_ms))
        finally:
            os.kill(workers._children["triage"].pid, signal.SIGCONT)


async def reached_by_watch(settings: PlaybookSettings, beyond_ms: int = 0) -> int:
    """Up to where watch says that it has come, once that is beyond `beyond_ms`."""
    found: list[int] = []

    def there() -> bool:
        kept = look(settings, now_ms()).kept
        rows = kept.pulses if kept else ()
        found[:] = [one.reached_ms for one in rows if one.role is Role.WATCH and one.reached_ms]
        return bool(found) and found[0] > beyond_ms

    await until(there, 60)
    return found[0]


@pytest.mark.broker
@pytest.mark.slow
async def test_the_command_says_yes_over_a_running_system_and_no_once_its_mail_server_is_gone(
    empty_embedded_broker: Broker, tmp_path: Path
) -> None:
    roles = {role: ["ada"] for role in ("on-call", "executives", "posting-team", "ops")}
    async with smtp_server(Mailbox()) as mailbox:
        settings = written_settings(
            tmp_path,
            empty_embedded_broker.servers,
            ("acme",),
            people={"ada": {"name": "Ada Lovelace", "email": "ada@example.org"}},
            roles=roles,
            channels={"email": {"host": "127.0.0.1", "port": mailbox.port}},
            runner={"metrics_port": 0},
        )
        with running_workers(tmp_path) as workers:
            workers.start("runner")
            await reached_by_watch(settings)
            engine = open_store(settings.store)
            arm(engine, "acme", Arming.PAGE, "ada", "for a test", settings, now_ms(), early=True)
            await until(lambda: any(one.role is Role.RUNNER for one in read_pulses(engine)), 60)
            engine.dispose()
            # A process says every few seconds what it lacks: respond may just have said that it has no partition yet.
            await until(lambda: run(tmp_path).exit_code == 0, 60)
            yes = await asyncio.to_thread(run, tmp_path)
            assert yes.exit_code == 0, yes.output
            assert "YES  A page would go out now, to Ada Lovelace." in yes.output
            workers.check()
    away = await asyncio.to_thread(run, tmp_path)
    assert away.exit_code == 1
    said = " ".join(away.output.split())
    assert "NO A page about acme to the role 'on-call' reaches nobody: Ada Lovelace by email" in said


def run(config: Path) -> Result:
    return CliRunner().invoke(main, ["--config", str(config), "check"])
