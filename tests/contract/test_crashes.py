"""Triage, watch and respond killed at random moments of a replay on real Kafka: nothing is lost, nothing comes twice.

Twenty runs, each with a crisis, repeats and late mentions, go through the same workers while one role after the other
is killed with SIGKILL. What is in Kafka and in the store afterwards is held against an unbroken run: the same records,
read back from `mentions`, through the pure pipeline.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import Engine, func, select

from detectors.bucket import END_OF_RUN_MS
from detectors.mention import Mention
from detectors.signal import Signal, TakenDown
from playbooks.content.catalog import load_library
from playbooks.incidents.log_entry import ActionPlanned, Logged, Opened, SeverityRaised
from playbooks.settings import StoreSettings
from playbooks.store.engine import migrate, open_store, reading
from playbooks.store.incidents.incidents import incident_history, list_incidents, take_signal
from playbooks.store.incidents.posts import quoted
from playbooks.store.schema import signals as signals_table
from streams.brokers.broker import Broker
from streams.deciding.closing import PartitionWatch
from streams.deciding.gather import PartitionTriage, Record
from streams.deciding.models import Models
from streams.produce import MentionProducer
from streams.produce import Record as Produced
from streams.rules import rules_of
from streams.settings import KafkaSettings, Settings
from streams.simulation.kinds import burst
from streams.simulation.scenario import Scenario
from streams.simulation.telling import simulate
from streams.sources.jsonl import Line, replay_records
from streams.topics import ensure_topics
from streams.wire import BucketRecord, Marker, Topic, decode_bucket_record, decode_told
from tests.parts.stream_records import Accepting
from tests.parts.waiting import until_async
from tests.parts.worker_processes import ROLES, Workers, running_workers, written_settings

SEEDS = range(20)
BRANDS = ("acme", "bolt", "crab")
START_MS = 1_767_603_600_000
MINUTES = 150
WITHIN_S = 90.0
PART = 30
NOW_MS = START_MS + 86_400_000

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]


def mentions_of(seed: int) -> list[Mention]:
    """Two and a half hours of three brands with a crisis in one of them, many repeats, and some late ones."""
    chance = random.Random(seed)
    storm = burst(110, minutes=15, factor=25.0)
    found = [
        mention
        for place, brand in enumerate(BRANDS)
        for mention in simulate(
            Scenario(brand, START_MS, MINUTES, 1.5, seed * 10 + place, events=(storm,) if place == seed % 3 else ())
        )
    ]
    found.sort(key=lambda mention: mention.created_at)
    for _ in range(len(found) // 6):
        place = chance.randrange(len(found))
        mention = found[place]
        late = chance.random() < 0.2
        if late:
            found.pop(place)
        found.insert(min(len(found), place + chance.randrange(1, 300)), mention)
    return found


async def test_what_comes_out_is_that_of_a_run_that_was_never_killed(
    empty_apache_broker: Broker, tmp_path: Path
) -> None:
    settings = written_settings(tmp_path, empty_apache_broker.servers, BRANDS)
    await asyncio.to_thread(ensure_topics, settings.kafka)
    with running_workers(tmp_path) as workers, opened(settings.store) as engine:
        async with MentionProducer(settings.kafka) as producer, looking(settings.kafka) as kafka:
            going = Going(workers, kafka, engine, producer, settings.kafka)
            for seed in SEEDS:
                await going.replay(seed)
            wanted = unbroken(await kafka.records(Topic.MENTIONS), settings)
            await until_async(lambda: going.done(wanted), "every signal of every run is in the store", WITHIN_S)
            workers.check()
            got = broken(await kafka.records(Topic.BUCKETS), await kafka.records(Topic.SIGNALS))
        assert got.cells == wanted.cells
        assert got.signals == wanted.signals
        assert {signal.run for signal in got.signals.values()} == {run_of(seed) for seed in SEEDS}
        assert incidents(engine) == incidents_of(wanted.signals.values(), settings, tmp_path)


def run_of(seed: int) -> str:
    """The run of a seed."""
    return f"replay-seed-{seed}"


class Looking:
    """A look into the topics, from outside every group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def size(self, topic: Topic) -> int:
        """How many records a topic was ever given."""
        return sum((await self._consumer.end_offsets(self._places(topic))).values())

    async def records(self, topic: Topic) -> list[list[Record]]:
        """Every record of a topic, by partition."""
        places = self._places(topic)
        ends = await self._consumer.end_offsets(places)
        self._consumer.assign(places)
        await self._consumer.seek_to_beginning(*places)
        found: list[list[Record]] = [[] for _ in places]
        while any([await self._consumer.position(place) < ends[place] for place in places]):
            for place, records in (await self._consumer.getmany(timeout_ms=200)).items():
                found[place.partition] += [Record(one.offset, one.timestamp, one.key, one.value) for one in records]
        return found

    def _places(self, topic: Topic) -> list[TopicPartition]:
        return [TopicPartition(topic.value, number) for number in range(KafkaSettings().mentions_partitions)]


