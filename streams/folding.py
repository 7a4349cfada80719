"""Folded delivery: Faust hands on one event for each fetch of a partition instead of one for each record.

Faust's own work for an event costs far more than what Firebreak does with a mention, so a fold of up to two thousand
records travels as one event. It is done with two public seams and one subclass:

- the setting `ConsumerScheduler`: `FoldingScheduler` turns the records of a fetch into one record whose value is the
  list of them and whose offset is the last one's;
- `stream.noack()`: nothing is committed until `Held` acknowledges a fold, which it does strictly in order;
- `FoldingConsumer`: a fold leaves holes in the offsets that Faust sees, and Faust's bookkeeping of holes (`_add_gap`,
  `_new_offset`) loses its place in them: it adds the message's own offset to the hole before it, so that one fold a
  commit interval is committed, and forgets a hole that begins at offset 1. Because folds are acknowledged in order,
  the place to commit is simply the end of the last one acknowledged. And what a rebalance overtakes Faust throws away
  and acknowledges unseen, and does not go back for where nothing was committed yet; here it counts for nothing, and
  comes again.

`make_records` saves aiokafka the records of its own, which have eleven fields and took two microseconds each. It holds
on to private names of aiokafka's; where one of them is another, no fold can be made and every test of folds fails.

Tried against the installed Faust in tests/contract/test_folding.py, on both brokers.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP, EventT, Message

from streams.deciding.gather import Record
from streams.settings import KafkaSettings

#: Records in a fold at the most, and folds that wait for their agent at the most.
FOLD_RECORDS: Final = 2000
_FOLDS_WAITING: Final = 64

#: What Faust says through classes made here goes where its other words go.
_FAUST_LOG: Final = logging.getLogger("faust.folding")


@dataclass(slots=True)
class Fold:
    """What Faust sees in place of the records of one fetch of one partition; shaped like one record of aiokafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    value: list[Record]
    timestamp_type: int | None = None
    headers: tuple[Any, ...] = ()
    key: None = None
    checksum: int | None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


class FoldingScheduler(DefaultSchedulingStrategy):
    """Hands on one fold for each partition of a fetch."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """One `(partition, fold)` for each partition that brought records."""
        for tp, fetched in records.items():
            if fetched:
                yield tp, fold_of(tp, fetched)


def fold_of(tp: TP, fetched: list[Record]) -> Fold:
    """The records of one fetch of a partition as one."""
    last = fetched[-1]
    return Fold(tp.topic, tp.partition, last.offset, last.recorded_ms, fetched)


def make_records(fetcher: Fetcher) -> None:
    """Have a consumer's fetcher hand out each record of Kafka's as a `Record`."""
    process = fetcher._proc_fetch_request

    async def process_and_mark(*request: Any) -> Any:
        # Nothing else runs between these lines: what has just come was not looked at yet.
        outcome = await process(*request)
        for brought in fetcher._records.values():
            if isinstance(brought, FetchResult) and brought.has_more():
                brought._partition_records._consumer_record = _record
        return outcome

    fetcher._proc_fetch_request = process_and_mark


def _record(_: TP, kafkas: Any) -> Record:
    return Record(kafkas.offset, kafkas.timestamp, kafkas.key, kafkas.value)


class _ConsumerThread(AIOKafkaConsumerThread):
    logger = _FAUST_LOG

    async def on_start(self) -> None:
        await super().on_start()
        make_records(self._ensure_consumer()._fetcher)

    def _create_worker_consumer(self, transport: Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Round robin, Faust's choice, would give a role's topics of one partition each to different members.
        consumer._partition_assignment_strategy = [RangePartitionAssignor]
        return consumer


class FoldingConsumer(Consumer):
    """Commits exactly to the end of the last fold that was acknowledged."""

    logger = _FAUST_LOG

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def ack(self, message: Message) -> bool:
        """Take an acknowledgement, unless the partition is or was on its way to somebody: then it comes again."""
        app = self.app
        if message.generation_id != app.consumer_generation_id or not app.flow_control.is_active():
            return False
        return bool(super().ack(message))

    async def perform_seek(self) -> None:
        """Go back to what is committed; where nothing is, to the beginning, which Faust leaves out."""
        await super().perform_seek()
        uncommitted = [self._new_topicpartition(*tp) for tp in self.assignment() if self._read_offset[tp] is None]
        if uncommitted:
            await self._thread.seek_to_beginning(*uncommitted)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """The holes between folds are no holes: their records are inside the folds."""

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked[tp]
        if not acked:
            return None
        last: int = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return last + 1


class FoldingTransport(Transport):
    """Kafka, with the consumer above."""

    Consumer = FoldingConsumer


class FoldingApp(faust.App):
    """A Faust app that writes nothing to the disk: its tables' folders, which would be made where it is started."""

    logger = _FAUST_LOG

    async def on_first_start(self) -> None:
        """No folders: what is kept is kept in Kafka."""


def folding_app(name: str, kafka: KafkaSettings) -> faust.App:
    """A Faust app that reads its topics in folds, makes no topics, and serves no web pages.

    `name` is the consumer group. Every setting here was found to be needed; docs/streaming.md says why.
    """
    servers = ";".join(f"kafka://{server.strip()}" for server in kafka.servers.split(","))
    app = FoldingApp(
        name,
        broker=servers,
        store="memory://",
        value_serializer="raw",
        key_serializer="raw",
        ConsumerScheduler=FoldingScheduler,
        stream_buffer_maxsize=_FOLDS_WAITING,
        stream_wait_empty=False,
        broker_max_poll_records=FOLD_RECORDS,
        broker_commit_interval=1.0,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=10.0,
        broker_request_timeout=30.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        # A leader that joins while the broker comes up knows no partitions to share out, until it asks again.
        consumer_metadata_max_age_ms=5_000,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )
    app.transport = FoldingTransport(app.conf.broker_consumer, app)
    app.finalize()
    return app


@dataclass(slots=True)
class Held:
    """The folds of one partition that were handed out and not acknowledged yet, in order.

    Acknowledging a fold commits everything before it, so it is only ever done from the front. After `drop` nothing is
    acknowledged any more: the partition may be somebody else's.
    """

    _events: deque[tuple[int, EventT[Any]]] = field(default_factory=deque)
    dropped: bool = False

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: EventT[Any]) -> None:
        """A fold was taken in."""
        self._events.append((event.message.offset, event))

    def acknowledge_before(self, offset: int) -> int | None:
        """Acknowledge every fold that ends before `offset`; where the last of them ends, None where there was none."""
        reached = None
        while not self.dropped and self._events and self._events[0][0] < offset:
            reached, event = self._events.popleft()
            event.ack()
        return reached

    def drop(self) -> None:
        """Let go of everything, acknowledge none of it."""
        self.dropped = True
        self._events.clear()
