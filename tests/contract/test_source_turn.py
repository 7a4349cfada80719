"""A source runs once however often it is started."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from playbooks.settings import StoreSettings
from playbooks.store import leases
from playbooks.store.engine import migrate, open_store
from streams.sources.alone import Turn
from streams.together import first_of
from tests.parts.waiting import until

LEASE_S = 0.6


class Instance:
    """One started source that counts what it does while it has its turn."""

    def __init__(self, engine: Engine) -> None:
        self.said: str | None = "not yet"
        self.stop = asyncio.Event()
        self.working = False
        self.turns = 0
        self.turn = Turn(engine, "source:test", LEASE_S, self._say)
        self.task = asyncio.create_task(self.turn.run(self._work, self.stop))

    def _say(self, why: str | None) -> None:
        self.said = why

    async def _work(self) -> None:
        self.turns += 1
        self.working = True
        try:
            await self.stop.wait()
        finally:
            self.working = False


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A store of one's own."""
    made = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    migrate(made)
    return made


@pytest.fixture
async def started(engine: Engine) -> AsyncIterator[list[Instance]]:
    """Instances a test has started; those still running are ended."""
    instances: list[Instance] = []
    yield instances
    for instance in instances:
        instance.stop.set()
    await asyncio.gather(*(instance.task for instance in instances))
    engine.dispose()


async def test_the_second_instance_waits_and_says_for_whom(
    engine: Engine, started: list[Instance], caplog: pytest.LogCaptureFixture
) -> None:
    first = Instance(engine)
    started.append(first)
    await until(lambda: first.working, "the first works")
    second = Instance(engine)
    started.append(second)
    await until(lambda: second.said == f"source:test is run by {first.turn.owner}; this process waits", "it says so")
    assert not second.working
    assert first.said is None
    assert [r.message for r in caplog.records if r.levelno == logging.WARNING] == [second.said]


async def test_when_the_first_ends_in_good_order_the_second_takes_over_at_its_next_look(
    engine: Engine, started: list[Instance]
) -> None:
    first = Instance(engine)
    await until(lambda: first.working, "the first works")
    second = Instance(engine)
    started.extend([first, second])
    first.stop.set()
    await until(lambda: second.working, "the second works")
    assert second.said is None
    assert not first.working


async def test_a_lease_is_kept_for_much_longer_than_its_length(engine: Engine, started: list[Instance]) -> None:
    first = Instance(engine)
    started.append(first)
    await until(lambda: first.working, "the first works")
    began = leases.holder(engine, "source:test")
    assert began is not None

    def renewed() -> bool:
        now = leases.holder(engine, "source:test")
        return now is not None and now.until_ms > began.until_ms + 2_000 * LEASE_S

    await until(renewed, "it was renewed several times")
    assert (first.turns, first.working) == (1, True)


async def test_a_lost_lease_ends_the_work_at_once_and_it_waits_again(engine: Engine, started: list[Instance]) -> None:
    first = Instance(engine)
    started.append(first)
    await until(lambda: first.working, "the first works")
    leases.release(engine, "source:test", first.turn.owner)
    leases.acquire(engine, "source:test", "somebody", 0, 2**50)
    await until(lambda: not first.working, "the work ended")
    await until(lambda: first.said == "source:test is run by somebody; this process waits", "it says so")
    leases.release(engine, "source:test", "somebody")
    await until(lambda: first.working, "it works again")
    assert first.turns == 2


async def test_a_store_that_is_locked_past_the_lease_ends_the_work(
    engine: Engine, started: list[Instance], tmp_path: Path
) -> None:
    first = Instance(engine)
    started.append(first)
    await until(lambda: first.working, "the first works")
    with sqlite3.connect(tmp_path / "store.db", isolation_level=None) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        await until(lambda: not first.working, "the work ended", within_s=5)
        locker.execute("ROLLBACK")
    locker.close()
    await until(lambda: first.working, "it works again")


async def test_a_stopped_instance_that_never_had_its_turn_ends(engine: Engine, started: list[Instance]) -> None:
    leases.acquire(engine, "source:test", "somebody", 0, 2**50)
    waiting = Instance(engine)
    started.append(waiting)
    await until(lambda: waiting.said is not None and "somebody" in waiting.said, "it waits")
    waiting.stop.set()
    await asyncio.wait_for(waiting.task, 5)
    assert waiting.turns == 0


CHILD = """
import asyncio, sys
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from streams.sources.alone import Turn

async def work():
    print("works", flush=True)
    await asyncio.Event().wait()

turn = Turn(open_store(StoreSettings(url=sys.argv[1])), "source:test", float(sys.argv[2]), lambda why: None)
asyncio.run(turn.run(work, asyncio.Event()))
"""


async def test_an_instance_that_was_killed_is_followed_when_its_lease_has_run_out(
    engine: Engine, started: list[Instance], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, url, str(LEASE_S), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"works\n"
        second = Instance(engine)
        started.append(second)
        await until(lambda: second.said is not None and f":{child.pid}:" in second.said, "the second waits")
    finally:
        child.kill()
        await child.wait()
    await until(lambda: second.working, "the second works")


async def test_the_first_to_end_decides_and_the_others_are_cancelled() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forever")

    async def fails() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await first_of(forever(), fails())
    assert ended == ["forever"]


async def test_work_that_fails_gives_the_lease_back(engine: Engine) -> None:
    async def fails() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await Turn(engine, "source:test", LEASE_S, lambda _: None).run(fails, asyncio.Event())
    assert leases.holder(engine, "source:test") is None
