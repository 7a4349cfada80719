"""The console's process: starts, prints the first sign-in link, serves until told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from sqlalchemy import Engine

from playbooks import telemetry
from playbooks.console.app import console_app
from playbooks.console.desk import Desk
from playbooks.console.links import first_link, open_migrated
from playbooks.content.catalog import Library, library_of
from playbooks.labels import Role
from playbooks.listening import listening
from playbooks.oncall.keeper import RotaKeeper
from playbooks.oncall.shelf import StoreShelf
from playbooks.readiness.check import Probe
from playbooks.readiness.pulse import Said, pulsing
from playbooks.settings import PlaybookSettings
from playbooks.store.engine import StoreUnreachable
from playbooks.store.sessions import anybody_signed_in
from playbooks.wall_clock import now_ms

LOOK_S = 2.0


class Started(msgspec.Struct, frozen=True):
    """The console serves: on which port, and (None where somebody is signed in) the link to sign in by."""

    port: int
    link: str | None


def print_link(started: Started) -> None:
    """Tell the operator, on the terminal and not in the log, which may be kept and sent elsewhere."""
    if started.link:
        sys.stdout.write(f"Sign in to the console (works once, for one hour): {started.link}\n")
        sys.stdout.flush()


async def run_console(
    settings: PlaybookSettings,
    stop: asyncio.Event,
    on_start: Callable[[Started], None] = print_link,
    library: Library | None = None,
    probes: Sequence[Probe] = (),
) -> None:
    """Serve the pages until `stop` is set.

    `on_start` is told the bound port and, while nobody is signed in, a one-time link. `probes` are asked beside for the
    page Readiness. Raises `StoreUnreachable`,
    `PlaybookError`, `PortTaken` and `MissingSecret`.
    """
    library = library or library_of(settings)
    engine = await asyncio.to_thread(open_migrated, settings)
    reachable = Reachable(engine)
    try:
        telemetry.start([Role.CONSOLE], brands=settings.brands)
        keeper = RotaKeeper(settings, now_ms, StoreShelf.plain(engine))
        await keeper.open()
        app = console_app(Desk(engine, settings, library, rotas=keeper.rotas, probes=probes), reachable.reasons)
        async with listening(app, settings.console.host, settings.console.port, "console.port") as port:
            await reachable.look()
            on_start(Started(port, await asyncio.to_thread(first_link, engine, settings, port, now_ms())))
            async with pulsing(Said(Role.CONSOLE, reachable.reasons), engine), asyncio.TaskGroup() as group:
                group.create_task(keeper.run(stop))
                await _look_until(stop, reachable)
    finally:
        engine.dispose()


class Reachable:
    """Whether the store could be read lately."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reasons = ["the store has not been read yet"]

    def reasons(self) -> list[str]:
        """Why the console could not show anything just now; empty where it could."""
        return self._reasons

    async def look(self) -> None:
        """Read the store once."""
        try:
            await asyncio.to_thread(anybody_signed_in, self._engine, now_ms())
        except StoreUnreachable as wrong:
            self._reasons = [str(wrong)]
        else:
            self._reasons = []


async def _look_until(stop: asyncio.Event, reachable: Reachable) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_S)
        await reachable.look()
