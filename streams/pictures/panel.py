"""One panel: a series as a line, what is usual as a line in a band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from detectors.finding import Level
from streams.pictures.axes import TimeAxis, ValueAxis

#: Ink for text, lines, and what is usual; told apart by those who see no red and green, too.
INK: Final = "#1f2328"
FAINT: Final = "#6e7781"
GRID: Final = "#e4e7eb"
USUAL: Final = "#0969da"
BAND: Final = "#cfe3fa"

Point = tuple[int, Level]


@dataclass(frozen=True, slots=True)
class Panel:
    """Points in order of time. Where more than `gap_ms` lies between two, nobody spoke: the line falls to nought there
    (`falls`), or breaks. It breaks where nothing is known, too."""

    title: str
    points: Sequence[Point]
    values: ValueAxis
    percent: bool
    gap_ms: int
    falls: bool

    def draw(self, times: TimeAxis) -> Iterator[str]:
        """Its SVG, without the marks."""
        yield from self._grid(times)
        if self.points:
            yield self._band(times)
            yield _line(self._usual(times), USUAL, 1.4, "5 4")
            for piece in self._observed(times):
                yield _line(piece, INK, 1.6)
        yield text(times.left, self.values.top - 9, self.title, 13, INK, weight=600)

    def _grid(self, times: TimeAxis) -> Iterator[str]:
        for value in self.values.ticks():
            y = self.values.y(value)
            yield f'<path d="M{times.left:.1f} {y:.1f}H{times.right:.1f}" stroke="{GRID}"/>'
            label = f"{value:.0%}" if self.percent else f"{value:g}"
            yield text(times.left - 8, y + 4, label, 12, FAINT, anchor="end")
        for x, _, day in times.ticks():
            yield (
                f'<path d="M{x:.1f} {self.values.top:.1f}V{self.values.bottom:.1f}" '
                f'stroke="{GRID}"{"" if day else _DOTTED}/>'
            )
        yield f'<path d="M{times.left:.1f} {self.values.bottom:.1f}H{times.right:.1f}" stroke="{FAINT}"/>'
        yield text(times.left - 8, self.values.bottom + 4, "0", 12, FAINT, anchor="end")

    def _band(self, times: TimeAxis) -> str:
        top = [(times.x(at_ms), self.values.y(level.high)) for at_ms, level in self.points]
        bottom = [(times.x(at_ms), self.values.y(level.low)) for at_ms, level in reversed(self.points)]
        edge = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*top, *bottom))
        return f'<polygon points="{edge}" fill="{BAND}"/>'

    def _usual(self, times: TimeAxis) -> list[tuple[float, float]]:
        return [(times.x(at_ms), self.values.y(level.expected)) for at_ms, level in self.points]

    def _observed(self, times: TimeAxis) -> Iterator[list[tuple[float, float]]]:
        piece: list[tuple[float, float]] = []
        before_ms: int | None = None
        for at_ms, level in self.points:
            if level.unknown:
                if piece:
                    yield piece
                piece, before_ms = [], None
                continue
            if before_ms is not None and at_ms - before_ms > self.gap_ms:
                if self.falls:
                    nought = self.values.y(0.0)
                    piece += [(times.x(before_ms + self.gap_ms), nought), (times.x(at_ms), nought)]
                else:
                    yield piece
                    piece = []
            piece.append((times.x(at_ms), self.values.y(level.observed)))
            before_ms = at_ms
        if piece:
            yield piece


_DOTTED: Final = ' stroke-dasharray="2 4"'


def text(x: float, y: float, words: str, size: int, ink: str, *, anchor: str = "start", weight: int = 400) -> str:
    """Words on the paper, as text whatever they are."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{ink}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def _line(points: Sequence[tuple[float, float]], ink: str, width: float, dashes: str = "") -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<polyline points="{places}" fill="none" stroke="{ink}" stroke-width="{width}" '
        f'stroke-linejoin="round"{dashed}/>'
    )
