"""One rota of the settings, read again and again: what it says now, and what is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from playbooks.effects.plain_text import one_line
from playbooks.oncall.aside import read_aside
from playbooks.oncall.asked import Asked
from playbooks.oncall.feed import Address, Missing, fetch, text_of
from playbooks.oncall.kept import Kept
from playbooks.oncall.naming import Called
from playbooks.oncall.rota_file import parse_rota
from playbooks.oncall.rotas import Known, RotaTrouble, Trouble, Turns
from playbooks.settings.people import CalendarSettings, Person
from playbooks.strict_yaml import YamlFault

HOUR_MS = 3_600_000
#: How far back and ahead a calendar is read, and how long before the end of that it is read again.
BACK_MS = 15 * 24 * HOUR_MS
AHEAD_MS = 45 * 24 * HOUR_MS
AGAIN_MS = 24 * HOUR_MS
#: How soon a calendar is asked for again that was not got; one that is wrong is worth no hurry.
RETRY_MS = 60_000
SOON = frozenset({RotaTrouble.UNREACHABLE, RotaTrouble.NO_ANSWER, RotaTrouble.REFUSED, RotaTrouble.FILE_NOT_READ})


class Shelf(Protocol):
    """Where copies of calendars outlive the process."""

    def read(self, rota: str, address_hash: str) -> Awaitable[Kept | None]:
        """The copy of a rota's calendar, if there is one of that address."""
        ...

    def write(self, rota: str, address_hash: str, kept: Kept) -> Awaitable[None]:
        """Keep a copy in place of an older one."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a rota says now (None where it has never been read), and what is wrong with it."""

    known: Known | None = None
    troubles: tuple[Trouble, ...] = ()


class Source(Protocol):
    """A rota that can be read again."""

    async def look(self, now_ms: int) -> Found:
        """What it says at a moment; asks for it anew only where that is due."""
        ...


class FileSource:
    """A rota file, read anew when its text changes; one that is wrong then changes nothing but the troubles."""

    def __init__(self, name: str, path: Path, people: Mapping[str, Person]) -> None:
        self._name = name
        self._path = path
        self._people = people
        self._source: str | None = None
        self._found = Found()

    async def look(self, now_ms: int) -> Found:
        """Read the file."""
        try:
            source = await asyncio.to_thread(self._path.read_text, "utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            self._source = None
            self._found = self._wrong(f"{self._path} cannot be read: {type(wrong).__name__}")
            return self._found
        if source != self._source:
            self._source = source
            try:
                self._found = Found(Known(parse_rota(source, self._path, self._people)))
            except YamlFault as fault:
                self._found = self._wrong(str(fault))
        return self._found

    def _wrong(self, detail: str) -> Found:
        return Found(self._found.known, (Trouble(self._name, RotaTrouble.FILE_NOT_READ, one_line(detail, 400)),))


class CalendarSource:
    """A calendar at an address or in a file; while it cannot be read, the last copy counts for a while."""

    def __init__(
        self,
        name: str,
        settings: CalendarSettings,
        people: Mapping[str, Person],
        shelf: Shelf | None = None,
        ahead_days: float = 0.0,
    ) -> None:
        """It is read for `ahead_days`, and for `AHEAD_MS` at least. Raises `MissingSecret`."""
        self._ahead_ms = max(AHEAD_MS, int((ahead_days + 1) * 24 * HOUR_MS))
        self._name = name
        self._settings = settings
        self._called = {key: Called(person.name, person.email) for key, person in people.items()}
        self._address = Address.of(name, settings)
        self._shelf = shelf
        self._kept: Kept | None = None
        self._put: Kept | None = None
        self._read: tuple[str, int] | None = None
        self._due_ms = 0
        self._missing: Missing | None = None
        self._found = Found()

    async def recall(self, now_ms: int) -> Found:
        """What the copy says that was kept by an earlier process."""
        if self._shelf is not None and self._settings.url is not None:
            kept = await self._shelf.read(self._name, self._address.hash)
            if kept is not None and await self._take(kept, now_ms) is None:
                self._kept = kept
        return self._found

    async def look(self, now_ms: int) -> Found:
        """Ask for the calendar if that is due, and read it."""
        if now_ms >= self._due_ms:
            got = await self._got(now_ms)
            wrong = got if isinstance(got, Missing) else await self._take(got, now_ms)
            if wrong is None and isinstance(got, Kept):
                await self._put_by(got)
                self._kept = got
            self._missing = wrong
            poll_ms = int(self._settings.poll_s * 1000)
            self._due_ms = now_ms + (min(RETRY_MS, poll_ms) if wrong and wrong.why in SOON else poll_ms)
        if self._missing is not None and self._kept is not None:
            await self._take(self._kept, now_ms)  # the window moves on with the time
        return self._with_trouble()

    async def _got(self, now_ms: int) -> Kept | Missing:
        if self._settings.file is None:
            return await fetch(self._address, self._kept, self._settings.timeout_s, now_ms)
        try:
            text = text_of(await asyncio.to_thread(Path(self._settings.file).read_bytes))
        except OSError as wrong:
            return Missing(RotaTrouble.FILE_NOT_READ, one_line(wrong.strerror or type(wrong).__name__))
        return text if isinstance(text, Missing) else Kept(text, "", "", now_ms)

    async def _take(self, kept: Kept, now_ms: int) -> Missing | None:
        """Go by a copy from now on, or say why it is none to go by."""
        counts_until = kept.read_ms + int(self._settings.keep_h * HOUR_MS)
        if self._read is not None and self._found.known and self._read[0] == kept.body and now_ms < self._read[1]:
            self._found = replace(self._found, known=replace(self._found.known, counts_until_ms=counts_until))
            return None
        said = await read_aside(self._asked(kept.body, now_ms))
        if isinstance(said, RotaTrouble):
            return Missing(said)
        if said.bad is not None:
            return Missing(RotaTrouble.NOT_A_CALENDAR, said.bad)
        left_out = tuple(Trouble(self._name, RotaTrouble.EVENT_LEFT_OUT, fault) for fault in said.faults)
        self._found = Found(Known(Turns(said.turns), counts_until), left_out)
        self._read = kept.body, now_ms + AGAIN_MS
        return None

    def _asked(self, text: str, now_ms: int) -> Asked:
        ical = self._settings
        until_ms = now_ms + self._ahead_ms
        return Asked(text, self._called, now_ms - BACK_MS, until_ms, ical.only, ical.zone, ical.day_begins)

    async def _put_by(self, kept: Kept) -> None:
        if self._shelf is None or self._settings.url is None:
            return
        if self._put is None or self._put.body != kept.body or kept.read_ms - self._put.read_ms >= HOUR_MS:
            await self._shelf.write(self._name, self._address.hash, kept)
            self._put = kept

    def _with_trouble(self) -> Found:
        if self._missing is None:
            return self._found
        trouble = Trouble(self._name, self._missing.why, self._missing.detail)
        return replace(self._found, troubles=(trouble, *self._found.troubles))
