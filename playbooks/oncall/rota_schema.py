"""What a rota file may hold. Times are those of the clocks in the rota's zone."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from playbooks.oncall.zone import moment_ms
from playbooks.settings.section import AtLeastOne, ClockTime, Name, Section

#: A moment by the clocks there: ``2026-12-24 09:00``. One with an offset (``...+01:00``, ``...Z``) is that very moment.
LocalMoment = Annotated[
    str,
    msgspec.Meta(pattern=r"^20\d\d-\d\d-\d\d[ T]([01]\d|2[0-3]):[0-5]\d(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?\Z"),
]


class Weekday(StrEnum):
    """The days of the week, in the order of `datetime.date.weekday`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


EVERY_DAY = tuple(Weekday)


class HandOver(Section, frozen=True):
    """When the turn passes to the next: at each time of `at` on each of `days`, in every so many weeks.

    Weeks begin on Monday and are counted from the one in which the layer starts.
    """

    at: Annotated[tuple[ClockTime, ...], msgspec.Meta(min_length=1)]
    days: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1)] = EVERY_DAY
    weeks: AtLeastOne = 1


class Hours(Section, frozen=True):
    """A part of the week. Where `to` is not after `from`, it is that time of the next day."""

    begins: ClockTime = msgspec.field(name="from")
    ends: ClockTime = msgspec.field(name="to")
    days: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1)] = EVERY_DAY


class Layer(Section, frozen=True):
    """People who take turns. With `hours` only then; otherwise always. The first has the first turn, from `starts`."""

    id: Name
    people: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    starts: LocalMoment
    hand_over: HandOver
    ends: LocalMoment | None = None
    hours: tuple[Hours, ...] = ()


class Override(Section, frozen=True):
    """Other people for a while: in place of everybody, or of `instead_of` only."""

    begins: LocalMoment = msgspec.field(name="from")
    ends: LocalMoment = msgspec.field(name="to")
    people: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    instead_of: Name | None = None
    why: str = ""


class RotaFile(Section, frozen=True):
    """A rota. Later layers lie over earlier ones, overrides over all of them, and later overrides over earlier ones."""

    zone: str
    layers: Annotated[tuple[Layer, ...], msgspec.Meta(min_length=1)]
    overrides: tuple[Override, ...] = ()


def moment_of(text: str, zone: ZoneInfo) -> int:
    """A `LocalMoment` in milliseconds since 1970 UTC; raises `ValueError` for a day that does not exist.

    >>> from playbooks.oncall.zone import zone_named
    >>> paris = zone_named("Europe/Paris")
    >>> moment_of("2026-07-01 02:00", paris) == moment_of("2026-07-01T00:00Z", paris)
    True
    """
    found = datetime.fromisoformat(text)
    return moment_ms(found, zone) if found.tzinfo is None else int(found.timestamp()) * 1000


def time_of(text: str) -> time:
    """A `ClockTime`."""
    return time.fromisoformat(text)
