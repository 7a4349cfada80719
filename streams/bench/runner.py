"""Runs the readers: one Kafka, the mentions written once, then reader after reader, round after round."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec

from playbooks.own_python import own_module
from streams.bench.cells import Cells, count_cells, empty_sink, group_of, sink_of
from streams.bench.job import Job, ReaderName, Reading, kafka_of
from streams.bench.mentions import write_mentions
from streams.brokers.child import Child
from streams.settings import KafkaSettings
from streams.topics import ensure_topics

_SLOWEST_PER_S: Final = 500
_START_S: Final = 120.0
_POLL_S: Final = 0.1


class ReaderFailed(Exception):
    """A reader did not do its job; the message has the end of what it said."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. Each round has every reader once; each begins with another reader."""

    readers: tuple[ReaderName, ...]
    mentions: int
    partitions: int
    rounds: int
    sample_every: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One reader in one round."""

    reader: ReaderName
    round_number: int
    reading: Reading
    cells: Cells


class Told(Protocol):
    """Who is told how far the bench is."""

    def wrote(self, mentions: int) -> None:
        """So many more mentions are written."""
        ...

    def begins(self, reader: ReaderName, round_number: int) -> None:
        """A reader begins."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """A reader ended."""
        ...


def run_plan(plan: Plan, servers: str, told: Told) -> list[Outcome]:
    """Run `plan` on the Kafka at `servers`, which must be empty; raises `ReaderFailed`."""
    kafka = kafka_of(servers, plan.partitions)
    ensure_topics(kafka)
    records = write_mentions(kafka, plan.mentions, told.wrote)
    outcomes = []
    for round_number in range(plan.rounds):
        for reader in in_turn(plan.readers, round_number):
            told.begins(reader, round_number)
            outcome = _run(plan, kafka, records, reader, round_number)
            told.ended(outcome)
            outcomes.append(outcome)
    return outcomes


def in_turn(readers: Sequence[ReaderName], round_number: int) -> list[ReaderName]:
    """The readers in the order of a round, so that none always comes first.

    >>> [str(reader) for reader in in_turn([ReaderName.FAUST, ReaderName.QUIX], 1)]
    ['quix', 'faust']
    """
    first = round_number % len(readers)
    return [*readers[first:], *readers[:first]]


def do_job(job: Job, within_s: float) -> Reading:
    """Do one job in a process of its own, which is ended in every case; raises `ReaderFailed`."""
    with tempfile.TemporaryDirectory(prefix="firebreak-bench-") as name:
        folder = Path(name)
        job_file, reading_file = folder / "job.json", folder / "reading.json"
        job_file.write_bytes(msgspec.json.encode(job))
        command = own_module("streams.bench.child", str(job_file), str(reading_file))
        child = Child(command, folder, folder / "reader.log")
        try:
            deadline = time.monotonic() + within_s
            while child.running and time.monotonic() < deadline:
                time.sleep(_POLL_S)
            took_too_long = child.running
        finally:
            child.kill()
        if not reading_file.exists():
            why = f"took longer than {within_s:.0f} s" if took_too_long else "ended without a reading"
            raise ReaderFailed(f"the reader {job.reader} {why}; the end of its log:\n{child.last_words(15)}")
        return msgspec.json.decode(reading_file.read_bytes(), type=Reading)


def _run(plan: Plan, kafka: KafkaSettings, records: int, reader: ReaderName, round_number: int) -> Outcome:
    empty_sink(kafka, reader)
    job = Job(
        reader=reader,
        servers=kafka.servers,
        partitions=plan.partitions,
        records=records,
        group=group_of(reader, round_number),
        sink=sink_of(reader),
        sample_every=plan.sample_every,
    )
    reading = do_job(job, _START_S + records / _SLOWEST_PER_S)
    return Outcome(reader, round_number, reading, count_cells(kafka, job.sink))
