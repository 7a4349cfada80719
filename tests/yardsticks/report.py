"""``python -m tests.yardsticks.report``: every yardstick, one table against the peers, written into docs/detection.md.

Each part is measured by itself and kept in docs/detection-figures.json; the document is made from that file, so a part
can be measured anew without the others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.markdown import Markdown

from tests.parts.require import YARDSTICKS
from tests.yardsticks.report_parts import PARTS, Part

ROOT: Final = Path(__file__).parents[2]
FIGURES: Final = ROOT / "docs" / "detection-figures.json"
DOCUMENT: Final = ROOT / "docs" / "detection.md"
_BEGIN, _END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def kept() -> dict[str, Part]:
    """The parts as they were measured last."""
    return msgspec.json.decode(FIGURES.read_bytes(), type=dict[str, Part]) if FIGURES.exists() else {}


def rendered(parts: Mapping[str, Part]) -> str:
    """The figures as Markdown: one table of what is wanted, then the details of each part."""
    lines = ["| yardstick | figure | Firebreak | wanted | others |", "|---|---|--:|--:|---|"]
    lines += _rows(parts)
    for name in PARTS:
        if name in parts:
            lines += ["", f"### {parts[name].title}", "", parts[name].detail.strip()]
    return "\n".join(lines) + "\n"


def written_into(document: str, parts: Mapping[str, Part]) -> str:
    """The document with these figures in it; the rest of it is written by hand."""
    before, _, rest = document.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"the document has no place for figures: it needs the lines {_BEGIN!r} and {_END!r}")
    return before + _BEGIN + rendered(parts) + _END + after


def _rows(parts: Mapping[str, Part]) -> Iterator[str]:
    for name in PARTS:
        for line in parts[name].lines if name in parts else ():
            mark = "" if line.reached else " (not reached)"
            yield f"| {parts[name].title} | {line.what} | {line.ours}{mark} | {line.wanted} | {line.others} |"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--write/--no-write", default=True, show_default=True, help="Whether docs/detection.md is written.")
def main(names: tuple[str, ...], write: bool) -> None:
    """Measure Firebreak with data and scorers that nobody here wrote to fit a detector.

    Without NAMES every part; the simulated streams take about an hour, the cost of watching over ten minutes,
    the others some minutes.
    """
    if not YARDSTICKS.exists():
        sys.exit(f"firebreak: the yardsticks are not there: {YARDSTICKS}; they are no part of this project")
    parts = kept()
    told = Console(stderr=True)
    for name in names or PARTS:
        measure: Callable[[Callable[[str], None]], Part] = PARTS[name]
        told.print(f"measuring {name}")
        parts[name] = measure(lambda line: told.print(line, highlight=False))
        if write:
            FIGURES.write_bytes(msgspec.json.format(msgspec.json.encode(parts), indent=1) + b"\n")
            DOCUMENT.write_text(written_into(DOCUMENT.read_text("utf-8"), parts), "utf-8")
    Console().print(Markdown(rendered({name: parts[name] for name in names or PARTS})))


if __name__ == "__main__":
    main()
