"""A plain Faust agent: one event a record, acknowledged as Faust does it, cells through Faust's own producer."""

from __future__ import annotations

import asyncio
from typing import Any

import faust

from streams.bench.job import BATCH_RECORDS, COMMIT_S, FETCH_BYTES, LINGER_MS, SEND_BYTES, Job, Reading
from streams.bench.work import Work
from streams.deciding.gather import Record
from streams.wire import Topic, cell_key, encode_bucket_record


def read(job: Job) -> Reading:
    """Do the job."""
    return asyncio.run(_read(job))


async def _read(job: Job) -> Reading:
    app = faust.App(
        job.group,
        broker=f"kafka://{job.servers}",
        store="memory://",
        value_serializer="raw",
        key_serializer="raw",
        broker_max_poll_records=BATCH_RECORDS,
        broker_commit_interval=COMMIT_S,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=10.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=FETCH_BYTES,
        producer_linger=LINGER_MS / 1000,
        producer_max_batch_size=SEND_BYTES,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )
    mentions = app.topic(Topic.MENTIONS.value, key_serializer="raw", value_serializer="raw")
    sink = app.topic(job.sink, key_serializer="raw", value_serializer="raw")
    work = Work(job)
    all_read = asyncio.Event()

    async def triage(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            record = Record(message.offset, round(message.timestamp * 1000), message.key, event.value)
            for cell in work.take(message.partition, [record]):
                await sink.send(key=cell_key(cell), value=encode_bucket_record(cell))
            if work.watch.all_read:
                work.watch.end()
                all_read.set()

    app.agent(mentions, name="triage")(triage)
    app.finalize()
    await app.start()
    await all_read.wait()
    await app.stop()
    return work.watch.reading()
