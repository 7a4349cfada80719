"""Who is on call, drawn for a terminal: what people are called is plain text in it, never mark-up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from playbooks.effects.plain_text import one_line
from playbooks.oncall.outlook import Outlook
from playbooks.oncall.people import Nobody
from playbooks.oncall.stretch import Stretch, within
from playbooks.oncall.zone import local_at, moment_ms

GAP = "bold red"
NOBODY = "nobody"
_DAYS = 7
#: A day of the week is drawn in so many parts, each a character.
_PARTS = 8
_HOUR_MS = 3_600_000


def drawn(of: Outlook, names: Mapping[str, str]) -> RenderableType:
    """A role: now and next in words, the week ahead as a picture, and every turn."""
    head = Text()
    head.append(f"{of.role}", "bold")
    head.append(f"  {_from_where(of)}; times in {of.zone.key}", "dim")
    return Group(head, *_in_words(of, names), Text(), _week(of, names), Text(), _turns(of, names), Text())


def called(keys: Iterable[str], names: Mapping[str, str]) -> str:
    """People by name, with the keys that tell them apart.

    >>> called(["ada"], {"ada": "Ada\\x1b[31m"})
    'Ada[31m (ada)'
    """
    return ", ".join(f"{one_line(names.get(key, key), 40)} ({key})" for key in keys)


def _from_where(of: Outlook) -> str:
    return "from " + ", ".join(f"rota {name}" for name in of.rotas) if of.rotas else "named in the settings"


def _in_words(of: Outlook, names: Mapping[str, str]) -> Iterator[Text]:
    if isinstance(of.now, Nobody):
        yield Text(f"  now   nobody: {of.now.why.in_words(of.role, '')}", GAP)
    else:
        until = next((turn.to_ms for turn in of.turns if turn.from_ms <= of.from_ms), of.to_ms)
        end = f" until {_clock(of, until)}" if until < of.to_ms else ""
        yield Text(f"  now   {called(of.now, names)}{end}")
    if of.next is not None:
        yield Text(f"  next  {called(of.next.people, names)} from {_clock(of, of.next.from_ms)}")
    if of.gaps:
        hours = sum(gap.to_ms - gap.from_ms for gap in of.gaps) / _HOUR_MS
        many = "1 gap" if len(of.gaps) == 1 else f"{len(of.gaps)} gaps"
        yield Text(f"  {many}, {hours:g} h in which nobody is on call", GAP)


def _week(of: Outlook, names: Mapping[str, str]) -> Table:
    today, last = (local_at(moment, of.zone).date() for moment in (of.from_ms, of.to_ms - 1))
    days = [today + timedelta(days=number) for number in range(min(_DAYS, (last - today).days + 1))]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column()
    for day in days:
        table.add_column(f"{day:%a %d}", min_width=_PARTS, no_wrap=True)
    people = dict.fromkeys(key for turn in of.turns for key in turn.people)
    for key in people:
        turns = [turn for turn in of.turns if key in turn.people]
        row = [_day(of, day, turns, ("█", "▒", "·")) for day in days]
        if any(mark in cell for cell in row for mark in "█▒"):
            table.add_row(Text(one_line(names.get(key, key), 14)), *(Text(cell) for cell in row))
    row = [_day(of, day, of.gaps, ("!", "!", " ")) for day in days]
    if any("!" in cell for cell in row):
        table.add_row(Text(NOBODY, GAP), *(Text(cell, GAP) for cell in row))
    return table


def _day(of: Outlook, day: date, stretches: Iterable[Stretch], marks: tuple[str, str, str]) -> str:
    """A day in parts of three hours by the clock, each marked whole, in part, or not at all."""
    whole, part, none = marks
    begin = datetime.combine(day, time())
    edges = [moment_ms(begin + number * timedelta(hours=24 / _PARTS), of.zone) for number in range(_PARTS + 1)]
    cells = []
    for start, end in pairwise(edges):
        covered = sum(each.to_ms - each.from_ms for each in within(stretches, start, end))
        cells.append(whole if covered and covered >= end - max(start, of.from_ms) else part if covered else none)
    return "".join(cells)


def _turns(of: Outlook, names: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("from", "until"):
        table.add_column(column, no_wrap=True)
    table.add_column("hours", justify="right")
    table.add_column("who", overflow="fold")
    for turn in of.plan:
        style = "" if turn.people else GAP
        who = called(turn.people, names) if turn.people else NOBODY
        hours = f"{(turn.to_ms - turn.from_ms) / _HOUR_MS:.4g}"
        cells = (_clock(of, turn.from_ms), _clock(of, turn.to_ms), hours, who)
        table.add_row(*(Text(cell, style) for cell in cells))
    return table


def _clock(of: Outlook, at_ms: int) -> str:
    return f"{local_at(at_ms, of.zone):%a %d %b %H:%M}"
