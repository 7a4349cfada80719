"""Bytewax: batches from its Kafka source, one batch operator, cells through its Kafka sink.

The operator keeps its state in a closure, which is the quickest way in Bytewax and is lost in a crash; the positions in
`mentions` are kept by Bytewax's own recovery store, once a second.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from detectors.bucket import Cell
from streams.bench.job import BATCH_RECORDS, COMMIT_S, FETCH_BYTES, LINGER_MS, Job, Reading
from streams.bench.work import Work
from streams.deciding.gather import Record
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import Topic, cell_key, encode_bucket_record


def read(job: Job) -> Reading:
    """Do the job."""
    work = Work(job)
    with tempfile.TemporaryDirectory(prefix="firebreak-bytewax-") as folder:
        init_db_dir(Path(folder), 1)
        cli_main(_flow(job, work), epoch_interval=timedelta(seconds=COMMIT_S), recovery_config=RecoveryConfig(folder))
    return work.watch.reading()


def _flow(job: Job, work: Work) -> Dataflow:
    flow = Dataflow("bench")
    reads = {"max.partition.fetch.bytes": str(FETCH_BYTES)}
    sends = {"linger.ms": str(LINGER_MS), "message.max.bytes": str(LARGEST_RECORD_BYTES)}
    source = KafkaSource([job.servers], [Topic.MENTIONS.value], tail=False, add_config=reads, batch_size=BATCH_RECORDS)
    mentions = op.input("mentions", flow, source)
    cells = op.flat_map_batch("triage", mentions, lambda batch: _triage(work, batch))
    op.output("cells", op.map("encode", cells, _message), KafkaSink([job.servers], job.sink, add_config=sends))
    return flow


def _triage(work: Work, batch: list[Any]) -> Iterable[Cell]:
    cells: list[Cell] = []
    for partition, messages in groupby(batch, key=lambda message: message.partition):
        records = [Record(one.offset, one.timestamp[1], one.key, one.value) for one in messages]
        cells += work.take(partition, records)
    if work.watch.all_read:
        work.watch.end()
    return cells


def _message(cell: Cell) -> KafkaSinkMessage[bytes, bytes]:
    return KafkaSinkMessage(cell_key(cell), encode_bucket_record(cell))
