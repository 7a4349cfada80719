"""The bench on real Kafka: every reader that is installed does the same work, whatever its rate."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from detectors.bucket import bucket_start
from streams.bench.job import READERS, Job, ReaderName
from streams.bench.mentions import bench_mentions
from streams.bench.report import Report
from streams.bench.runner import ReaderFailed, do_job
from streams.wire import mention_key, partition_of
from tests.parts.require import require

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]

MENTIONS = 4000
PARTITIONS = 4
WITHIN_S = 500.0


def installed() -> list[ReaderName]:
    return [name for name, reader in READERS.items() if reader.installed]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One run of the command with the readers that are installed here; it leaves nothing where it was started."""
    require("java", "maven")
    chosen = [word for name in installed() for word in ("--reader", name)]
    command = [sys.executable, "-m", "streams", "bench", "--json", "--rounds=1", f"--mentions={MENTIONS}", *chosen]
    folder = tmp_path_factory.mktemp("started-here")
    ended = subprocess.run(command, capture_output=True, timeout=WITHIN_S, check=False, cwd=folder)
    assert ended.returncode == 0, ended.stderr.decode()
    assert list(folder.iterdir()) == []
    return msgspec.json.decode(ended.stdout, type=Report)


@pytest.mark.parametrize("reader", ReaderName)
def test_a_reader_makes_every_cell_that_the_mentions_have(found: Report, reader: ReaderName) -> None:
    if not READERS[reader].installed:
        pytest.skip(f"{READERS[reader].package} is not installed here (make bench installs it)")
    figures, cells = found.readers[reader], found.cells[reader]
    assert figures.mentions_per_s > 0
    assert figures.rss_mb > 10
    assert cells.count == len(expected_cells())
    assert cells.checksum == found.cells[ReaderName.FIREBREAK].checksum


def expected_cells() -> set[tuple[int, str, str, int]]:
    """Partition, brand, platform and bucket of every mention; what is written is moved by whole buckets."""
    return {
        (
            partition_of(mention_key(mention.platform, mention.id), PARTITIONS),
            mention.brand,
            mention.platform,
            bucket_start(mention.created_ms),
        )
        for mention in bench_mentions(MENTIONS)
    }


def test_a_reader_that_cannot_reach_kafka_is_told_with_the_end_of_its_log() -> None:
    job = Job(ReaderName.AIOKAFKA, "127.0.0.1:1", PARTITIONS, records=1, group="g", sink="s")
    with pytest.raises(ReaderFailed, match="KafkaConnectionError"):
        do_job(job, within_s=60.0)


def test_a_reader_that_takes_too_long_is_ended() -> None:
    job = Job(ReaderName.FIREBREAK, "127.0.0.1:1", PARTITIONS, records=1, group="g", sink="s")
    with pytest.raises(ReaderFailed, match="longer than 3 s"):
        do_job(job, within_s=3.0)
