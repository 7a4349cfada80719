"""What a reader is told and what it tells: the job, the reading, and the five readers by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Final

import msgspec

from playbooks.settings.brands import BrandSettings
from streams.settings import KafkaSettings, Settings, TriageSettings

#: Whom the mentions are about.
BRANDS: Final = tuple(f"brand-{letter}" for letter in "abcdefgh")

#: The same for all, where a reader has it.
BATCH_RECORDS: Final = 2000
COMMIT_S: Final = 1.0
FETCH_BYTES: Final = 4 * 1024 * 1024
LINGER_MS: Final = 5
SEND_BYTES: Final = 256 * 1024

#: Firebreak gives silent partitions a heartbeat; here it would write into the topic that all readers share.
_NO_HEARTBEATS_S: Final = 1e9


class ReaderName(StrEnum):
    """The readers, slowest expected first."""

    FAUST = "faust"
    QUIX = "quix"
    BYTEWAX = "bytewax"
    AIOKAFKA = "aiokafka"
    FIREBREAK = "firebreak"


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader: the module whose `read` does a job, the package it stands or falls with, and what it is."""

    module: str
    package: str
    what: str

    @property
    def installed(self) -> bool:
        """Whether its package is on this machine."""
        try:
            return find_spec(self.package) is not None
        except ValueError:
            return True  # imported, and it has put a lazy module of its own in its place: Faust does


READERS: Final = {
    ReaderName.FAUST: Reader("streams.bench.faust_reader", "faust", "a plain Faust agent"),
    ReaderName.QUIX: Reader("streams.bench.quix_reader", "quixstreams", "Quix Streams"),
    ReaderName.BYTEWAX: Reader("streams.bench.bytewax_reader", "bytewax", "Bytewax"),
    ReaderName.AIOKAFKA: Reader("streams.bench.aiokafka_reader", "aiokafka", "plain aiokafka"),
    ReaderName.FIREBREAK: Reader("streams.bench.firebreak_reader", "faust", "Firebreak's triage"),
}


class Job(msgspec.Struct, frozen=True):
    """Read `records` records (mentions and the heartbeats behind them) and deliver their cells to the topic `sink`.

    `sample_every`: take down the memory each time so many records are done; 0 for never.
    """

    reader: ReaderName
    servers: str
    partitions: int
    records: int
    group: str
    sink: str
    sample_every: int = 0


class Sample(msgspec.Struct, frozen=True):
    """Resident memory after so many records."""

    records: int
    rss_mb: float


class Reading(msgspec.Struct, frozen=True):
    """What a reader saw: the records after the warm-up, the time and processor time for them, and peak memory."""

    records: int
    seconds: float
    cpu_s: float
    rss_mb: float
    samples: tuple[Sample, ...] = ()


def settings_of(job: Job) -> Settings:
    """The settings under which every reader works: Firebreak's defaults, with the bench's brands and broker."""
    return Settings(
        kafka=kafka_of(job.servers, job.partitions),
        triage=TriageSettings(idle_heartbeat_s=_NO_HEARTBEATS_S, metrics_port=0),
        brands=dict.fromkeys(BRANDS, BrandSettings()),
    )


def kafka_of(servers: str, partitions: int) -> KafkaSettings:
    """The broker, and the shape of the topics."""
    return KafkaSettings(servers=servers, mentions_partitions=partitions, brands_partitions=partitions)
