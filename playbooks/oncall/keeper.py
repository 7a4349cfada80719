"""Keeping the rotas up to date while a process runs: files that change, calendars that are asked for."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from playbooks import telemetry
from playbooks.background import beside
from playbooks.oncall.rotas import NO_ROTAS, Rotas, RotaTrouble, Trouble
from playbooks.oncall.source import CalendarSource, FileSource, Found, Shelf, Source
from playbooks.settings import PlaybookSettings
from playbooks.wall_clock import Clock

#: How often it is looked whether something is due.
LOOK_S = 15.0

_log = logging.getLogger(__name__)


class RotaKeeper:
    """The rotas of the settings. `shelf` holds the copies of calendars that outlive a process; None: none do.

    `ahead_days`: calendars are read at least so far ahead. Making one raises `MissingSecret` where a calendar's secret
    is not there.
    """

    def __init__(
        self, settings: PlaybookSettings, clock: Clock, shelf: Shelf | None = None, ahead_days: float = 0.0
    ) -> None:
        self._clock = clock
        self._sources: dict[str, Source] = dict(_sources(settings, shelf, ahead_days))
        self._found = dict.fromkeys(self._sources, Found())
        self._rotas = NO_ROTAS

    def rotas(self) -> Rotas:
        """The rotas as they are known now."""
        return self._rotas

    async def open(self) -> None:
        """Read everything once; a calendar of which there is a copy is not waited for."""
        await self._look(_opened)

    async def look(self) -> None:
        """Read again whatever is due."""
        await self._look(_looked)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop` is set; what is then under way is given up."""
        if not self._sources:
            return
        async with beside(self._look_again_and_again(), "rotas"):
            await stop.wait()

    async def _look_again_and_again(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def _look(self, way: Callable[[Source, int], Awaitable[Found]]) -> None:
        now_ms = self._clock()

        async def safely(name: str, source: Source) -> None:
            try:
                self._found[name] = await way(source, now_ms)
            except Exception as fault:
                # The rim: what was read before counts on, the other rotas are read, and it is tried again.
                _log.error("rota %r could not be read: %s", name, type(fault).__name__)

        await asyncio.gather(*(safely(name, source) for name, source in self._sources.items()))
        self._tell()

    def _tell(self) -> None:
        known = {name: each.known for name, each in self._found.items() if each.known is not None}
        troubles = tuple(trouble for each in self._found.values() for trouble in each.troubles)
        for trouble in _new(troubles, self._rotas.troubles):
            _log.warning("%s", trouble)
        for trouble in _new(self._rotas.troubles, troubles):
            _log.info("%s: mended", trouble)
        counted = Counter(trouble.why for trouble in troubles)
        for why in RotaTrouble:
            telemetry.ROTA_TROUBLES.labels(why=why).set(counted[why])
        self._rotas = Rotas(known, troubles)


def _sources(settings: PlaybookSettings, shelf: Shelf | None, ahead_days: float) -> list[tuple[str, Source]]:
    found: list[tuple[str, Source]] = []
    for name, rota in settings.rotas.items():
        if rota.file is not None:
            found.append((name, FileSource(name, Path(rota.file), settings.people)))
        elif rota.ical is not None:
            found.append((name, CalendarSource(name, rota.ical, settings.people, shelf, ahead_days)))
    return found


async def _looked(source: Source, now_ms: int) -> Found:
    return await source.look(now_ms)


async def _opened(source: Source, now_ms: int) -> Found:
    if isinstance(source, CalendarSource) and (recalled := await source.recall(now_ms)).known:
        return recalled
    return await source.look(now_ms)


def _new(troubles: tuple[Trouble, ...], before: tuple[Trouble, ...]) -> list[Trouble]:
    return [trouble for trouble in troubles if trouble not in before]
