"""Records into Kafka: a send returns when Kafka has acknowledged, however long that takes.

`MentionProducer` is what every source, the replay and the agents write through. While the broker is away it waits,
with growing pauses, a metric and one log line, and holds no more than what its callers handed in; so a source that does
not read on while it sends needs no other bound. Records of one call keep their order within a partition. After an error
that the client cannot mend a fresh client sends again what was not acknowledged: repeats are possible, losses are not.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Coroutine, Sequence
from itertools import zip_longest
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    ProducerClosed,
    UnknownError,
    UnsupportedVersionError,
)

from detectors.mention import Mention, encode_mention
from playbooks import telemetry
from playbooks.delivery.backoff import wait_s
from playbooks.labels import Role, WaitCause
from streams.settings import KafkaSettings
from streams.together import end
from streams.topics import LARGEST_RECORD_BYTES, TopicMismatch
from streams.wire import Topic, mention_key, partition_of

log = logging.getLogger(__name__)

CALLS_IN_FLIGHT: Final = 32
LINGER_MS: Final = 5
BATCH_BYTES: Final = 256 * 1024
REQUEST_S: Final = 10.0
START_S: Final = 15.0
RETRY_MS: Final = 500
SILENCE_S: Final = 2.0
FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 10.0


#: aiokafka asserts that it knows the partition, which it does not where a topic was made anew with fewer.
_CLIENT_ERRORS: Final = (KafkaError, OSError, TimeoutError, AssertionError)


class Record(NamedTuple):
    """One record to send; without a value it is a tombstone in a compacted topic."""

    partition: int
    key: bytes
    value: bytes | None
    topic: Topic = Topic.MENTIONS


def mention_record(mention: Mention, partitions: int) -> Record:
    """The record of a mention: keyed by `platform:id`, in the partition that the key has among `partitions`."""
    key = mention_key(mention.platform, mention.id)
    return Record(partition_of(key, partitions), key, encode_mention(mention))


_Rest = tuple[list[Record], BaseException | None]


class MentionProducer:
    """Writes to `mentions`, and to any other topic a record names, from one event loop; an async context manager.

    It connects at the first send. `role` is what waits are counted under.
    """

    def __init__(self, kafka: KafkaSettings, role: Role = Role.SOURCE) -> None:
        self._kafka = kafka
        self._role = role
        self._link: _Link | None = None
        self._linking = asyncio.Lock()
        self._calls = asyncio.Semaphore(CALLS_IN_FLIGHT)
        self._idempotent = True
        self._silent_since: float | None = None

    @property
    def trouble(self) -> str | None:
        """For readiness: what is wrong while something waits for Kafka; None while nothing does."""
        if self._silent_since is None:
            return None
        return f"Kafka at {self._kafka.servers} has not acknowledged for {time.monotonic() - self._silent_since:.0f} s"

    async def send_mentions(self, mentions: Sequence[Mention]) -> None:
        """Send mentions and return when Kafka has acknowledged every one; as `send`."""
        await self.send([mention_record(mention, self._kafka.mentions_partitions) for mention in mentions])

    async def send(self, records: Sequence[Record]) -> None:
        """Send records and return when Kafka has acknowledged every one.

        Waits for a broker that is away. Raises `TopicMismatch` where the topic has another number of partitions than
        the settings say, and `MessageSizeTooLargeError` for a record that no waiting would get into its topic. At most
        `CALLS_IN_FLIGHT` calls are under way, further ones wait for their turn. Cancelled, it sends no more; what is
        already with the broker may still be written.
        """
        async with self._calls:
            left, attempt = list(records), 0
            while left:
                left, wrong = await self._noticing_silence(self._try(left))
                if isinstance(wrong, MessageSizeTooLargeError):
                    raise wrong
                if wrong is not None:
                    attempt += 1
                    self._note_silence(type(wrong).__name__)
                    await asyncio.sleep(wait_s(attempt, random.random(), FIRST_WAIT_S, LONGEST_WAIT_S))  # noqa: S311
            self._note_answer()

    async def close(self) -> None:
        """Let the connection go. A send still under way is cancelled by its own caller; its records are dropped."""
        async with self._linking:
            link, self._link = self._link, None
            if link is not None:
                await link.let_go()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _try(self, records: list[Record]) -> _Rest:
        """Send once; what must be sent again, and why."""
        try:
            async with self._linking:
                if self._link is None:
                    self._link = await self._connect()
                link = self._link
        except _CLIENT_ERRORS as unreachable:
            return records, unreachable
        left, wrong = await link.deliver(records)
        if wrong is not None:
            async with self._linking:
                if self._link is link:
                    self._link = None
                    await link.let_go()
        return left, wrong

    async def _noticing_silence(self, trying: Coroutine[Any, Any, _Rest]) -> _Rest:
        """Wait for a try, and note each `SILENCE_S` that Kafka gives no answer."""
        task = asyncio.create_task(trying)
        try:
            while not (await asyncio.wait({task}, timeout=SILENCE_S))[0]:
                self._note_silence("no answer")
        finally:
            await end([task])
        return task.result()

    async def _connect(self) -> _Link:
        try:
            link = await _Link.open(self._kafka, self._idempotent)
        except (UnknownError, UnsupportedVersionError):
            if not self._idempotent:
                raise
            # The embedded broker gives out no producer ids. Without one a retry may repeat records.
            log.info("this broker has no idempotent producers; a retry may repeat mentions, which are dropped later")
            self._idempotent = False
            link = await _Link.open(self._kafka, self._idempotent)
        if link.partitions != self._kafka.mentions_partitions:
            await link.let_go()
            raise TopicMismatch(
                f"topic '{Topic.MENTIONS}' at {self._kafka.servers} has {link.partitions} partitions, "
                f"the settings want {self._kafka.mentions_partitions} (kafka.mentions_partitions)"
            )
        return link

    def _note_silence(self, why: str) -> None:
        telemetry.SURROUNDINGS_WAITS.labels(role=self._role, cause=WaitCause.BROKER).inc()
        if self._silent_since is None:
            self._silent_since = time.monotonic()
            log.warning("waiting for Kafka at %s (%s); nothing is lost meanwhile", self._kafka.servers, why)

    def _note_answer(self) -> None:
        if self._silent_since is not None:
            silent_s = time.monotonic() - self._silent_since
            log.warning("Kafka at %s acknowledges again after %.0f s", self._kafka.servers, silent_s)
            self._silent_since = None


class _Link:
    """One connection to Kafka, thrown away at its first error that the client itself cannot mend."""

    def __init__(self, client: AIOKafkaProducer, partitions: int) -> None:
        self.partitions = partitions
        self._client = client
        self._gone = asyncio.Event()

    @classmethod
    async def open(cls, kafka: KafkaSettings, idempotent: bool) -> _Link:
        client = AIOKafkaProducer(
            bootstrap_servers=kafka.servers,
            acks="all",
            enable_idempotence=idempotent,
            linger_ms=LINGER_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=LARGEST_RECORD_BYTES,
            request_timeout_ms=int(REQUEST_S * 1000),
            retry_backoff_ms=RETRY_MS,
        )
        try:
            async with asyncio.timeout(START_S):
                await client.start()
            return cls(client, len(await client.partitions_for(Topic.MENTIONS)))
        except BaseException:
            await client.stop()
            raise

    async def deliver(self, records: list[Record]) -> _Rest:
        """Send `records`; what is left is each partition's part from its first failure on, so its order is kept."""
        promises: list[asyncio.Future[Any]] = []
        wrong: BaseException | None = None
        gone = asyncio.create_task(self._gone.wait())
        try:
            try:
                for partition, key, value, topic in records:
                    promises.append(await self._client.send(topic, value, key=key, partition=partition))
            except _CLIENT_ERRORS as refused:
                wrong = refused
            either: set[asyncio.Future[Any]] = {asyncio.gather(*promises, return_exceptions=True), gone}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (gone, *promises):
                waiting.cancel()
        return left_over(records, promises, wrong)

    async def let_go(self) -> None:
        """Close without waiting for what is still held; another call that waits for its part is told.

        aiokafka's own `stop` waits until everything queued is delivered: for ever, while the broker is away.
        """
        self._gone.set()
        sending = self._client._sender.sender_task
        sending.cancel()  # once: told again, it would leave requests that are on their way to nobody
        await asyncio.wait({sending})
        self._client._message_accumulator._batches.clear()
        self._client._message_accumulator._pending_batches.clear()
        await self._client.stop()


def left_over(records: list[Record], promises: list[asyncio.Future[Any]], wrong: BaseException | None) -> _Rest:
    """What must be sent again, and why: of each partition everything from its first broken promise on.

    What was acknowledged after a failure goes again as well: a repeat does no harm, another order does.
    """
    broken: set[tuple[Topic, int]] = set()
    left = []
    for record, promise in zip_longest(records, promises):
        if promise is None or not promise.done() or promise.cancelled():
            failure: BaseException | None = ProducerClosed()
        else:
            failure = promise.exception()
        if failure is not None:
            broken.add((record.topic, record.partition))
            wrong = wrong or failure
        if (record.topic, record.partition) in broken:
            left.append(record)
    return left, wrong
