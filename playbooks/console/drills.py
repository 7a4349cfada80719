"""The page of drills: what was measured in each, drawn beside those before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
from aiohttp import web

from playbooks.console import words
from playbooks.console.desk import DESK, Viewer
from playbooks.console.values import Chip, Fact, Tone
from playbooks.drills.drill import Drill, Part, Place, Result
from playbooks.store.drills import read_drills

MOST: Final = 60
#: The drawing is so many units wide.
_WIDTH: Final = 100.0


class Stretch(msgspec.Struct, frozen=True):
    """A piece of a drill's bar, in hundredths of the longest; `look` is a class of the style sheet."""

    left: float
    width: float
    look: str


class Row(msgspec.Struct, frozen=True):
    """One drill. `incident` is its page's id, empty where it is in another store."""

    run: str
    begun_ms: int
    by: str
    stretches: tuple[Stretch, ...]
    in_words: str
    facts: tuple[Fact, ...]
    chips: tuple[Chip, ...]
    incident: str


class Group(msgspec.Struct, frozen=True):
    """The drills of one name, brand and place, the newest first."""

    name: str
    brand: str
    place: str
    rows: tuple[Row, ...]


async def page(request: web.Request, viewer: Viewer) -> web.Response:
    """Every drill that is kept, the newest first, those that can be compared together."""
    desk = request.app[DESK]
    found = await asyncio.to_thread(read_drills, desk.engine, MOST)
    groups = grouped(found, desk.brand_name, desk.name_of, desk.clock())
    return desk.page("drills.html", {"here": "drills", "groups": groups}, viewer)


def grouped(
    drills: Sequence[Drill], brand_name: Callable[[str], str], name_of: Callable[[str], str], now_ms: int
) -> list[Group]:
    """Drills that can be compared, together; the group of the newest drill first."""
    together: dict[tuple[str, str, Place], list[Drill]] = {}
    for drill in drills:
        together.setdefault((drill.name, drill.brand, drill.place), []).append(drill)
    return [
        Group(name, brand_name(brand), _PLACES[place], tuple(_rows(found, name_of, now_ms)))
        for (name, brand, place), found in together.items()
    ]


def _rows(drills: Sequence[Drill], name_of: Callable[[str], str], now_ms: int) -> Iterator[Row]:
    longest_s = max((seconds for drill in drills for seconds in _seconds(drill.result)), default=0.0)
    for drill in drills:
        result = drill.result
        incident = result.incident if result and drill.place is Place.RUNNING else None
        yield Row(
            run=drill.run,
            begun_ms=drill.begun_ms,
            by=name_of(drill.person) if drill.person else "",
            stretches=tuple(_stretches(result, longest_s)) if result else (),
            in_words=_in_words(result),
            facts=tuple(_facts(result, name_of)) if result else (),
            chips=(_chip(drill, now_ms),),
            incident=incident or "",
        )


def _seconds(result: Result | None) -> Iterator[float]:
    if result is not None:
        yield from (seconds for part in Part if (seconds := result.figures.of(part)) is not None)


def _stretches(result: Result, longest_s: float) -> Iterator[Stretch]:
    """Until it was known, until somebody had it, and for how long posts were held."""
    figures = result.figures
    if figures.detect_s is None or not longest_s:
        return

    def stretch(from_s: float, to_s: float, look: str) -> Stretch:
        left, right = (round(_WIDTH * seconds / longest_s, 2) for seconds in (from_s, to_s))
        return Stretch(left, round(max(0.6, right - left), 2), look)

    yield stretch(0.0, figures.detect_s, "unseen")
    if figures.page_s is not None:
        yield stretch(figures.detect_s, figures.acknowledge_s or longest_s, "waiting")
    if figures.hold_s is not None:
        yield stretch(figures.hold_s, figures.release_s or longest_s, "holding")


def _in_words(result: Result | None) -> str:
    if result is None:
        return "Nothing was measured"
    told = (f"{part.words} after {words.span(s)}" for part in Part if (s := result.figures.of(part)) is not None)
    return "; ".join(told) or "Nothing happened"


def _facts(result: Result, name_of: Callable[[str], str]) -> Iterator[Fact]:
    for part in Part:
        seconds = result.figures.of(part)
        if seconds is not None or part in result.missing:
            yield Fact(part.words.capitalize(), "did not happen" if seconds is None else words.watch(seconds))
    posts, slipped = result.posts, result.figures.posts_slipped
    if posts.asked:
        count = "" if slipped is None else f"{slipped} slipped; "
        yield Fact("Posts", f"{count}{posts.allowed} allowed, {posts.held} held, of {posts.asked} that asked")
    if result.reached:
        yield Fact("Reached", ", ".join(name_of(person) for person in result.reached))
    if result.on_paper:
        yield Fact("Not reached, for they have not agreed", ", ".join(name_of(person) for person in result.on_paper))


def _chip(drill: Drill, now_ms: int) -> Chip:
    result = drill.result
    if result is None:
        is_going_on = drill.ended_ms is None and now_ms < drill.until_ms
        return Chip("Going on" if is_going_on else "Broken off", Tone.DRILL if is_going_on else Tone.ALARM)
    if result.good:
        return Chip("As it should be", Tone.CALM)
    wrong = "; ".join([*(part.lacking for part in result.missing), *(fault.words for fault in result.faults)])
    return Chip(wrong[:1].upper() + wrong[1:], Tone.ALARM)


_PLACES: Final = {Place.RUNNING: "through the running system", Place.EMBEDDED: "in a system started for it"}
