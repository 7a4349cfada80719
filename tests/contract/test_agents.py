"""The agents as processes: what is wrong with a record is set aside, what is wrong with the surroundings waited for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, select

from detectors.bucket import Cell
from detectors.mention import Mention
from detectors.signal import Post, Signal, TakenDown
from detectors.text.model import START, Scorer
from playbooks.labels import SampleOrigin
from playbooks.store import schema
from playbooks.store.engine import migrate, open_store, reading
from playbooks.store.schema import signals as signals_table
from streams.brokers.broker import Broker
from streams.produce import MentionProducer
from streams.produce import Record as Produced
from streams.settings import KafkaSettings, Settings
from streams.simulation.kinds import burst
from streams.simulation.scenario import Scenario
from streams.simulation.telling import simulate
from streams.sources.jsonl import Line, replay_records
from streams.topics import ensure_topics
from streams.wire import (
    Marker,
    ModelVersion,
    Sample,
    Topic,
    decode_bucket_record,
    decode_model,
    decode_told,
    encode_bucket_record,
    encode_sample,
    encode_signal,
    encode_taken_down,
)
from tests.parts.mentions import line
from tests.parts.signals import a_signal
from tests.parts.stream_records import T0
from tests.parts.topic_records import cells_accepted, has_ended, records_of, signals_in, wanted
from tests.parts.waiting import until, until_async
from tests.parts.worker_processes import Workers, written_settings

PARTITIONS = KafkaSettings().mentions_partitions
WITHIN_S = 120.0
DEEP = b"[" * 100_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def settings(empty_apache_broker: Broker, tmp_path: Path) -> Settings:
    """Apache Kafka with empty topics, a store of one's own, one brand."""
    return prepared(empty_apache_broker, tmp_path)


def prepared(broker: Broker, folder: Path, **more: dict[str, object]) -> Settings:
    made = written_settings(folder, broker.servers, ("acme",), **more)
    ensure_topics(made.kafka)
    return made


@contextmanager
def working(folder: Path, *roles: str) -> Iterator[Workers]:
    """Processes of these roles while the block runs; none may have ended by itself."""
    workers = Workers(folder)
    try:
        for role in roles:
            workers.start(role)
        yield workers
        workers.check()
    except AssertionError as failed:
        failed.add_note(workers.ended())
        raise
    finally:
        workers.end()


async def put(settings: Settings, topic: Topic, partition: int, *values: bytes | None) -> None:
    """Values into a partition, as one batch."""
    async with MentionProducer(settings.kafka) as producer:
        await producer.send([Produced(partition, b"k", value, topic) for value in values])


def replayed(run: str, mentions: Iterable[Mention]) -> list[Produced]:
    """The records of a replay, its end included."""
    lines = [Line(b"", mention) for mention in mentions]
    return [Produced(sent.partition, sent.key, sent.value) for sent in replay_records(lines, run, PARTITIONS)]


def an_hour_and_a_half(seed: int = 1) -> list[Mention]:
    """Ordinary talk and a crisis."""
    return list(simulate(Scenario("acme", T0, 90, 4.0, seed, events=(burst(75, 10, 25.0),))))


async def dead_letters(settings: Settings) -> list[dict[str, object]]:
    """Every dead letter."""
    return [
        json.loads(record.value or b"")
        for records in await records_of(settings.kafka, Topic.DEAD)
        for record in records
    ]


async def decoded_buckets(settings: Settings) -> list[Cell | Marker]:
    """Every record of `buckets`."""
    found = await records_of(settings.kafka, Topic.BUCKETS)
    return [decode_bucket_record(record.value) for records in found for record in records]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


# --- life --------------------------------------------------------------------------------------------------------


@pytest.fixture
def either(empty_broker: Broker, tmp_path: Path) -> Settings:
    """Each kind of broker in turn."""
    return prepared(empty_broker, tmp_path)


async def test_a_bad_mention_in_the_middle_of_a_fold_is_set_aside_and_where_nobody_speaks_heartbeats_close_the_buckets(
    either: Settings, tmp_path: Path
) -> None:
    spoken_ms = now_ms() - 30_000
    with working(tmp_path, "triage"):
        await put(either, Topic.MENTIONS, 2, line(1, spoken_ms), b"no mention", line(2, spoken_ms + 1))

        async def closed() -> bool:
            found = await decoded_buckets(either)
            reached = {
                one.partition
                for one in found
                if isinstance(one, Marker) and one.run == "" and one.at_ms > spoken_ms + 20_000
            }
            return reached == set(range(PARTITIONS)) and any(isinstance(one, Cell) for one in found)

        await until_async(closed, "every input partition says that the bucket is complete", WITHIN_S)
        [cell] = [one for one in await decoded_buckets(either) if isinstance(one, Cell)]
        assert (cell.partition, cell.mentions, [digest.id for digest in cell.digests]) == (2, 2, ["1", "2"])
        [letter] = await dead_letters(either)
        bad = next(one for one in (await records_of(either.kafka, Topic.MENTIONS))[2] if one.value == b"no mention")
        assert (letter["reason"], letter["topic"], letter["partition"]) == ("not_json", "mentions", 2)
        assert (letter["offset"], letter["original"]) == (bad.offset, "bm8gbWVudGlvbg==")


