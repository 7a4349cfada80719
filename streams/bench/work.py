"""What the readers compared with Firebreak share: the triage of each partition, and the clock round it."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from detectors.bucket import Cell
from streams.bench.job import Job, Reading, Sample, settings_of
from streams.deciding.gather import PartitionTriage, Record
from streams.deciding.models import Models
from streams.rules import rules_of

#: One part in so many of the records is the warm-up.
_WARM_SHARE: Final = 4
_PEAK: Final = "VmHWM:"


class _Moment(NamedTuple):
    records: int
    wall_s: float
    cpu_s: float


class Stopwatch:
    """Counts the records and runs from the end of the warm-up, the first quarter of them, to the last.

    In the warm-up partitions are opened, buffers filled and caches made; how long that takes says nothing of the rate.
    """

    def __init__(self, job: Job) -> None:
        self._wanted = job.records
        self._warm_at = job.records // _WARM_SHARE
        self._sample_every = job.sample_every
        self._samples: list[Sample] = []
        self._begun: _Moment | None = None
        self._ended: _Moment | None = None
        self.records = 0

    @property
    def all_read(self) -> bool:
        """Whether the last record was counted."""
        return self.records >= self._wanted

    @property
    def ended(self) -> bool:
        """Whether the clock was stopped."""
        return self._ended is not None

    def count(self, records: int) -> None:
        """So many more records are done."""
        self.records += records
        if self._begun is None and self.records >= self._warm_at:
            self._begun = _Moment(self.records, time.perf_counter(), time.process_time())
        if self._sample_every and self.records // self._sample_every > len(self._samples):
            self._samples.append(Sample(self.records, resident_mb()))

    def end(self) -> None:
        """The last record is done and what came of it is on its way; later calls change nothing."""
        if self._ended is None:
            self._ended = _Moment(self.records, time.perf_counter(), time.process_time())

    def reading(self) -> Reading:
        """What was measured."""
        begun, ended = self._begun, self._ended
        if begun is None or ended is None or begun.records == ended.records:
            raise RuntimeError(f"nothing was measured; the reader ended after {self.records} of {self._wanted} records")
        return Reading(
            records=ended.records - begun.records,
            seconds=ended.wall_s - begun.wall_s,
            cpu_s=ended.cpu_s - begun.cpu_s,
            rss_mb=peak_mb(),
            samples=tuple(self._samples),
        )


class Work:
    """The triage that every reader does: hand in records of a partition as they come, get the cells to deliver."""

    def __init__(self, job: Job) -> None:
        models, rules = Models(), rules_of(settings_of(job))
        self._triage = [PartitionTriage(number, rules, models.at) for number in range(job.partitions)]
        self.watch = Stopwatch(job)

    def take(self, partition: int, records: Sequence[Record]) -> list[Cell]:
        """Triage of the next records of a partition."""
        cells = self._triage[partition].fold(records).cells
        self.watch.count(len(records))
        return cells


def resident_mb() -> float:
    """Resident memory of this process now, in MB."""
    return psutil.Process().memory_info().rss / 1e6


def peak_mb() -> float:
    """The most resident memory that this process ever had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells would include what the starting process had, before the program was loaded.
        line = next(line for line in status.read_text().splitlines() if line.startswith(_PEAK))
        return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
