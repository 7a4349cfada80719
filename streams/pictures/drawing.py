"""The pictures: one for each incident, and one of the whole file for each brand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from detectors.finding import Level
from detectors.signal import SignalKind
from streams.counted import count
from streams.pictures.axes import TimeAxis, ValueAxis, round_step
from streams.pictures.course import MINUTE_MS, Course, Incident, Row
from streams.pictures.panel import BAND, FAINT, INK, USUAL, Panel, Point, text

WIDTH: Final = 1000
_HEIGHT: Final = 560
_LEFT, _RIGHT = 62.0, 980.0
_VOICES_TOP, _VOICES_BOTTOM = 138.0, 350.0
_SHARE_TOP, _SHARE_BOTTOM = 396.0, 500.0
_HOUR_MS: Final = 60 * MINUTE_MS
_BEFORE_MS: Final = 3 * _HOUR_MS
_AFTER_MS: Final = 2 * _HOUR_MS
#: More points than this on the width nobody can see; of those that fall together the highest stays.
_POINTS_MOST: Final = 900
_BEGAN, _SEEN, _PAGED = "#8250df", "#bc6c00", "#cf222e"


class Mark(NamedTuple):
    """A moment with words, in its own line above the panels."""

    at_ms: int
    words: str
    ink: str


def write_pictures(course: Course, folder: Path) -> list[Path]:
    """Draw everything into `folder`, which is made where it is missing; what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for incident in course.incidents.values():
        moment = datetime.fromtimestamp(incident.seen_ms / 1000, UTC)
        written.append(folder / f"{incident.brand}-{moment:%Y%m%dT%H%M}-{incident.playbook}-{incident.id}.svg")
        written[-1].write_text(incident_picture(course, incident), "utf-8")
    for brand in sorted({brand for brand, _ in course.rows}):
        written.append(folder / f"{brand}-overview.svg")
        written[-1].write_text(overview(course, brand), "utf-8")
    return written


def incident_picture(course: Course, incident: Incident) -> str:
    """One incident: some hours before it, and a few after the last that happened."""
    rows = course.rows[incident.brand, incident.platform]
    from_ms = max(incident.since_ms - _BEFORE_MS, rows[0].at_ms if rows else 0)
    times = TimeAxis(min(from_ms, incident.since_ms), incident.last_ms + _AFTER_MS, _LEFT, _RIGHT)
    place = f" on {incident.platform}" if incident.platform else ""
    after_min = (incident.seen_ms - incident.since_ms) / MINUTE_MS
    marks = [
        Mark(incident.since_ms, f"began {_clock(incident.since_ms)}", _BEGAN),
        Mark(incident.seen_ms, f"seen {_clock(incident.seen_ms)}", _SEEN),
        *(Mark(at_ms, f"paged {_clock(at_ms)}", _PAGED) for at_ms in incident.paged_ms),
    ]
    title = f"{incident.brand}{place}: {incident.playbook}, severity {incident.severity} of 5"
    day = datetime.fromtimestamp(incident.seen_ms / 1000, UTC)
    said = (
        f"{day.day} {day:%B %Y}, UTC: {incident.kind.value}, seen {after_min:.0f} min after its span began, "
        f"{_paged(incident.paged_ms)}"
    )
    return _picture(title, said, times, rows, marks, copies=incident.kind is SignalKind.FLOOD)


def _paged(moments: Sequence[int]) -> str:
    if not moments:
        return "nobody paged"
    if len(moments) == 1:
        return f"paged {_clock(moments[0])}"
    return f"paged {len(moments)} times, first {_clock(moments[0])}, last {_clock(moments[-1])}"


def overview(course: Course, brand: str) -> str:
    """A brand's whole time, with every incident and the signals that led to none."""
    rows = course.rows[brand, None]
    incidents = [one for one in course.incidents.values() if one.brand == brand]
    signals = [one for one in course.signals if one.brand == brand]
    times = TimeAxis(rows[0].at_ms, max(rows[-1].at_ms, rows[0].at_ms + _HOUR_MS), _LEFT, _RIGHT)
    pages = sum(len(one.paged_ms) for one in incidents)
    first, last = (datetime.fromtimestamp(at_ms / 1000, UTC) for at_ms in (times.from_ms, times.to_ms))
    said = (
        f"{first.day} {first:%B} to {last.day} {last:%B %Y}, UTC: {count(len(signals), 'signal')}, "
        f"{count(len(incidents), 'incident')}, {count(pages, 'page')}"
    )
    marks = [
        Mark(one.seen_ms, "paged" if one.paged_ms else "seen", _PAGED if one.paged_ms else _SEEN) for one in incidents
    ]
    shown = {one.seen_ms for one in incidents}
    ticks = [one.at_ms for one in signals if one.at_ms not in shown and one.kind is not SignalKind.SILENCE]
    return _picture(f"{brand}: the whole time", said, times, rows, marks, ticks)