# --- the surroundings --------------------------------------------------------------------------------------------


async def test_while_the_broker_is_away_triage_and_watch_wait_and_nothing_is_lost(
    empty_apache_broker: Broker, settings: Settings, tmp_path: Path
) -> None:
    run = "replay-1"
    records = replayed(run, an_hour_and_a_half())
    with working(tmp_path, "triage", "watch") as workers:
        async with MentionProducer(settings.kafka) as producer:
            await producer.send(records[:300])
            await until_async(lambda: some_in(settings, Topic.BUCKETS), "triage works", WITHIN_S)
            await until(lambda: "of buckets with" in workers.log("watch"), "watch has its partitions", WITHIN_S)
            empty_apache_broker.kill()
            sending = asyncio.create_task(producer.send(records[300:]))
            await until(lambda: producer.trouble is not None, "the silence is noticed", WITHIN_S)
            await asyncio.to_thread(empty_apache_broker.restart)
            await asyncio.wait_for(sending, WITHIN_S)
        await until_async(lambda: has_ended(settings.kafka, run), "the run has ended", WITHIN_S)
        await as_unbroken(settings, run)


async def as_unbroken(settings: Settings, *runs: str) -> None:
    """Cells and signals of these runs, which have ended, are those of workers that nothing happened to."""
    cells, signals = await wanted(settings, *runs)
    assert signals, "there is a crisis in it"
    assert await cells_accepted(settings.kafka, *runs) == cells

    async def all_signalled() -> bool:
        return len(await signals_in(settings.kafka)) >= len(signals)

    await until_async(all_signalled, "every signal is sent", WITHIN_S)
    assert await signals_in(settings.kafka) == signals


async def some_in(settings: Settings, topic: Topic) -> bool:
    """Whether a topic holds anything but what moves time."""
    return any(
        b"replay-" in (record.value or b"") for part in await records_of(settings.kafka, topic) for record in part
    )


async def test_while_the_store_is_away_respond_waits_and_takes_every_signal_afterwards(
    settings: Settings, tmp_path: Path
) -> None:
    sent = [a_signal(f"sig-{number}", at_ms=T0 + number) for number in range(20)]
    file, away = tmp_path / "firebreak.db", tmp_path / "away.db"
    with working(tmp_path, "respond"):
        await put(settings, Topic.SIGNALS, 1, encode_signal(sent[0]))
        await until(lambda: file.exists() and taken(settings) == ["sig-0"], "the first is taken", WITHIN_S)
        file.rename(away)
        await put(settings, Topic.SIGNALS, 1, *map(encode_signal, sent[1:]))
        await until(lambda: b"waits for its store" in (tmp_path / "respond.log").read_bytes(), "it waits", WITHIN_S)
        away.rename(file)
        await until(lambda: len(taken(settings)) == len(sent), "every signal is taken", WITHIN_S)
    assert taken(settings) == [signal.id for signal in sent]


async def test_posts_that_are_taken_down_are_erased_behind_the_signals_that_quote_them(
    settings: Settings, tmp_path: Path
) -> None:
    signal = a_signal("sig-0", at_ms=T0)
    post = Post("77", "x", T0, 0.9, "Burnt my hand.", "ada")
    quoting = msgspec.structs.replace(signal, evidence=msgspec.structs.replace(signal.evidence, posts=(post,)))
    gone = TakenDown("", signal.brand, "x", ("77",), T0)
    with working(tmp_path, "respond"):
        later = encode_signal(a_signal("sig-1", at_ms=T0 + 1))
        await put(settings, Topic.SIGNALS, 1, encode_signal(quoting), encode_taken_down(gone), later)
        await until(
            lambda: (tmp_path / "firebreak.db").exists() and taken(settings) == ["sig-0", "sig-1"], "both", WITHIN_S
        )
    with opened(settings) as engine, reading(engine) as conn:
        [row] = conn.execute(select(schema.posts.c.text, schema.posts.c.erasure)).all()
        [why] = conn.execute(select(schema.erasures.c.reason)).scalars().all()
    assert (row.text, row.erasure is None, why) == (None, False, "It was deleted there.")