@asynccontextmanager
async def looking(kafka: KafkaSettings) -> AsyncIterator[Looking]:
    """A `Looking` while the block runs."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.servers, enable_auto_commit=False)
    await consumer.start()
    try:
        yield Looking(consumer)
    finally:
        await consumer.stop()


@dataclass(slots=True)
class Going:
    """The workers, and what a test does to them. `before` is how far a role was when it was last started."""

    workers: Workers
    kafka: Looking
    engine: Engine
    producer: MentionProducer
    settings: KafkaSettings
    before: dict[str, int] = field(default_factory=dict)

    async def replay(self, seed: int) -> None:
        """Send one run; at a random record, while it works, kill a role."""
        chance, role = random.Random(seed), ROLES[seed % len(ROLES)]
        lines = [Line(b"", mention) for mention in mentions_of(seed)]
        records = [
            Produced(sent.partition, sent.key, sent.value)
            for sent in replay_records(lines, run_of(seed), self.settings.mentions_partitions)
        ]
        # Respond has nothing to do before the crisis, which comes in the last third.
        first = int(len(records) * (0.85 if role == "respond" else 0.1))
        cut = chance.randrange(first + PART, len(records))
        await self.producer.send(records[:first])
        await until_async(lambda: self.has_worked(role), f"seed {seed}: {role} works", WITHIN_S)
        # It is up now, and is given the rest in small parts: there are checkpoints in the middle of the run.
        for place in range(first, cut, PART):
            await self.producer.send(records[place : min(cut, place + PART)])
        self.before[role] = await self.progress(role)
        await asyncio.to_thread(self.workers.kill, role)
        await self.producer.send(records[cut:])

    async def has_worked(self, role: str) -> bool:
        """Whether a role has done anything since it was last started."""
        self.workers.check()
        return await self.progress(role) > self.before.get(role, 0)

    async def progress(self, role: str) -> int:
        """How much a role has done, all its lives together."""
        match role:
            case "triage":
                return await self.kafka.size(Topic.BUCKETS)
            case "watch":
                return await self.kafka.size(Topic.WATCH_STATE) + await self.kafka.size(Topic.SIGNALS)
            case _:
                return taken(self.engine)

    async def done(self, wanted: Outcome) -> bool:
        """Whether every signal that there should be is in the store."""
        self.workers.check()
        return taken(self.engine) >= len(wanted.signals)


def taken(engine: Engine) -> int:
    """How many signals are in the store."""
    with reading(engine) as conn:
        return conn.execute(select(func.count()).select_from(signals_table)).scalar_one()


@dataclass(slots=True)
class Outcome:
    """What came out: cells by run as watch accepts them, and signals by id."""

    cells: dict[tuple[str, int, str, str, int], bytes] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)


def unbroken(mentions: list[list[Record]], settings: Settings) -> Outcome:
    """What a run that nobody killed makes of these records."""
    watch, out, offset = PartitionWatch(len(mentions)), Outcome(), 0
    accepting = Accepting()
    for number, records in enumerate(mentions):
        gathered = PartitionTriage(number, rules_of(settings), Models().at).fold(records)
        made: list[BucketRecord] = [*gathered.cells, *gathered.markers]
        for record in made:
            if record.run:
                accepting.take(record)
                out.signals |= {signal.id: signal for signal in watch.take(offset, record).signals}
                offset += 1
    out.cells = accepting.cells
    return out


def broken(buckets: list[list[Record]], signals: list[list[Record]]) -> Outcome:
    """What is in Kafka; the same signal twice must be the same."""
    out, ended = Outcome(), set[str]()
    for records in buckets:
        accepting = Accepting()
        for record in records:
            decoded = decode_bucket_record(record.value)
            if decoded.run:
                accepting.take(decoded)
            if isinstance(decoded, Marker) and decoded.at_ms >= END_OF_RUN_MS:
                ended.add(decoded.run)
        out.cells |= accepting.cells
    assert ended == {run_of(seed) for seed in SEEDS}
    for records in signals:
        for record in records:
            signal = decode_told(record.value)
            if isinstance(signal, TakenDown):
                continue
            assert out.signals.setdefault(signal.id, signal) == signal
    return out


def incidents(engine: Engine) -> dict[str, list[tuple[int, str, object]]]:
    """Every incident's log, without the wall clock."""
    found = list_incidents(engine, limit=1000)
    return {view.id: [told(engine, logged) for logged in incident_history(engine, view.id)] for view in found}


def told(engine: Engine, logged: Logged) -> tuple[int, str, object]:
    """An entry of the log without the wall clock, its posts by what they are: references are drawn at random."""
    entry = logged.entry
    if isinstance(entry, ActionPlanned):
        entry = msgspec.structs.replace(entry, due_ms=0)
    if isinstance(entry, Opened | SeverityRaised):
        evidence = entry.signal.evidence
        posts = quoted(engine, [post.id for post in evidence.posts])
        named = tuple(msgspec.structs.replace(post, id=posts[post.id].post) for post in evidence.posts)
        signal = msgspec.structs.replace(entry.signal, evidence=msgspec.structs.replace(evidence, posts=named))
        entry = msgspec.structs.replace(entry, signal=signal)
    return logged.at_ms, logged.actor, entry


def incidents_of(
    signals: Iterable[Signal], settings: Settings, folder: Path
) -> dict[str, list[tuple[int, str, object]]]:
    """The incidents that these signals make in a store of their own, taken in order and once."""
    library = load_library()
    with opened(StoreSettings(url=f"sqlite:///{folder / 'unbroken.db'}")) as engine:
        for signal in sorted(signals, key=lambda one: one.at_ms):
            take_signal(engine, signal, library, settings, NOW_MS)
        return incidents(engine)


@contextmanager
def opened(store: StoreSettings) -> Iterator[Engine]:
    """The store, with its tables, while the block runs."""
    engine = open_store(store)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
