"""An iCalendar text as turns: who is on call when, and what of it could not be understood.

A calendar comes from outside. `aside` therefore runs this module as a process of its own, ``python -m
playbooks.oncall.calendar``, with one `Asked` as JSON on its standard input and one `Read` on its standard output: a
calendar that repeats every second for ever, or that the libraries choke on, costs that process and no page. Nothing
else of Firebreak imports the two libraries.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from icalendar import Calendar, Event
from recurring_ical_events import of

from playbooks.effects.plain_text import one_line
from playbooks.oncall.asked import Asked, Read
from playbooks.oncall.naming import named
from playbooks.oncall.stretch import Stretch
from playbooks.oncall.zone import NoSuchZone, moment_ms, zone_named

#: The most turns that are looked at, and the most faults that are told.
MOST_TURNS = 5_000
MOST_FAULTS = 20
CPU_S = 20
MEMORY_BYTES = 768 * 1024 * 1024
#: What the two libraries raise about calendars that are wrong in one way or another.
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError)


def read(asked: Asked) -> Read:
    """What a calendar says. Events that are cancelled, or without `only` in the title, are passed over.

    >>> from playbooks.oncall.naming import Called
    >>> lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:Ada", "DTSTART:20260105T090000Z",
    ...          "DTEND:20260105T170000Z", "END:VEVENT", "END:VCALENDAR"]
    >>> found = read(Asked("\\r\\n".join(lines), {"ada": Called("Ada")}, 0, 4_000_000_000_000))
    >>> [turn.people for turn in found.turns], found.faults
    ([('ada',)], ())
    """
    try:
        calendar = Calendar.from_ical(asked.text)
        zone = _zone(calendar, asked)
        events, faults = _events(calendar, asked)
    except UNREADABLE as wrong:
        return Read(bad=_words(wrong))
    turns: list[Stretch] = []
    for event in events:
        try:
            turn, fault = _turn(event, asked, zone)
        except UNREADABLE as wrong:
            turn, fault = None, f"an event cannot be read: {_words(wrong)}"
        turns += [turn] if turn else []
        faults += [fault] if fault else []
        if len(turns) > MOST_TURNS:
            return Read(bad=f"it has more than {MOST_TURNS} turns in the time that is looked at")
    return Read(tuple(sorted(turns)), tuple(dict.fromkeys(faults))[:MOST_FAULTS])


def _events(calendar: Calendar, asked: Asked) -> tuple[list[Event], list[str]]:
    """The events, repeated as often as they are; where a series cannot be read, the others, and why."""
    begin, end = (datetime.fromtimestamp(moment / 1000, UTC) for moment in (asked.from_ms, asked.to_ms))
    try:
        return list(_bounded(of(calendar).between(begin, end))), []
    except ValueError as wrong:
        left = list(_bounded(of(calendar, skip_bad_series=True).between(begin, end)))
        return left, [f"a series cannot be read: {_words(wrong)}"]


def _bounded(events: list[Event]) -> Iterator[Event]:
    if len(events) > 2 * MOST_TURNS:
        raise ArithmeticError(f"it has more than {2 * MOST_TURNS} events in the time that is looked at")
    yield from events


def _turn(event: Event, asked: Asked, zone: ZoneInfo) -> tuple[Stretch | None, str | None]:
    title = str(event.get("SUMMARY", ""))
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None, None
    if asked.only is not None and asked.only.casefold() not in title.casefold():
        return None, None
    begins, ends = event.start, event.end
    told = f"the event {one_line(title, 60)!r} on {begins:%Y-%m-%d}"
    people = named(title, _attending(event), asked.people)
    if not people:
        return None, f"{told} names nobody who is under people in the settings"
    day_begins = time.fromisoformat(asked.day_begins)
    stretch = Stretch(_moment(begins, zone, day_begins), _moment(ends, zone, day_begins), people)
    if stretch.from_ms >= stretch.to_ms:
        return None, f"{told} ends when it begins"
    return stretch, None


def _attending(event: Event) -> Iterator[str]:
    found: Any = event.get("ATTENDEE", [])
    for attendee in found if isinstance(found, list) else [found]:
        if str(getattr(attendee, "params", {}).get("PARTSTAT", "")).upper() != "DECLINED":
            yield str(attendee)


def _moment(value: date, zone: ZoneInfo, day_begins: time) -> int:
    if not isinstance(value, datetime):
        return moment_ms(datetime.combine(value, day_begins), zone)
    if value.tzinfo is None:
        return moment_ms(value, zone)
    if isinstance(value.tzinfo, ZoneInfo):
        return moment_ms(value.replace(tzinfo=None, fold=0), value.tzinfo)
    return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _zone(calendar: Calendar, asked: Asked) -> ZoneInfo:
    """For what has none of its own: the settings', the calendar's, UTC."""
    try:
        own = zone_named(str(calendar.get("X-WR-TIMEZONE", "UTC")))
    except NoSuchZone:
        calendar.pop("X-WR-TIMEZONE")  # the libraries would refuse the whole calendar for it
        own = zone_named("UTC")
    return own if asked.zone is None else zone_named(asked.zone)


def _words(wrong: Exception) -> str:
    return one_line(str(wrong) or type(wrong).__name__, 120)


def main() -> None:
    """Read one calendar, with bounds on time and memory that the system keeps."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    with suppress(ValueError, OSError):  # not on every system
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.json.encode(read(asked)))


if __name__ == "__main__":
    main()