def _picture(
    title: str,
    said: str,
    times: TimeAxis,
    rows: Sequence[Row],
    marks: Sequence[Mark],
    ticks: Sequence[int] = (),
    copies: bool = False,
) -> str:
    """Voices above, and below them their negative share; of a flood the copies above, the voices below."""
    seen = [row for row in rows if times.from_ms <= row.at_ms <= times.to_ms]
    voices = _fewer([(row.at_ms, row.voices) for row in seen])
    step_ms = (times.to_ms - times.from_ms) // _POINTS_MOST
    gap_ms = max(5 * MINUTE_MS, 2 * step_ms)
    if copies:
        copied = _fewer([(row.at_ms, row.copies) for row in seen])
        below = Panel("Voices a minute", voices, _values(voices, _SHARE_TOP, _SHARE_BOTTOM), False, gap_ms, True)
        panels = Panel("Copies a minute", copied, _values(copied), False, gap_ms, True), below
    else:
        shares = _fewer([(row.at_ms, row.share) for row in seen])
        below = Panel("Negative share", shares, _SHARES, True, max(15 * MINUTE_MS, 2 * step_ms), False)
        panels = Panel("Voices a minute", voices, _values(voices), False, gap_ms, True), below
    return "\n".join(
        (*_head(title, said), *_body(panels, times), *_marks(marks, times), *_ticks(ticks, times), "</svg>")
    )


_SHARES: Final = ValueAxis(1.0, _SHARE_TOP, _SHARE_BOTTOM)


def _values(points: Sequence[Point], top_at: float = _VOICES_TOP, bottom_at: float = _VOICES_BOTTOM) -> ValueAxis:
    top = max((max(level.observed, level.high) for _, level in points), default=1.0) or 1.0
    step = round_step(top * 1.05 / 4)
    return ValueAxis(-(-top * 1.05 // step) * step, top_at, bottom_at)


def _head(title: str, said: str) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_HEIGHT}" width="{WIDTH}" height="{_HEIGHT}" '
        'font-family="system-ui, sans-serif" role="img">'
    )
    yield f"<title>{text_only(title)}</title>"
    yield f'<rect width="{WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
    yield text(_LEFT, 30, title, 19, INK, weight=600)
    yield text(_LEFT, 52, said, 13, FAINT)


def text_only(words: str) -> str:
    """Words for the picture's title, which readers for the blind say."""
    return words.replace("&", "&amp;").replace("<", "&lt;")


def _body(panels: Sequence[Panel], times: TimeAxis) -> Iterator[str]:
    for panel in panels:
        yield from panel.draw(times)
    for x, label, day in times.ticks():
        yield text(x, _SHARE_BOTTOM + 18, label, 12, INK if day else FAINT, anchor="middle")
    y = _HEIGHT - 18
    yield f'<path d="M{_LEFT} {y - 4}h26" stroke="{INK}" stroke-width="1.6"/>'
    yield text(_LEFT + 32, y, "seen, over 5 minutes (share: 15)", 12, INK)
    yield f'<path d="M{_LEFT + 250} {y - 4}h26" stroke="{USUAL}" stroke-width="1.4" stroke-dasharray="5 4"/>'
    yield text(_LEFT + 282, y, "usual at this hour", 12, INK)
    yield f'<rect x="{_LEFT + 420}" y="{y - 10}" width="26" height="12" fill="{BAND}"/>'
    yield text(_LEFT + 452, y, "here in 19 of 20 cases", 12, INK)
    yield text(_RIGHT, y, "all times are UTC", 12, FAINT, anchor="end")


def _marks(marks: Sequence[Mark], times: TimeAxis) -> Iterator[str]:
    """Each mark's words in the first of a few lines in which there is room; where there is none, its line alone."""
    taken: list[float] = []
    for mark in sorted(marks, key=lambda mark: mark.at_ms):
        x = times.x(mark.at_ms)
        width = 7.0 * len(mark.words)
        left = x > _RIGHT - width - 12
        start = x - width - 4 if left else x
        line = next((place for place, end in enumerate(taken) if end < start), len(taken))
        y = 74.0 + 16 * min(line, _LINES_MOST + 1)
        yield f'<path d="M{x:.1f} {y + 4:.1f}V{_SHARE_BOTTOM}" stroke="{mark.ink}" stroke-width="1.4"/>'
        if line > _LINES_MOST:
            continue
        taken[line : line + 1] = [x if left else x + width + 8]
        yield text(x - 4 if left else x + 4, y, mark.words, 12, mark.ink, anchor="end" if left else "start", weight=600)


_LINES_MOST: Final = 2


def _ticks(moments: Sequence[int], times: TimeAxis) -> Iterator[str]:
    """Signals without an incident, as small triangles on the line between the panels."""
    for at_ms in moments:
        x = times.x(at_ms)
        yield f'<path d="M{x - 4:.1f} {_VOICES_BOTTOM + 10}h8l-4 -8z" fill="{_SEEN}"/>'


def _fewer(points: Sequence[Point]) -> list[Point]:
    """As many points as can be told apart, each the highest of its part."""
    size = -(-len(points) // _POINTS_MOST)
    if size <= 1:
        return list(points)
    parts = (points[place : place + size] for place in range(0, len(points), size))
    return [(part[0][0], _highest([level for _, level in part])) for part in parts]


def _highest(levels: Sequence[Level]) -> Level:
    return replace(
        levels[0],
        observed=max(level.observed for level in levels),
        unknown=all(level.unknown for level in levels),
    )


def _clock(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M}"
