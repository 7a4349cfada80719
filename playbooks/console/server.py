"""The console's process: starts, prints the first sign-in link, serves until told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress

import msgspec
from sqlalchemy import Engine

from playbooks import telemetry
from playbooks.catalog import Library, load_library
from playbooks.console.app import console_app
from playbooks.console.desk import Desk
from playbooks.console.signing_in import LINK_PATH
from playbooks.labels import Role
from playbooks.listening import listening
from playbooks.settings import PlaybookSettings
from playbooks.store.engine import StoreUnreachable, migrate, open_store
from playbooks.store.sessions import anybody_signed_in, issue_link
from playbooks.wall_clock import now_ms

LINK_VALID_MS = 3_600_000
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
) -> None:
    """Serve the pages until `stop` is set.

    `on_start` is told the bound port and, while nobody is signed in, a one-time link. Raises `StoreUnreachable`,
    `PlaybookError` and `PortTaken`.
    """
    library = library or load_library()
    engine = await asyncio.to_thread(_open, settings)
    reachable = Reachable(engine)
    try:
        telemetry.start([Role.CONSOLE], brands=settings.brands)
        app = console_app(Desk(engine, settings, library), reachable.reasons)
        async with listening(app, settings.console.host, settings.console.port, "console.port") as port:
            await reachable.look()
            on_start(Started(port, await asyncio.to_thread(first_link, engine, settings, port)))
            await _look_until(stop, reachable)
    finally:
        engine.dispose()


def first_link(engine: Engine, settings: PlaybookSettings, port: int) -> str | None:
    """A link for whoever of the people opens it, or None where somebody is signed in and needs none."""
    at_ms = now_ms()
    return None if anybody_signed_in(engine, at_ms) else make_link(engine, settings, "", port, at_ms)


def make_link(engine: Engine, settings: PlaybookSettings, person: str, port: int, at_ms: int) -> str:
    """A new one-time link that signs `person` in (empty: whoever of the people opens it), good for an hour."""
    secret = issue_link(engine, person, at_ms, LINK_VALID_MS)
    base = settings.console.public_url or f"http://{_reached_at(settings.console.host)}:{port}"
    return base.rstrip("/") + LINK_PATH.format(secret=secret)


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


def _reached_at(host: str) -> str:
    """What a browser on this machine calls the address that the console listens on."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _open(settings: PlaybookSettings) -> Engine:
    engine = open_store(settings.store)
    migrate(engine)
    return engine
