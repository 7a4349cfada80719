"""The volume detector on real counts of brand mentions, scored as the yardstick's own scorer does, and how steadily.

The counts are those of the Numenta Anomaly Benchmark's tweets; the score is its own, as `score_nab.py` beside the data
defines it (Lavin & Ahmad 2015), with the instants hit strictly and the false episodes a day.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.backtest_series import THRESHOLD, Row, read_series, scores
from tests.parts.require import YARDSTICKS

FOLDER: Final = YARDSTICKS / "nab"
CRISES: Final = YARDSTICKS / "crisislex"
_FIRST_ROWS: Final = 750
_MINUTE_MS: Final = 60_000
_EPISODE_MIN: Final = 60
_STRICT_MIN: Final = (-30, 180)
#: What a detector of counts cannot be asked for: see `stability`.
MULTIPLIED: Final = "every count ten times"
#: What a false row costs, in windows hit at once.
_FALSE: Final = 0.11


@dataclass(frozen=True, slots=True)
class Labelled:
    """A series with its labelled windows and instants, in ms."""

    name: str
    rows: tuple[Row, ...]
    windows: tuple[tuple[int, int], ...]
    instants: tuple[int, ...]

    @property
    def step_s(self) -> int:
        """Seconds between two rows."""
        return (self.rows[1].at_ms - self.rows[0].at_ms) // 1000


@dataclass(frozen=True, slots=True)
class NabFigures:
    """What was reached on some series: the score (100 is every window at once and nothing else), instants hit within
    -30 to +180 minutes, and false episodes a day and series."""

    what: str
    score: float
    strict: int
    instants: int
    false_a_day: float


@dataclass(frozen=True, slots=True)
class OnsetSeen:
    """When a sudden event was seen: minutes from its onset to the first alarm after it, and alarms before it."""

    event: str
    minutes: float | None
    before: int


@dataclass(frozen=True, slots=True)
class _Scored:
    gained: float
    windows: int
    strict: int
    instants: int
    false_episodes: int
    days: float


def labelled_series() -> list[Labelled]:
    """The series with their labels."""
    windows, instants = _labels("combined_windows.json"), _labels("combined_labels.json")
    return [
        Labelled(
            path.name,
            tuple(read_series(path)),
            tuple((_ms(window[0]), _ms(window[1])) for window in windows[path.name]),
            tuple(_ms(at) for at in instants[path.name]),
        )
        for path in sorted((FOLDER / "data").glob("*.csv"))
    ]


def nab_figures(series: Sequence[Labelled] | None = None) -> NabFigures:
    """The figures on all series together."""
    return _together("all series", [_scored(one) for one in series or labelled_series()])


def stability() -> Iterator[NabFigures]:
    """The same on data that is slightly other: each series left out, later starts, posts lost by chance; multiplied.

    The last is more than slightly other: counts that were multiplied carry noise that no real counts of their size do.
    """
    whole = labelled_series()
    scored = [_scored(one) for one in whole]
    for place, left_out in enumerate(whole):
        yield _together(f"without {left_out.name}", scored[:place] + scored[place + 1 :])
    for hours in (4, 9, 16):
        yield _together(f"begun {hours} h later", [_scored(begun_later(one, hours * 12)) for one in whole])
    for part in (0.9, 0.75, 0.6, 0.5):
        yield _together(f"{part:.0%} of the posts", [_scored(thinned(one, part)) for one in whole])
    yield _together(MULTIPLIED, [_scored(changed(one, lambda counts: counts * 10)) for one in whole])


def begun_later(series: Labelled, rows: int) -> Labelled:
    """The series without its first rows, and without the labels that lie in them."""
    start_ms = series.rows[rows].at_ms
    return replace(
        series, rows=series.rows[rows:], windows=tuple(window for window in series.windows if window[0] >= start_ms)
    )


def thinned(series: Labelled, part: float) -> Labelled:
    """The series with each post kept with a probability of `part`; the same posts every time."""
    chance = np.random.default_rng([int(part * 100), len(series.rows)])
    return changed(series, lambda counts: chance.binomial(counts.astype(np.int64), part).astype(np.float64))


def changed(series: Labelled, how: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Labelled:
    """The series with other counts."""
    counts = how(np.array([row.count for row in series.rows]))
    rows = tuple(replace(row, count=float(count)) for row, count in zip(series.rows, counts, strict=True))
    return replace(series, rows=rows)


def onsets_seen() -> Iterator[OnsetSeen]:
    """Sudden events of another collection: how soon the first alarm follows the public onset."""
    onsets = json.loads((CRISES / "onsets.json").read_text(encoding="utf-8"))
    for event, known in sorted(onsets.items()):
        rows = _without_gaps(CRISES / f"{event}.csv")
        onset_ms = _ms(known["onset_utc"])
        alarms = [row.at_ms + 300_000 for row, score in zip(rows, scores(rows, 300), strict=True) if score >= THRESHOLD]
        after = [at_ms for at_ms in alarms if at_ms >= onset_ms]
        minutes = (after[0] - onset_ms) / _MINUTE_MS if after else None
        yield OnsetSeen(event, minutes, len(alarms) - len(after))


def _scored(series: Labelled) -> _Scored:
    at_ms = np.array([row.at_ms for row in series.rows])
    first = min(len(at_ms) * 15 // 100, _FIRST_ROWS)
    alarm = np.array([score >= THRESHOLD for score in scores(series.rows, series.step_s)])
    alarm[:first] = False
    bounds = [tuple(int(np.flatnonzero(at_ms == at)[0]) for at in window) for window in sorted(series.windows)]
    outside = alarm.copy()
    gained = 0.0
    for begin, end in bounds:
        outside[begin : end + 1] = False
        hits = np.flatnonzero(alarm[begin : end + 1])
        if end >= first and len(hits):
            gained += _curve(-(end - begin - int(hits[0]) + 1) / (end - begin + 1)) / _curve(-1.0) + 1.0
    gained += sum(_false_row(int(place), bounds) for place in np.flatnonzero(outside))
    since_min = [(at_ms[alarm] - instant) / _MINUTE_MS for instant in series.instants]
    strict = sum(bool(((since >= _STRICT_MIN[0]) & (since <= _STRICT_MIN[1])).any()) for since in since_min)
    days = float(at_ms[-1] - at_ms[first]) / 86_400_000
    scored_windows = len(bounds)
    return _Scored(gained, scored_windows, strict, len(series.instants), _episodes(at_ms, alarm, outside), days)


def _false_row(place: int, bounds: Sequence[tuple[int, ...]]) -> float:
    """What a row outside all windows costs: little just behind a window, all of it far from any."""
    before = [window for window in bounds if window[1] < place]
    if not before:
        return -_FALSE
    begin, end = before[-1]
    behind = (place - end) / max(end - begin, 1)
    return _FALSE * (-1.0 if behind > 3.0 else _curve(behind))


def _episodes(at_ms: NDArray[np.int64], alarm: NDArray[np.bool_], outside: NDArray[np.bool_]) -> int:
    places = np.flatnonzero(alarm)
    begins = [
        place
        for number, place in enumerate(places)
        if number == 0 or at_ms[place] - at_ms[places[number - 1]] > _EPISODE_MIN * _MINUTE_MS
    ]
    return int(sum(outside[place] for place in begins))


def _together(what: str, scored: Sequence[_Scored]) -> NabFigures:
    """No alarm at all is 0, every window hit at its first row 100: so a window not hit costs as much as one gains."""
    windows = sum(one.windows for one in scored)
    days = sum(one.days for one in scored)
    return NabFigures(
        what,
        round(100.0 * sum(one.gained for one in scored) / (2 * windows), 2),
        sum(one.strict for one in scored),
        sum(one.instants for one in scored),
        round(sum(one.false_episodes for one in scored) / days, 4),
    )


def _curve(position: float) -> float:
    """The benchmark's sigmoid: near 1 at -1, 0 at 0, towards -1 behind."""
    return float(2.0 / (1.0 + np.exp(5.0 * position)) - 1.0)


def _labels(name: str) -> dict[str, list[Any]]:
    """By series: instants, or windows as pairs of them."""
    found = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return {key.rpartition("/")[2]: value for key, value in found.items()}


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _without_gaps(path: Path) -> list[Row]:
    """The rows of a five-minute series, with a nought for each that the file leaves out."""
    with path.open(encoding="utf-8", newline="") as file:
        counts = {_ms(row["timestamp"]): float(row["value"]) for row in csv.DictReader(file)}
    return list(_even(counts.items()))


def _even(counts: Iterable[tuple[int, float]]) -> Iterator[Row]:
    expected_ms: int | None = None
    for at_ms, count in sorted(counts):
        while expected_ms is not None and expected_ms < at_ms:
            yield Row("", "0", expected_ms, 0.0)
            expected_ms += 300_000
        yield Row("", str(count), at_ms, count)
        expected_ms = at_ms + 300_000