def taken(settings: Settings) -> list[str]:
    """The signals in the store, in the order of their time."""
    with opened(settings) as engine, reading(engine) as conn:
        return list(conn.execute(select(signals_table.c.id).order_by(signals_table.c.at_ms)).scalars())


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    engine = open_store(settings.store)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


# --- rubbish -----------------------------------------------------------------------------------------------------


async def test_past_the_share_dead_letters_are_sampled_ops_are_told_and_detection_goes_on(
    settings: Settings, tmp_path: Path
) -> None:
    rubbish = 3_000
    with working(tmp_path, "triage"):
        spoken_ms = now_ms() - 30_000
        batch = [value for number in range(rubbish) for value in (b"rubbish", b"rubbish", line(number, spoken_ms))]
        for first in range(0, len(batch), 1_500):
            await put(settings, Topic.MENTIONS, 0, *batch[first : first + 1_500])
        await until_async(lambda: counted(settings, rubbish), "every mention is counted", WITHIN_S)
        told = [
            found
            for records in await records_of(settings.kafka, Topic.SIGNALS)
            for record in records
            if isinstance(found := decode_told(record.value), Signal)
        ]
    letters = await dead_letters(settings)
    assert 0 < len(letters) < rubbish
    assert {letter["reason"] for letter in letters} == {"not_json"}
    assert {(signal.kind.value, signal.brand, signal.run) for signal in told} == {("dead_letters", "firebreak", "")}
    assert len({signal.id for signal in told}) == len(told) <= 2, "once a minute"


async def counted(settings: Settings, mentions: int) -> bool:
    """Whether so many mentions are in complete cells."""
    return sum(one.mentions for one in await decoded_buckets(settings) if isinstance(one, Cell)) == mentions


JUNK: Sequence[bytes | None] = (
    *(None, b"", b"hello", b"[]", b"{}", b"null", b'["c"]', b"\xff\xfe", DEEP, b'{"id":' + DEEP),
    b'{"id":"\xff"}',
    encode_bucket_record(Cell("", 0, "acme", "x", T0)).replace(b"acme", b"a\\u0000"),
    encode_bucket_record(Cell("", 0, "acme", "x", T0 + 1)),
    b"x" * 3_000_000,
)


@pytest.mark.parametrize("topic", [Topic.BUCKETS, Topic.SIGNALS, Topic.SAMPLES])
async def test_what_others_write_into_our_own_topics_is_set_aside(
    empty_apache_broker: Broker, tmp_path: Path, topic: Topic
) -> None:
    role = {Topic.BUCKETS: "watch", Topic.SIGNALS: "respond", Topic.SAMPLES: "trainer"}[topic]
    settings = prepared(empty_apache_broker, tmp_path, trainer={"metrics_port": 0, "publish_s": 0.5})
    largest = 900_000 if topic is not Topic.BUCKETS else 10**9
    junk = [value for value in JUNK if len(value or b"") < largest]
    await put(settings, topic, 0, *junk)
    with working(tmp_path, role):

        async def all_there() -> bool:
            return len(await dead_letters(settings)) >= len(junk)

        await until_async(all_there, "everything is set aside", WITHIN_S)
        letters = await dead_letters(settings)
        await until_async(lambda: still_works(settings, topic), f"{role} goes on", WITHIN_S)
    places = {(letter["reason"], letter["topic"], letter["partition"], letter["offset"]) for letter in letters}
    assert places == {("wrong_shape", topic.value, 0, offset) for offset in range(len(junk))}


async def still_works(settings: Settings, topic: Topic) -> bool:
    """Whether a good record of a topic has its effect; it is sent again each time it is asked."""
    match topic:
        case Topic.BUCKETS:
            await put(
                settings,
                topic,
                0,
                *(encode_bucket_record(Marker("replay-9", part, 2**62)) for part in range(PARTITIONS)),
            )
            return any(
                b"replay-9" in (one.value or b"") for one in (await records_of(settings.kafka, Topic.WATCH_STATE))[0]
            )
        case Topic.SIGNALS:
            await put(settings, topic, 0, encode_signal(a_signal("sig-good")))
            return taken(settings) == ["sig-good"]
        case _:
            await put(settings, topic, 0, encode_sample(Sample("gate lice", True, SampleOrigin.ANALYST)))
            return await has_learned(settings, "lice")


