"""Whose turn it is in a layer of a rota: hand-overs are counted from the layer's start, in the clocks' time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from playbooks.oncall.rota_schema import Hours, Layer, Weekday, moment_of, time_of
from playbooks.oncall.stretch import Stretch, laid, within
from playbooks.oncall.zone import local_at, moment_ms

_DAYS = {day: number for number, day in enumerate(Weekday)}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HandOvers:
    """The moments at which a turn passes, numbered one after the other, without a first and a last."""

    monday: date
    weeks: int
    slots: tuple[tuple[int, time], ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, layer: Layer, zone: ZoneInfo) -> HandOvers:
        """Those of a layer. Number 0 is the first of the week in which the layer starts."""
        first = local_at(moment_of(layer.starts, zone), zone).date()
        slots = {(_DAYS[day], time_of(at)) for day in layer.hand_over.days for at in layer.hand_over.at}
        return cls(first - first.weekday() * _DAY, layer.hand_over.weeks, tuple(sorted(slots)), zone)

    def at(self, number: int) -> int:
        """The moment of a hand-over; a higher number is never an earlier moment."""
        block, place = divmod(number, len(self.slots))
        day, clock = self.slots[place]
        return moment_ms(datetime.combine(self.monday + (7 * self.weeks * block + day) * _DAY, clock), self.zone)

    def last_until(self, at_ms: int) -> int:
        """The number of the last one that is not after a moment."""
        block = (local_at(at_ms, self.zone).date() - self.monday).days // (7 * self.weeks)
        # One block further: where clocks are put back at midnight, tomorrow may have begun once already.
        number = (block + 2) * len(self.slots) - 1
        while self.at(number) > at_ms:
            number -= 1
        return number


def turns(layer: Layer, zone: ZoneInfo, from_ms: int, to_ms: int) -> list[Stretch]:
    """Whose turn it is between two moments, for the whole of which the layer counts or in which it has its hours."""
    starts = moment_of(layer.starts, zone)
    begin = max(from_ms, starts)
    end = to_ms if layer.ends is None else min(to_ms, moment_of(layer.ends, zone))
    if begin >= end:
        return []
    found = list(_taken(layer, HandOvers.of(layer, zone), begin, end, starts))
    if not layer.hours:
        return found
    open_hours = laid([list(_hours(layer.hours, zone, begin, end))])
    return [part for hours in open_hours for part in within(found, hours.from_ms, hours.to_ms)]


def _taken(layer: Layer, hand_overs: HandOvers, begin: int, end: int, starts: int) -> Iterator[Stretch]:
    first = hand_overs.last_until(starts)
    number = hand_overs.last_until(begin)
    while begin < end:
        until = min(end, hand_overs.at(number + 1))
        if begin < until:
            yield Stretch(begin, until, (layer.people[(number - first) % len(layer.people)],))
            begin = until
        number += 1


def _hours(hours: tuple[Hours, ...], zone: ZoneInfo, from_ms: int, to_ms: int) -> Iterator[Stretch]:
    """The hours between two moments; where they run over midnight they begin on the day that they are said for."""
    last = local_at(to_ms, zone).date() + _DAY
    for each in hours:
        begins, ends = time_of(each.begins), time_of(each.ends)
        days = {_DAYS[day] for day in each.days}
        day = local_at(from_ms, zone).date() - 2 * _DAY
        while day <= last:
            if day.weekday() in days:
                ends_on = day if ends > begins else day + _DAY
                until = moment_ms(datetime.combine(ends_on, ends), zone)
                yield Stretch(moment_ms(datetime.combine(day, begins), zone), until, ("in hours",))
            day += _DAY
