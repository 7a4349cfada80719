"""``firebreak backtest-series``: counts at an even step from a CSV through the volume detector, one after the other."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from detectors.finding import Observation
from detectors.kinds.volume import VolumeSpike
from streams.labelled import rows_of
from streams.settings import SettingsError
from streams.whole_file import refuse_to_overwrite, table_written_whole

#: A score from here on is an alarm: half the way from nought to one is where the detector's own score is 1.
THRESHOLD: Final = 0.5
#: Within an episode the score stays below: one alarm each.
_SAME_EPISODE: Final = 0.49
_SHORTEST_S: Final = 10
_LONGEST_S: Final = 86_400
_COLUMNS: Final = ("timestamp", "value")
_SCORE: Final = "anomaly_score"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: what stood there, and what it means."""

    timestamp: str
    value: str
    at_ms: int
    count: float


def read_series(path: Path) -> list[Row]:
    """The rows of a count series; raises `SettingsError` with file, line and what is allowed.

    Rows follow each other at one even step from ten seconds to a day, whole seconds, counts of nought or more.
    """
    rows: list[Row] = []
    step_ms = 0
    for line, found in rows_of(path, _COLUMNS):
        row = _row(f"{path}:{line}", found)
        if rows:
            here_ms = row.at_ms - rows[-1].at_ms
            step_ms = step_ms or _step(f"{path}:{line}", here_ms)
            if here_ms != step_ms:
                raise SettingsError(
                    f"{path}:{line}: {row.timestamp} comes {here_ms / 1000:g} s after the row before it, the first rows"
                    f" are {step_ms // 1000} s apart; allowed is one even step (write 0 where nothing was counted)"
                )
        rows.append(row)
    if len(rows) < 2:
        raise SettingsError(f"{path}: {len(rows)} rows; at least 2 are needed, to know the step between them")
    return rows


def scores(rows: Iterable[Row], step_s: int) -> Iterator[float]:
    """The score of each row, 0..1, from what came before it alone; from `THRESHOLD` on it is an alarm.

    >>> counts = [*[3.0] * 600, 90.0, 3.0]
    >>> rows = [Row("", "", place * 300_000, count) for place, count in enumerate(counts)]
    >>> [score >= THRESHOLD for score in scores(rows, 300)][-3:]
    [False, True, False]
    """
    detector = VolumeSpike(bucket_s=step_s)
    alarmed = False
    for row in rows:
        seen = Observation(row.at_ms, row.count)
        # What is usual takes in the row before this one, the first of all too: otherwise the second would be a surge.
        detector.begin(row.at_ms)
        found = detector.find(seen)
        score = found.score if found else 0.0
        same = alarmed or detector.same_episode(row.at_ms)
        # A lasting change is told once: its alarm goes on for as long as no row is below.
        alarmed = score >= 1.0 and (alarmed or not same)
        score /= 1.0 + score
        yield min(score, _SAME_EPISODE) if same else score
        detector.learn(seen)


@click.command("backtest-series", short_help="Score a series of counts as the volume detector would have.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="SCORES, as CSV.")
@click.option("--threshold", is_flag=True, help="Print the score from which a row is an alarm; needs no file.")
def backtest_series_command(file: Path | None, out: Path | None, threshold: bool) -> None:
    """Score a series of counts as the volume detector of a running system would have, row by row.

    FILE is a CSV with the columns timestamp and value: counts at one even step, from ten seconds to a day, in order,
    without gaps (0 where nothing was counted). Times are ISO 8601, UTC where they carry no offset.

    SCORES has a row for each row of FILE: timestamp, value and anomaly_score, 0 to 1. A score is made from the rows
    before it and its own, never from later ones. Where it reaches the threshold, an alarm would follow, once for each
    episode: two hours, and as long after that as no row falls below. The first hour is never judged, nor are the first
    twelve rows.

    \b
    Example:
      firebreak backtest-series mentions-per-5-minutes.csv --out scores.csv
      firebreak backtest-series --threshold
    """
    if threshold:
        click.echo(f"{THRESHOLD:g}")
    if file is None and out is None and threshold:
        return
    if file is None or out is None:
        raise click.UsageError("FILE and --out go together: firebreak backtest-series FILE.csv --out SCORES.csv")
    refuse_to_overwrite(out, (file,))
    rows = read_series(file)
    step_s = (rows[1].at_ms - rows[0].at_ms) // 1000
    try:
        with table_written_whole(out) as target:
            written = csv.writer(target, lineterminator="\n")
            written.writerow([*_COLUMNS, _SCORE])
            for row, score in zip(rows, scores(rows, step_s), strict=True):
                # Rounded down, or a row just below the threshold would be written as one that reaches it.
                written.writerow([row.timestamp, row.value, f"{math.floor(score * 1e6) / 1e6:.6f}"])
    except OSError as wrong:
        raise SettingsError(f"{out} cannot be written: {wrong.strerror}") from None


def _row(place: str, found: dict[str, str]) -> Row:
    timestamp, value = found["timestamp"], found["value"]
    try:
        at = datetime.fromisoformat(timestamp.strip())
    except ValueError:
        raise SettingsError(f"{place}: timestamp {timestamp!r}; allowed is ISO 8601, as 2026-01-31 09:05:00") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    try:
        count = float(value)
    except ValueError:
        count = math.nan
    if not math.isfinite(count) or count < 0:
        raise SettingsError(f"{place}: value {value!r}; allowed is a count, a number of 0 or more")
    return Row(timestamp, value, round(at.timestamp() * 1000), count)


def _step(place: str, step_ms: int) -> int:
    if step_ms % 1000 or not _SHORTEST_S * 1000 <= step_ms <= _LONGEST_S * 1000:
        raise SettingsError(
            f"{place}: {step_ms / 1000:g} s after the row before it; allowed are whole seconds from {_SHORTEST_S} to "
            f"{_LONGEST_S} between rows, later rows below earlier ones"
        )
    return step_ms