async def test_a_signal_that_no_store_takes_is_set_aside(settings: Settings, tmp_path: Path) -> None:
    impossible = msgspec.structs.replace(a_signal("sig-huge"), at_ms=2**70)
    await put(settings, Topic.SIGNALS, 3, encode_signal(impossible), encode_signal(a_signal("sig-good")))
    with working(tmp_path, "respond"):
        await until(
            lambda: (tmp_path / "firebreak.db").exists() and taken(settings) == ["sig-good"], "the good one", WITHIN_S
        )
    [letter] = await dead_letters(settings)
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("signals", 3, 0)


async def test_a_trainer_that_takes_over_goes_on_from_the_newest_version(
    empty_apache_broker: Broker, tmp_path: Path
) -> None:
    settings = prepared(empty_apache_broker, tmp_path, trainer={"metrics_port": 0, "publish_s": 0.3})
    with working(tmp_path, "trainer") as one, working(tmp_path, "trainer") as other:
        for learned, killed in (("lice", None), ("mice", one), ("rats", other)):
            if killed is not None:
                killed.kill("trainer")
            await put(settings, Topic.CORRECTIONS, 0, encode_sample(Sample(learned, True, SampleOrigin.ANALYST)))
            await until_async(lambda word=learned: has_learned(settings, word), f"{learned} is learned", WITHIN_S)  # type: ignore[misc]
    models = [decode_model(record.value) for record in (await records_of(settings.kafka, Topic.MODELS))[0]]
    assert [model.version for model in models] == list(range(1, len(models) + 1)), "each number once"
    assert all(knows(models[-1], word) for word in ("lice", "mice", "rats"))


async def has_learned(settings: Settings, word: str) -> bool:
    """Whether the newest version has learned that a word is negative."""
    models = (await records_of(settings.kafka, Topic.MODELS))[0]
    return bool(models) and knows(decode_model(models[-1].value), word)


def knows(model: ModelVersion, word: str) -> bool:
    """Whether a version holds a word for more negative than the shipped model does."""
    return Scorer(model.weights).score([word]) > Scorer(START).score([word]) + 0.02


# --- state that is not what it should be -------------------------------------------------------------------------


async def test_where_old_state_was_written_last_the_records_since_are_read_once_more(
    settings: Settings, tmp_path: Path
) -> None:
    run, other = "replay-1", "replay-other"
    records = replayed(run, an_hour_and_a_half())
    third = len(records) // 3
    with working(tmp_path, "triage", "watch") as workers:
        async with MentionProducer(settings.kafka) as producer:
            await producer.send(records[:third])
            await until_async(lambda: all_state(settings), "there is state of all partitions", WITHIN_S)
            old = {topic: await newest(settings, topic) for topic in (Topic.TRIAGE_STATE, Topic.WATCH_STATE)}
            await producer.send(records[third : 2 * third])
            await producer.send(replayed(other, an_hour_and_a_half(2)[:200]))
            await until_async(lambda: has_ended(settings.kafka, other), "the second third is done", WITHIN_S)
            await until_async(lambda: moved(settings, old), "state has moved on", WITHIN_S)
            workers.stop("triage")
            workers.stop("watch")
            for topic, records_then in old.items():
                await producer.send(
                    [
                        Produced(part, key, value, topic)
                        for part, kept in records_then.items()
                        for key, value in kept.items()
                    ]
                )
                await producer.send([Produced(1, b"1", b"no state at all", topic)])
            workers.start("triage")
            workers.start("watch")
            await producer.send(records[2 * third :])
        await until_async(lambda: has_ended(settings.kafka, run), "the run has ended", WITHIN_S)
        await as_unbroken(settings, run, other)


State = dict[int, dict[bytes, bytes]]


async def newest(settings: Settings, topic: Topic) -> State:
    """The newest value of each key, by partition."""
    return {
        number: {record.key or b"": record.value for record in records if record.value is not None}
        for number, records in enumerate(await records_of(settings.kafka, topic))
    }


async def all_state(settings: Settings) -> bool:
    """Whether every partition of triage, and one of watch with a brand, has state."""
    triage, watch = await newest(settings, Topic.TRIAGE_STATE), await newest(settings, Topic.WATCH_STATE)
    return all(triage.values()) and any(key.endswith(b"|acme") for kept in watch.values() for key in kept)


async def moved(settings: Settings, old: dict[Topic, State]) -> bool:
    """Whether state of each kind is another than it was; that of a partition names a fold, which may be a large one."""
    now = {topic: await newest(settings, topic) for topic in old}
    return all(any(now[topic][part] != kept for part, kept in parts.items() if kept) for topic, parts in old.items())
