"""Quix Streams: a callback a record, cells expanded from it into a topic, at least once."""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context
from quixstreams.models import Serializer

from detectors.bucket import Cell
from streams.bench.job import COMMIT_S, FETCH_BYTES, LINGER_MS, Job, Reading
from streams.bench.work import Work
from streams.deciding.gather import Record
from streams.topics import LARGEST_RECORD_BYTES
from streams.wire import Topic, cell_key, encode_bucket_record


class _CellSerializer(Serializer):  # type: ignore[misc, unused-ignore]
    def __call__(self, value: Cell, ctx: Any) -> bytes:
        return encode_bucket_record(value)


def read(job: Job) -> Reading:
    """Do the job."""
    work = Work(job)
    app: Application = Application(
        broker_address=job.servers,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_S,
        consumer_extra_config={"max.partition.fetch.bytes": FETCH_BYTES},
        producer_extra_config={"linger.ms": LINGER_MS, "message.max.bytes": LARGEST_RECORD_BYTES},
        auto_create_topics=False,
        use_changelog_topics=False,
        loglevel="WARNING",
        on_message_processed=lambda *_: _end_after_the_last(app, work),
    )
    mentions = app.topic(Topic.MENTIONS.value, key_deserializer="bytes", value_deserializer="bytes")
    sink = app.topic(job.sink, key_serializer="bytes", value_serializer=_CellSerializer())

    def triage(value: bytes, key: bytes, timestamp: int, _headers: object) -> list[Cell]:
        context = message_context()
        return work.take(context.partition, [Record(context.offset, timestamp, key, value)])

    app.dataframe(mentions).apply(triage, expand=True, metadata=True).to_topic(sink, key=cell_key)
    app.run()
    return work.watch.reading()


def _end_after_the_last(app: Application, work: Work) -> None:
    if work.watch.all_read:
        work.watch.end()
        app.stop()
