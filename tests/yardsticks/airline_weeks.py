"""An ordinary week of three airlines, as it was posted: who would have been paged, before anything is learned and then.

The posts that have a time are played; those that have none are learned. Nothing in that week was a crisis by the
yardsticks' README, so each page is one too many; one an airline is what is allowed.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from detectors.text.model import START, Weights
from playbooks.content.catalog import load_library
from playbooks.incidents.decisions import IncidentLine
from playbooks.incidents.rehearse import Rehearsal
from streams.backtest import Pipeline
from streams.labelled import learned_from
from streams.rules import rules_of
from streams.settings import Settings
from streams.sources.jsonl import read_lines
from tests.parts.require import YARDSTICKS


@dataclass(frozen=True, slots=True)
class AirlineWeeks:
    """Pages of each airline in its week, cold and after the posts without a time were learned; how many were played."""

    cold: Mapping[str, int]
    learned: Mapping[str, int]
    posts: int


def airline_weeks() -> AirlineWeeks:
    """Play the week twice."""
    timed = [row for row in _rows() if row["created_at"].strip()]
    lines = [_line(row) for row in sorted(timed, key=lambda row: row["created_at"])]
    brands = sorted({_brand(row) for row in timed})
    return AirlineWeeks(_pages(lines, brands, START), _pages(lines, brands, _learned()), len(lines))


def _pages(lines: list[bytes], brands: list[str], weights: Weights) -> Mapping[str, int]:
    settings = Settings(any_brand=True)
    pipeline = Pipeline(rules_of(settings), settings.kafka.mentions_partitions, weights)
    rehearsal, pages = Rehearsal(load_library()), Counter(dict.fromkeys(brands, 0))
    for signal in pipeline.signals(read_lines(lines)):
        for line in rehearsal.take(signal):
            if isinstance(line, IncidentLine) and line.pages:
                pages[line.brand] += 1
    return pages


def _learned() -> Weights:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "posts-without-a-time.csv"
        with path.open("w", encoding="utf-8", newline="") as target:
            written = csv.DictWriter(target, ("text", "label"))
            written.writeheader()
            for row in _rows():
                if not row["created_at"].strip():
                    written.writerow({"text": row["text"], "label": row["airline_sentiment"]})
        return learned_from(path)


def _rows() -> Iterator[dict[str, str]]:
    with (YARDSTICKS / "airline" / "posts.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _brand(row: Mapping[str, str]) -> str:
    return row["airline"].lower().replace(" ", "-")


def _line(row: Mapping[str, str]) -> bytes:
    post = {
        "id": row["id"],
        "platform": "x",
        "brand": _brand(row),
        "author": {"id": row["author"]},
        "text": row["text"],
        "created_at": row["created_at"],
    }
    return json.dumps(post).encode()
