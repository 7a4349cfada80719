"""What the readers compared with Firebreak share: the triage of each partition, and the clock round it."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from detectors.bucket import Cell
from streams.bench.job import Job, Reading, Sample, settings_of
from streams.gather import PartitionTriage, Record
from streams.models import Models
from streams.rules import rules_of

_PEAK = "VmHWM:"


class Stopwatch:
    """Runs from the first record to the last; it counts the records."""

    def __init__(self, job: Job) -> None:
        self._wanted = job.records
        self._sample_every = job.sample_every
        self._samples: list[Sample] = []
        self._begun: tuple[float, float] | None = None
        self._ended: tuple[float, float] | None = None
        self.records = 0

    @property
    def all_read(self) -> bool:
        """Whether the last record was counted."""
        return self.records >= self._wanted

    def begin(self) -> None:
        """The first record is here; later calls change nothing."""
        if self._begun is None:
            self._begun = time.perf_counter(), time.process_time()

    def count(self, records: int) -> None:
        """So many more records are done."""
        self.records += records
        if self._sample_every and self.records // self._sample_every > len(self._samples):
            self._samples.append(Sample(self.records, resident_mb()))

    def end(self) -> None:
        """The last record is done and what came of it is on its way; later calls change nothing."""
        if self._ended is None:
            self._ended = time.perf_counter(), time.process_time()

    def reading(self) -> Reading:
        """What was measured."""
        if self._begun is None or self._ended is None:
            raise RuntimeError(f"the reader ended after {self.records} of {self._wanted} records")
        seconds, cpu_s = (ended - begun for begun, ended in zip(self._begun, self._ended, strict=True))
        return Reading(self.records, seconds, cpu_s, peak_mb(), tuple(self._samples))


class Work:
    """The triage that every reader does: hand in records of a partition as they come, get the cells to deliver."""

    def __init__(self, job: Job) -> None:
        models, rules = Models(), rules_of(settings_of(job))
        self._triage = [PartitionTriage(number, rules, models.at) for number in range(job.partitions)]
        self.watch = Stopwatch(job)

    def take(self, partition: int, records: Sequence[Record]) -> list[Cell]:
        """Triage of the next records of a partition."""
        self.watch.begin()
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
