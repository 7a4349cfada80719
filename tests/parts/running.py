"""A runner in the test's own loop or in a process of its own, and waiting for what it does."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from playbooks.running.runner import run_runner
from playbooks.settings import ConsoleSettings, GrafanaSettings, PlaybookSettings, RunnerSettings, StoreSettings
from playbooks.settings.channels import ChannelSettings, EmailSettings
from playbooks.settings.people import Person
from playbooks.wall_clock import Clock, now_ms
from tests.parts.require import CHECKOUT
from tests.parts.smtp import Mailbox

PEOPLE = {
    "ada": Person(name="Ada", email="ada@example.org", drills=True),
    "bob": Person(name="Bob", email="bob@example.org"),
    "otto": Person(name="Otto", email="otto@example.org", drills=True),
}
ROLES: dict[str, tuple[str, ...]] = {"on-call": ("ada", "bob"), "executives": ("otto",), "ops": ("otto",), "empty": ()}
QUICK = RunnerSettings(
    poll_s=0.02, lease_s=20.0, max_attempts=3, first_retry_s=0.02, longest_retry_s=0.1, metrics_port=0
)


def runner_settings(
    store: StoreSettings,
    mailbox: Mailbox,
    *,
    runner: RunnerSettings = QUICK,
    roles: dict[str, tuple[str, ...]] = ROLES,
    public_url: str | None = None,
    grafana: GrafanaSettings | None = None,
    timeout_s: float = 10.0,
) -> PlaybookSettings:
    """Everybody is reached through `mailbox`; retries are quick."""
    email = EmailSettings(host="127.0.0.1", port=mailbox.port, sender="fire@example.org", timeout_s=timeout_s)
    return PlaybookSettings(
        store=store,
        people=PEOPLE,
        roles=roles,
        channels=ChannelSettings(email=email),
        runner=runner,
        console=ConsoleSettings(public_url=public_url),
        grafana=grafana,
    )


async def until(condition: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait until `condition` holds; it may look into the store, so it runs in a thread."""
    deadline = time.monotonic() + within_s
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {within_s} s")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(settings: PlaybookSettings, clock: Clock = now_ms) -> AsyncIterator[asyncio.Event]:
    """A runner in this loop; hands in what stops it, and stops it at the end."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_runner(settings, stop, clock))
    try:
        yield stop
    finally:
        stop.set()
        await task


@asynccontextmanager
async def runner_process(
    settings: PlaybookSettings, *, halts_before: str = "", speed: float = 1.0, since_ms: int = 0
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A runner in a process of its own, killed at the end where it still runs.

    With `halts_before`, the name of a function of the store, it says so on its standard output when it is about to
    call that, and goes no further. Its clock goes `speed` times as fast as the wall's since `since_ms`.
    """
    words = [msgspec.json.encode(settings).decode(), halts_before, str(speed), str(since_ms)]
    program = [sys.executable, "-m", "tests.parts.runner_program", *words]
    process = await asyncio.create_subprocess_exec(*program, cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: asyncio.subprocess.Process) -> None:
    """End it with SIGKILL, if it still runs."""
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def halted(process: asyncio.subprocess.Process) -> None:
    """Wait until it has come to where it halts."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert (await process.stdout.readline()) == b"halted\n"
