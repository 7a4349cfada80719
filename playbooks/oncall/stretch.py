"""Stretches of time with people in them, and what follows where several lie over or beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import itemgetter


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """From a moment until (and without) another these people, in the order of their keys; a gap has none."""

    from_ms: int
    to_ms: int
    people: tuple[str, ...] = ()


def laid(groups: Sequence[Iterable[Stretch]]) -> list[Stretch]:
    """The people of the topmost of `groups` (top first) that has any, for every moment; gaps are left out.

    Stretches of one group that overlap are on call at once. What comes out is in order and as long as it can be.

    >>> laid([[Stretch(5, 7, ("bo",))], [Stretch(0, 9, ("ada",)), Stretch(8, 10, ("cy",))]])  # doctest: +ELLIPSIS
    [Stretch(from_ms=0, to_ms=5, people=('ada',)), Stretch(from_ms=5, to_ms=7, people=('bo',)), ...]
    """
    return list(_joined(_cut_at_every_change(groups)))


def within(stretches: Iterable[Stretch], from_ms: int, to_ms: int) -> list[Stretch]:
    """The parts that lie between two moments."""
    return [
        replace(each, from_ms=max(each.from_ms, from_ms), to_ms=min(each.to_ms, to_ms))
        for each in stretches
        if max(each.from_ms, from_ms) < min(each.to_ms, to_ms)
    ]


def gaps(stretches: Iterable[Stretch], from_ms: int, to_ms: int) -> list[Stretch]:
    """What lies between two moments and in none of `stretches`, which are in order.

    >>> gaps([Stretch(2, 4, ("ada",)), Stretch(4, 6, ("bo",))], 0, 9)
    [Stretch(from_ms=0, to_ms=2, people=()), Stretch(from_ms=6, to_ms=9, people=())]
    """
    ends = [from_ms, *(moment for each in within(stretches, from_ms, to_ms) for moment in _ends(each)), to_ms]
    between = zip(ends[::2], ends[1::2], strict=True)
    return [Stretch(begin, end) for begin, end in between if begin < end]


def _ends(stretch: Stretch) -> tuple[int, int]:
    return stretch.from_ms, stretch.to_ms


def _cut_at_every_change(groups: Sequence[Iterable[Stretch]]) -> Iterator[Stretch]:
    changes = sorted(
        change
        for place, group in enumerate(groups)
        for each in group
        if each.from_ms < each.to_ms
        for change in ((each.from_ms, place, each.people, 1), (each.to_ms, place, each.people, -1))
    )
    there: list[Counter[str]] = [Counter() for _ in groups]
    moments = [(moment, list(at_once)) for moment, at_once in groupby(changes, key=itemgetter(0))]
    for (moment, at_once), (following, _) in pairwise(moments):
        for _, place, people, by in at_once:
            there[place].update(dict.fromkeys(people, by))
        on_top = next((found for group in there if (found := tuple(sorted(+group)))), ())
        yield Stretch(moment, following, on_top)


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for each in stretches:
        if last and (last.to_ms, last.people) == (each.from_ms, each.people):
            last = replace(last, to_ms=each.to_ms)
            continue
        if last and last.people:
            yield last
        last = each
    if last and last.people:
        yield last
