"""What the agents share: a Faust app for one role, each partition's state for as long as it is ours, and one way out.

A partition's state is opened at its first fold after an assignment and dropped when it is revoked, unacknowledged. No
record is passed over: where a fold does not begin where the one before it ended, or where the state says, the records
between are read apart from Faust, which throws away what it fetched in a rebalance; and who had the partition last may
have written an older state after it had lost it. What is wrong with a record is the agent's business (dead letters);
what is wrong with the surroundings is waited for inside `take`; anything else is a fault of ours, and ends the process
without acknowledging, so that it is started again and loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from faust.exceptions import ConsumerNotStarted
from faust.types import TP, EventT

from playbooks import telemetry
from playbooks.health import Ready, serve_health
from playbooks.labels import Role
from streams.agents.patience import patiently
from streams.deciding.gather import Record
from streams.folding import FOLD_RECORDS, Held, folding_app
from streams.read_back import read_between
from streams.settings import Settings
from streams.wire import Topic

log = logging.getLogger(__name__)

#: Work done and nothing committed for so long: Kafka's client has lost its way, and a new process finds it.
COMMIT_STALL_S: Final = 120.0
_WATCH_EVERY_S: Final = 5.0


class RoleFailed(Exception):
    """A role could not go on; the process ends, unacknowledged, and whoever supervises it starts it again."""


class PartitionState(Protocol):
    """What an agent keeps for one partition. `first_needed` is the record its state goes on from, where it has one."""

    held: Held
    first_needed: int | None

    async def take(self, records: list[Record]) -> None:
        """Work on a fold; returns when the next may come. It is acknowledged through `held`, not by returning.

        Records that were taken before may come again.
        """
        ...


P = TypeVar("P", bound=PartitionState)


class FoldReader(Generic[P]):
    """Reads topics in folds as one role, until told to stop.

    `open_partition` makes a partition's state when its first fold comes.
    """

    def __init__(
        self, role: Role, topics: Sequence[Topic], settings: Settings, open_partition: Callable[[TP], Awaitable[P]]
    ) -> None:
        self.role = role
        self.partitions: dict[TP, P] = {}
        self._next: dict[TP, int] = {}
        self._rebalances = 0
        self._kafka = settings.kafka
        self._open = open_partition
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._acknowledged: dict[TP, int] = {}
        self._committed_at = time.monotonic()
        self._app = folding_app(f"firebreak-{role.value}", settings.kafka)
        self._metrics_host = settings.metrics_host
        channel = self._app.topic(*(topic.value for topic in topics), key_serializer="raw", value_serializer="raw")
        self._app.agent(channel, name=role.value, concurrency=1)(self._agent)
        self._app.on_partitions_revoked.connect(self._revoked)  # type: ignore[arg-type]

    @property
    def assigned(self) -> list[TP]:
        """The partitions that are ours now."""
        consumer = self._consumer
        try:
            return sorted(consumer.assignment()) if consumer else []
        except ConsumerNotStarted:
            return []

    @property
    def _consumer(self) -> Any:
        return self._app._consumer

    def fail(self, why: BaseException) -> None:
        """End the role: nothing more is acknowledged."""
        if not self._failed.done():
            self._failed.set_exception(why)

    @asynccontextmanager
    async def beside(self, *work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Do `work` while the block runs; where one of them breaks, the role ends."""
        tasks = [asyncio.create_task(self._guarded(one)) for one in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as fault:
            log.exception("%s stops: a fault of its own, nothing more is acknowledged", self.role.value)
            self.fail(fault)

    async def run(self, stop: asyncio.Event, metrics_port: int, ready: Ready) -> None:
        """Read until `stop`; raises `RoleFailed` where the role could not go on."""
        async with serve_health(self._metrics_host, metrics_port, ready, f"{self.role.value}.metrics_port"):
            await self._app.start()
            stopped = asyncio.create_task(stop.wait())
            watchdogs = [asyncio.create_task(self._watch_commits()), asyncio.create_task(self._watch_faust())]
            try:
                either: set[asyncio.Future[Any]] = {stopped, self._failed}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (stopped, *watchdogs):
                    task.cancel()
                for partition in self.partitions.values():
                    partition.held.drop()
                await self._app.stop()
        if self._failed.done():
            raise RoleFailed(f"{self.role.value}: {self._failed.exception()!r}") from self._failed.exception()

    async def _agent(self, stream: Any) -> None:
        async for event in stream.noack().events():
            try:
                await self._take(event)
            except Exception as fault:
                # Faust would acknowledge the fold and go on with the next.
                log.exception("%s stops: a fault of its own, nothing of this fold is acknowledged", self.role.value)
                self.fail(fault)
                await asyncio.Event().wait()

    async def _take(self, event: EventT[Any]) -> None:
        place = event.message.tp
        records = cast(list[Record], event.value)
        partition = self.partitions.get(place)
        if partition is None:
            partition = await self._opened(place)
        if partition is not None and self._next[place] < records[0].offset:
            await self._catch_up(place, partition, self._next[place], records[0].offset)
        if partition is None or partition.held.dropped:
            return  # somebody else's by now, or ours anew: it comes again
        partition.held.add(event)
        await partition.take(records)
        telemetry.RECORDS_PROCESSED.labels(role=self.role).inc(len(records))
        telemetry.FOLDS_HELD.labels(role=self.role).set(sum(len(one.held) for one in self.partitions.values()))
        self._next[place] = max(self._next[place], records[-1].offset + 1)
        # The fold is held until it may be acknowledged; its records are not needed so long.
        records.clear()

    async def _opened(self, place: TP) -> P | None:
        """A partition's state for its first fold; None where the partition was lost meanwhile."""
        rebalances = self._rebalances
        partition = await self._open(place)
        if rebalances != self._rebalances:
            return None
        self.partitions[place] = partition
        needed = partition.first_needed
        self._next[place] = (self._consumer._committed_offset.get(place) or 0) if needed is None else needed
        return partition

    async def _catch_up(self, place: TP, partition: P, first: int, end: int) -> None:
        """Hand on the records from `first` up to `end`, as far as Kafka has them: a topic may have holes."""
        log.info("%s reads %s partition %d from %d up to %d apart", self.role.value, *place, first, end)
        fold: list[Record] = []
        async for record in patiently(lambda: read_between(self._kafka, place, first, end), self.role):
            fold.append(record)
            if len(fold) == FOLD_RECORDS:
                await partition.take(fold)
                fold = []
        if fold:
            await partition.take(fold)

    async def _revoked(self, _app: Any, revoked: Iterable[TP], **_: Any) -> None:
        self._rebalances += 1
        for tp in revoked:
            partition = self.partitions.pop(tp, None)
            if partition is not None:
                partition.held.drop()
            self._acknowledged.pop(tp, None)

    def acknowledge(self, place: TP, held: Held, before: int) -> None:
        """Acknowledge every fold of a partition that ends before the offset `before`."""
        reached = held.acknowledge_before(before)
        if reached is not None:
            if not self._acknowledged:
                self._committed_at = time.monotonic()
            self._acknowledged[place] = reached + 1

    async def _watch_faust(self) -> None:
        """Where Faust itself gives up, nothing would come any more and nobody would know."""
        await self._app.wait_until_stopped()
        self.fail(self._app.crash_reason or RuntimeError("Faust has stopped"))

    async def _watch_commits(self) -> None:
        """Faust's commits can stop for ever after a rebalance; a process that works and commits nothing must go."""
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            consumer = self._consumer
            for place, wanted in list(self._acknowledged.items()):
                committed = consumer._committed_offset.get(place) if consumer else None
                if committed is not None and committed >= wanted:
                    del self._acknowledged[place]
                    self._committed_at = time.monotonic()
                    telemetry.LAST_COMMIT.labels(role=self.role).set_to_current_time()
            if not self._acknowledged:
                self._committed_at = time.monotonic()
            elif time.monotonic() - self._committed_at > COMMIT_STALL_S:
                self.fail(RuntimeError(f"nothing was committed for {COMMIT_STALL_S:.0f} s though folds were done"))
