"""What is shown of a drill when it is over, and of those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detectors.mention import rfc3339
from playbooks.console.words import watch
from playbooks.drills.compare import before, compared
from playbooks.drills.drill import Drill, Part, Place, Result
from streams.drill.choice import Choice, OfPlaybook, OfScenario

NameOf = Callable[[str], str]

_WHY = {
    Part.DETECT: "No signal opened an incident: is everything of `firebreak worker` running?",
    Part.PAGE: "Only people with `drills: true` are reached, and the runner has to run.",
    Part.ACKNOWLEDGE: "Nobody, or not everybody who was asked, said that they have it.",
    Part.HOLD: "The gate never named the drill's hold: does it run, and is its token here?",
    Part.RELEASE: "Not enough people let go of the hold.",
}


def show(console: Console, drill: Drill, others: Sequence[Drill], name_of: NameOf) -> None:
    """The figures of a drill that is over, beside those of the last ones."""
    result = drill.result
    if result is None:
        return
    earlier = before(drill, others)
    console.print(_table(drill, earlier))
    for line in _lines(result, name_of):
        console.print(Text(line), soft_wrap=True)
    for wrong in _wrong(result):
        console.print(Text(wrong, "red"), soft_wrap=True)
    if result.good:
        console.print(Text("Everything happened that should.", "green"))


def as_json(drill: Drill, others: Sequence[Drill]) -> bytes:
    """The same for programs: one object, the figures at its top."""
    earlier = before(drill, others)
    shown = _plain(drill) | {"previous": _plain(earlier[0]) if earlier else None}
    return msgspec.json.format(msgspec.json.encode(shown))


def history(console: Console, drills: Sequence[Drill]) -> None:
    """Drills over time, the newest first; times in seconds."""
    table = Table(title="Drills: seconds from the beginning", title_justify="left")
    for head in ("When (UTC)", "Drill"):
        table.add_column(head)
    for head in ("detect", "page", "ack", "hold", "release", "slipped"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("")
    for drill in drills:
        when = rfc3339(drill.begun_ms)[:16].replace("T", " ")
        where = "" if drill.place is Place.RUNNING else f", {drill.place.value}"
        table.add_row(when, f"{drill.name} ({drill.brand}{where})", *_cells(drill))
    console.print(table)


def history_json(drills: Iterable[Drill]) -> bytes:
    """The same for programs: a list, the newest first."""
    return msgspec.json.format(msgspec.json.encode([_plain(drill) for drill in drills]))


def listing(console: Console, choices: Sequence[Choice]) -> None:
    """What can be drilled."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for heading, kind, pages in (
        ("A crisis, from its first mention on", OfScenario, True),
        ("A harmless peak, which must page nobody", OfScenario, False),
        ("A playbook, from its signal on", OfPlaybook, None),
    ):
        table.add_row(Text(heading, "bold"))
        for choice in choices:
            if isinstance(choice, kind) and (pages is None or bool(choice.expected) is pages):
                table.add_row(Text(f"  {choice.name}"), Text(choice.what))
    console.print(table)


def listing_json(choices: Iterable[Choice]) -> bytes:
    """The same for programs."""
    rows = [
        {
            "name": choice.name,
            "kind": "scenario" if isinstance(choice, OfScenario) else "playbook",
            "what": choice.what,
            "expected": [part.value for part in choice.expected],
        }
        for choice in choices
    ]
    return msgspec.json.format(msgspec.json.encode(rows))


def _table(drill: Drill, earlier: Sequence[Drill]) -> Table:
    title = f"Drill {drill.name}, brand {drill.brand}, {drill.place.value}"
    table = Table(title=title, title_justify="left")
    table.add_column("What")
    table.add_column("After the beginning", justify="right")
    if earlier:
        table.add_column("Last time", justify="right")
    if len(earlier) > 1:
        table.add_column(f"Median of the last {len(earlier)}", justify="right")
    for row in compared(drill, earlier):
        beside = (_spelt(row.last_s), _spelt(row.median_s))[: min(2, len(earlier))]
        table.add_row(row.part.words[0].upper() + row.part.words[1:], _spelt(row.now_s), *beside)
    return table


def _lines(result: Result, name_of: NameOf) -> Iterable[str]:
    posts = result.posts
    if posts.asked:
        slipped = "" if result.figures.posts_slipped is None else f"; {result.figures.posts_slipped} slipped"
        no_answer = f", {posts.unanswered} without an answer" if posts.unanswered else ""
        yield f"Posts: {posts.asked} asked the gate, {posts.allowed} allowed, {posts.held} held{no_answer}{slipped}."
    if result.reached:
        yield f"Reached: {', '.join(name_of(person) for person in result.reached)}."
    if result.on_paper:
        names = ", ".join(name_of(person) for person in result.on_paper)
        yield f"Only written down, they have not agreed to drills: {names}."
    if result.incident:
        yield f"Incident {result.incident}, playbook {result.playbook} {result.version}."


def _wrong(result: Result) -> Iterable[str]:
    yield from (f"Did not happen: {part.lacking}. {_why(part, result)}".rstrip() for part in result.missing)
    yield from (f"Wrong: {fault.words}." for fault in result.faults)


def _why(part: Part, result: Result) -> str:
    # What follows from a part that is missing already needs no reason of its own.
    if part is not Part.DETECT and Part.DETECT in result.missing:
        return ""
    if part is Part.ACKNOWLEDGE and Part.PAGE in result.missing:
        return ""
    return _WHY[part]


def _cells(drill: Drill) -> tuple[str, ...]:
    result = drill.result
    if result is None:
        return (*("" for _ in Part), "", "not ended" if drill.ended_ms is None else "")
    slipped = result.figures.posts_slipped
    seconds = ("-" if (found := result.figures.of(part)) is None else f"{found:,.1f}" for part in Part)
    return (*seconds, "-" if slipped is None else str(slipped), "good" if result.good else "NOT GOOD")


def _spelt(seconds: float | None) -> str:
    return "-" if seconds is None else watch(seconds)


def _plain(drill: Drill) -> dict[str, Any]:
    """The drill as one flat object: its figures beside what it was."""
    plain: dict[str, Any] = {
        "drill": drill.run,
        "name": drill.name,
        "brand": drill.brand,
        "place": drill.place.value,
        "by": drill.person or None,
        "begun": rfc3339(drill.begun_ms),
        "ended": None if drill.ended_ms is None else rfc3339(drill.ended_ms),
    }
    result = drill.result
    if result is None:
        return plain
    found: dict[str, Any] = msgspec.to_builtins(result)
    figures: dict[str, Any] = found.pop("figures")
    return plain | figures | found | {"good": result.good}
