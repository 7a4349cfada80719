"""What a calendar is read for, and what was read: between a process and the one that reads a calendar for it."""

from __future__ import annotations

import msgspec

from playbooks.oncall.naming import Called
from playbooks.oncall.stretch import Stretch


class Asked(msgspec.Struct, frozen=True):
    """A calendar's text, how to read it (`CalendarSettings`), the people there are, and between which moments."""

    text: str
    people: dict[str, Called]
    from_ms: int
    to_ms: int
    only: str | None = None
    zone: str | None = None
    day_begins: str = "00:00"


class Read(msgspec.Struct, frozen=True):
    """The turns in order of their beginning, and what was left out, in words; or (`bad`) why it is no calendar."""

    turns: tuple[Stretch, ...] = ()
    faults: tuple[str, ...] = ()
    bad: str | None = None
