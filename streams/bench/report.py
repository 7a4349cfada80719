"""From readings to figures: medians and spread over the rounds, ratios within a round, and whether memory is flat.

A ratio compares two readers of the same round, so that a machine that is busy with other things for a while moves both.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import fmean, median
from typing import Final

import msgspec

from streams.bench.cells import Cells
from streams.bench.job import ReaderName, Sample
from streams.bench.runner import Outcome, Plan

#: What a triage worker's memory must stay below, and how much it may still grow.
MEMORY_LIMIT_MB: Final = 300.0
FLAT_WITHIN: Final = 0.03

#: What is expected of Firebreak, as a multiple of each other reader's rate.
WANTED: Final = {
    ReaderName.FAUST: 6.0,
    ReaderName.QUIX: 1.0,
    ReaderName.BYTEWAX: 1.0,
    ReaderName.AIOKAFKA: 0.85,
}


class Figures(msgspec.Struct, frozen=True):
    """A reader: mentions a second (the median of the rounds), and the most resident memory it ever had."""

    mentions_per_s: int
    rss_mb: float


class Spread(msgspec.Struct, frozen=True):
    """The lowest, the median and the highest over the rounds."""

    low: float
    mid: float
    high: float


class Report(msgspec.Struct, frozen=True):
    """A whole run. `firebreak_times` is Firebreak's rate as a multiple of each other reader's."""

    readers: dict[ReaderName, Figures]
    mentions: int
    partitions: int
    rounds: int
    mentions_per_s: dict[ReaderName, Spread]
    cpu_us_per_mention: dict[ReaderName, Spread]
    firebreak_times: dict[ReaderName, Spread]
    cells: dict[ReaderName, Cells]
    same_cells: bool
    machine: str


class MemoryReport(msgspec.Struct, frozen=True):
    """The memory of a triage worker over many mentions."""

    mentions: int
    peak_mb: float
    limit_mb: float
    flat: bool
    growth: float
    samples: tuple[Sample, ...]
    machine: str

    @property
    def well(self) -> bool:
        """Whether memory stays below the limit and does not grow."""
        return self.flat and self.peak_mb < self.limit_mb


def report(plan: Plan, outcomes: Sequence[Outcome]) -> Report:
    """The figures of a run."""
    of = {name: [one for one in outcomes if one.reader is name] for name in plan.readers}
    rates = {name: [rate(one) for one in ones] for name, ones in of.items()}
    return Report(
        readers={
            name: Figures(round(median(rates[name])), round(max(one.reading.rss_mb for one in ones), 1))
            for name, ones in of.items()
        },
        mentions=plan.mentions,
        partitions=plan.partitions,
        rounds=plan.rounds,
        mentions_per_s={name: spread(values, 0) for name, values in rates.items()},
        cpu_us_per_mention={
            name: spread([one.reading.cpu_s / one.reading.records * 1e6 for one in ones], 1)
            for name, ones in of.items()
        },
        firebreak_times=_ratios(rates),
        cells={name: ones[0].cells for name, ones in of.items()},
        same_cells=len({(one.cells.count, one.cells.checksum) for one in outcomes}) == 1,
        machine=machine(),
    )


def rate(outcome: Outcome) -> float:
    """Mentions a second of one reading."""
    return outcome.reading.records / outcome.reading.seconds


def spread(values: Sequence[float], digits: int) -> Spread:
    """Lowest, median and highest.

    >>> spread([3.0, 1.0, 2.0], 0)
    Spread(low=1.0, mid=2.0, high=3.0)
    """
    return Spread(round(min(values), digits), round(median(values), digits), round(max(values), digits))


def _ratios(rates: dict[ReaderName, list[float]]) -> dict[ReaderName, Spread]:
    ours = rates.get(ReaderName.FIREBREAK, [])
    return {
        name: spread([own / other for own, other in zip(ours, theirs, strict=True)], 2)
        for name, theirs in rates.items()
        if ours and name is not ReaderName.FIREBREAK
    }


def memory_report(plan: Plan, outcome: Outcome) -> MemoryReport:
    """What the samples of one long reading say."""
    grown = growth([sample.rss_mb for sample in outcome.reading.samples])
    return MemoryReport(
        mentions=plan.mentions,
        peak_mb=round(outcome.reading.rss_mb, 1),
        limit_mb=MEMORY_LIMIT_MB,
        flat=grown <= FLAT_WITHIN,
        growth=grown,
        samples=tuple(Sample(one.records, round(one.rss_mb, 1)) for one in outcome.reading.samples),
        machine=machine(),
    )


def growth(rss_mb: Sequence[float]) -> float:
    """How much higher memory is in the last quarter of the samples than in the one before, as a share; below 0 it fell.

    The first half is left out: there the memory of recent ids and the buffers fill up.

    >>> growth([50.0, 80.0, 100.0, 110.0]), growth([50.0, 80.0, 100.0, 100.0])
    (0.1, 0.0)
    """
    quarter = len(rss_mb) // 4
    if not quarter:
        raise ValueError(f"{len(rss_mb)} samples of memory, at least 4 are needed")
    return round(fmean(rss_mb[-quarter:]) / fmean(rss_mb[-2 * quarter : -quarter]) - 1.0, 4)


def machine() -> str:
    """The machine and the Python, in a line."""
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"
    )
