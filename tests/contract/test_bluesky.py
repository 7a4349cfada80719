"""The Bluesky source between a local Jetstream, a real broker and a store: nothing is lost, whatever breaks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import msgspec
import pytest
from sqlalchemy import Engine

from detectors.mention import Mention
from playbooks import telemetry
from playbooks.labels import SourceName
from playbooks.settings import StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.store import cursors, leases
from playbooks.store.engine import migrate, open_store
from streams.brokers.broker import Broker
from streams.settings import BlueskySettings, KafkaSettings, Settings, SettingsError, SourceSettings
from streams.sources import bluesky
from streams.sources.bluesky import run_bluesky
from streams.topics import ensure_topics
from tests.parts import bluesky_child
from tests.parts import jetstream_server as sent
from tests.parts.jetstream_server import WIRES, JetstreamServer, Wire, jetstream
from tests.parts.mentions import mentions_in, mentions_once
from tests.parts.waiting import settled, until

SECOND_US = 1_000_000
BRANDS = {"acme": BrandSettings(terms=("acme",)), "zenith": BrandSettings(terms=("zenith",))}


def now_us() -> int:
    return time.time_ns() // 1_000


@pytest.fixture(params=WIRES)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[JetstreamServer]:
    """A Jetstream of each version."""
    wire: Wire = request.param
    async with jetstream(wire) as running:
        yield running


@pytest.fixture
def settings(server: JetstreamServer, empty_embedded_broker: Broker, tmp_path: Path, port: int) -> Settings:
    """Settings that follow the local Jetstream into an empty broker; health on a spare port."""
    kafka = KafkaSettings(servers=empty_embedded_broker.servers)
    ensure_topics(kafka)
    followed = BlueskySettings(url=server.url, metrics_port=port, rewind_s=2.0)
    return Settings(
        kafka=kafka,
        brands=BRANDS,
        store=StoreSettings(url=f"sqlite:///{tmp_path}/store.db"),
        sources=SourceSettings(lease_s=2.0, bluesky=followed),
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Engine]:
    """The store that the source uses."""
    engine = open_store(settings.store)
    migrate(engine)
    yield engine
    engine.dispose()


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """The source runs while the block does, and ends in good order after it."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_bluesky(settings, stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def reasons(settings: Settings) -> list[str]:
    """What ``/readyz`` says against the source."""
    url = f"http://127.0.0.1:{settings.sources.bluesky.metrics_port}/readyz"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        said = await answer.json()
        found: list[str] = said.get("reasons", [])
        assert (answer.status == 200) == (not found)
        return found


async def said(settings: Settings, part: str) -> list[str]:
    """What ``/readyz`` says as soon as `part` is in it."""
    deadline = time.monotonic() + 20
    found: list[str] = []
    while not any(part in why for why in found):
        assert time.monotonic() < deadline, f"{part!r} is not said: {found}"
        with suppress(aiohttp.ClientConnectionError):
            found = await reasons(settings)
        await asyncio.sleep(0.02)
    return found


def posts(server: JetstreamServer, begin_us: int, numbers: range, text: str = "acme") -> list[tuple[int, bytes]]:
    """Frames a hundredth of a second apart, the post's number as its record key."""
    times = [(begin_us + number * 10_000, number) for number in numbers]
    return [(at_us, sent.post(server.wire, at_us, str(number), f"{text} {number}")) for at_us, number in times]


def numbers(mentions: list[Mention]) -> Counter[int]:
    return Counter(int(mention.id.rpartition("/")[2]) for mention in mentions)


def _bluesky(settings: Settings, **changes: float) -> Settings:
    """The settings with others for Bluesky."""
    changed = msgspec.structs.replace(settings.sources.bluesky, **changes)
    return msgspec.structs.replace(settings, sources=msgspec.structs.replace(settings.sources, bluesky=changed))


def gaps() -> float:
    return float(telemetry.SOURCE_GAPS.labels(source=SourceName.BLUESKY)._value.get())


def bad_frames() -> float:
    return float(telemetry.SOURCE_BAD_FRAMES.labels(source=SourceName.BLUESKY)._value.get())


async def test_posts_about_brands_arrive_and_others_do_not(server: JetstreamServer, settings: Settings) -> None:
    at_us = now_us()
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(
            (at_us, sent.post(server.wire, at_us, "1", "acme is late")),
            (at_us + 1, sent.post(server.wire, at_us + 1, "2", "good morning")),
            (at_us + 2, sent.identity(server.wire, at_us + 2, "did:plc:ann")),
            (at_us + 3, sent.post(server.wire, at_us + 3, "3", "zenith and acme")),
        )
        found = await mentions_once(settings.kafka, lambda found: len(found) == 3)
        assert await reasons(settings) == []
    assert Counter((mention.id[-1], mention.brand) for mention in found) == {
        ("1", "acme"): 1,
        ("3", "acme"): 1,
        ("3", "zenith"): 1,
    }
    assert server.cursors() == [None]


async def test_a_broken_connection_is_taken_up_a_little_before_where_it_broke(
    server: JetstreamServer, settings: Settings
) -> None:
    begin_us = now_us() - 60 * SECOND_US
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        for round_ in range(3):
            await server.publish(*posts(server, begin_us, range(round_ * 300, round_ * 300 + 300)))
            await settled(lambda: server.sent, polls=3)
            tried = len(server.asked)
            await server.drop()
            await until(lambda tried=tried: len(server.asked) > tried, "it comes back")  # type: ignore[misc]
        found = await mentions_once(settings.kafka, lambda found: len(numbers(found)) == 900)
    assert set(numbers(found)) == set(range(900))
    assert server.cursors()[0] is None
    for asked_us in server.cursors()[1:]:
        assert asked_us is not None
        assert begin_us - 2 * SECOND_US <= asked_us <= server.history[-1][0] - 2 * SECOND_US


async def test_a_server_that_is_down_is_tried_again_and_said_to_be(server: JetstreamServer, settings: Settings) -> None:
    server.refuse = 2
    async with following(settings):
        await until(lambda: len(server.asked) == 1, "it tries")
        await until(lambda: server.refuse == 0, "it tries again")
        why = await reasons(settings)
        assert len(why) == 1
        assert why[0].startswith(f"not connected to {server.url}: it answered 503")
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(*posts(server, now_us(), range(1)))
        await mentions_once(settings.kafka, lambda found: len(found) == 1)
        assert await reasons(settings) == []


async def test_bad_frames_are_counted_and_the_rest_arrives(server: JetstreamServer, settings: Settings) -> None:
    at_us, before = now_us(), bad_frames()
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(
            (at_us, b"not json"),
            (at_us, b"[]"),
            (at_us, sent.post(server.wire, at_us + 10**12, "9", "acme from the future")),
            (at_us, sent.commit(server.wire, at_us, "did:plc:ann", "8", {"text": 7})),
            (at_us, sent.post(server.wire, at_us, "7", "x" * 300_000)),
            (at_us, sent.post(server.wire, at_us, "1", "acme")),
        )
        found = await mentions_once(settings.kafka, lambda found: len(found) >= 1)
    assert set(numbers(found)) == {1}
    assert bad_frames() - before == 5


async def test_a_deleted_post_is_taken_back_for_every_brand_it_was_sent_for(
    server: JetstreamServer, settings: Settings
) -> None:
    at_us = now_us()
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(
            (at_us, sent.post(server.wire, at_us, "1", "acme and zenith")),
            (at_us + 1, sent.delete(server.wire, at_us + 1, "99")),
            (at_us + 2, sent.delete(server.wire, at_us + 2, "1")),
            (at_us + 3, sent.delete(server.wire, at_us + 3, "1")),
            (at_us + 4, sent.post(server.wire, at_us + 4, "2", "acme")),
        )
        found = await mentions_once(settings.kafka, lambda found: 2 in numbers(found))
    gone = [mention for mention in found if mention.deleted]
    assert Counter((mention.id[-1], mention.brand, mention.body) for mention in gone) == {
        ("1", "acme", ""): 1,
        ("1", "zenith", ""): 1,
    }
    assert len(found) == 5


async def test_the_posts_of_an_account_that_is_gone_are_taken_back(server: JetstreamServer, settings: Settings) -> None:
    at_us = now_us()
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(
            *posts(server, at_us, range(5)),
            (at_us + 10**6, sent.post(server.wire, at_us + 10**6, "77", "acme", did="did:plc:bob")),
            (at_us + 10**6, sent.account(server.wire, at_us + 10**6, "did:plc:ann", False, "takendown")),
        )
        found = await mentions_once(settings.kafka, lambda found: sum(m.deleted for m in found) == 5)
    assert set(numbers([mention for mention in found if mention.deleted])) == set(range(5))


async def test_a_restart_goes_on_from_the_cursor_in_the_store(
    server: JetstreamServer, settings: Settings, store: Engine
) -> None:
    begin_us = now_us() - 30 * SECOND_US
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(*posts(server, begin_us, range(100)))
        await mentions_once(settings.kafka, lambda found: len(found) == 100)
    written = cursors.read_cursor(store, "bluesky")
    assert written is not None
    assert int(written.cursor) == server.history[-1][0]
    assert leases.holder(store, "source:bluesky") is None
    await server.publish(*posts(server, begin_us, range(100, 200)))
    async with following(settings):
        found = await mentions_once(settings.kafka, lambda found: len(numbers(found)) == 200)
    assert server.cursors() == [None, int(written.cursor) - 2 * SECOND_US]
    assert set(numbers(found)) == set(range(200))


async def test_a_cursor_older_than_the_server_keeps_is_a_gap_and_said_so(
    server: JetstreamServer, settings: Settings, store: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    before = gaps()
    cursors.write_cursor(store, "bluesky", str(now_us() - 48 * 3_600 * SECOND_US), 0)
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(*posts(server, now_us(), range(1)))
        await mentions_once(settings.kafka, lambda found: len(found) == 1)
        why = await reasons(settings)
    assert server.cursors() == [None]
    assert gaps() == before + 1
    assert len(why) == 1
    assert why[0].startswith("posts may be missing since 20")
    assert why[0].endswith("older than the server keeps")
    assert any(why[0] in record.message for record in caplog.records)


async def test_a_server_that_goes_on_later_than_asked_is_a_gap(
    server: JetstreamServer, settings: Settings, store: Engine
) -> None:
    before = gaps()
    asked_us = now_us() - 3_600 * SECOND_US
    cursors.write_cursor(store, "bluesky", str(asked_us), 0)
    server.oldest_us = now_us() - 600 * SECOND_US
    await server.publish(*posts(server, asked_us, range(3)), *posts(server, server.oldest_us, range(3, 6)))
    if server.wire == "v2":
        server.greeting.append(sent.info("OutdatedCursor", "resumed from seq 7"))
    async with following(settings):
        found = await mentions_once(settings.kafka, lambda found: len(found) == 3)
        why = await reasons(settings)
    assert set(numbers(found)) == {3, 4, 5}
    assert gaps() == before + 1
    assert len(why) == 1
    assert why[0].endswith("keeps nothing so old" if server.wire == "v2" else "later than it was asked to")


async def test_no_gap_is_seen_where_there_is_none(server: JetstreamServer, settings: Settings, store: Engine) -> None:
    before, begin_us = gaps(), now_us() - 3_600 * SECOND_US
    cursors.write_cursor(store, "bluesky", str(begin_us), 0)
    await server.publish(*posts(server, begin_us, range(10)))
    async with following(settings):
        await mentions_once(settings.kafka, lambda found: len(found) == 10)
        assert await reasons(settings) == []
    assert gaps() == before


async def test_a_server_that_says_it_was_too_slow_and_hangs_up_is_taken_up_again(
    server: JetstreamServer, settings: Settings
) -> None:
    at_us = now_us() - 10 * SECOND_US
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(*posts(server, at_us, range(3)), (at_us, sent.error("ConsumerTooSlow", "bye")))
        await until(lambda: len(server.asked) == 2, "it comes back")
        server.history.pop()
        await server.publish(*posts(server, at_us, range(3, 6)))
        found = await mentions_once(settings.kafka, lambda found: len(numbers(found)) == 6)
    assert set(numbers(found)) == set(range(6))


async def test_while_kafka_is_frozen_the_socket_is_not_read_and_the_cursor_stands_still(
    server: JetstreamServer,
    settings: Settings,
    store: Engine,
    empty_embedded_broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bluesky, "QUEUED_FRAMES", 50)
    monkeypatch.setattr(bluesky, "BATCH_FRAMES", 20)
    monkeypatch.setattr(bluesky, "CURSOR_EVERY_S", 0.0)
    begin_us, many = now_us() - 60 * SECOND_US, 3_000
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        await server.publish(*posts(server, begin_us, range(10)))
        await until(lambda: cursors.read_cursor(store, "bluesky") is not None, "the cursor is written")
        await until(lambda: _cursor(store) == server.history[-1][0], "the cursor has come to the end")
        stands_us = _cursor(store)
        os.kill(empty_embedded_broker.pid, signal.SIGSTOP)
        try:
            await server.publish(*posts(server, begin_us, range(10, many), text=f"acme {'x' * 8_000}"))
            read = await settled(lambda: server.sent)
            assert read < many // 2
            assert _cursor(store) == stands_us
            await said(settings, "has not acknowledged")
        finally:
            os.kill(empty_embedded_broker.pid, signal.SIGCONT)
        found = await mentions_once(settings.kafka, lambda found: len(numbers(found)) == many)
    assert set(numbers(found)) == set(range(many))


def _cursor(store: Engine) -> int:
    written = cursors.read_cursor(store, "bluesky")
    assert written is not None
    return int(written.cursor)


@pytest.mark.parametrize("writes", [0, 1, 3])
async def test_killed_between_kafkas_word_and_the_cursor_it_reads_some_again_and_loses_none(
    server: JetstreamServer, settings: Settings, store: Engine, writes: int
) -> None:
    begin_us = now_us() - 60 * SECOND_US
    cursors.write_cursor(store, "bluesky", str(begin_us), 0)
    # Without a rewind nothing makes up for a cursor that is ahead of Kafka.
    settings = _bluesky(settings, rewind_s=0.0)
    told = msgspec.json.encode(settings).decode()
    child = await asyncio.create_subprocess_exec(sys.executable, bluesky_child.__file__, told, str(writes))
    try:
        await until(lambda: server.connected == 1, "the child connects", within_s=30)
        for begin in range(0, 1_000, 100):
            await server.publish(*posts(server, begin_us, range(begin, begin + 100)))
            await settled(lambda: server.sent, polls=3)
        assert await asyncio.wait_for(child.wait(), 30) == -signal.SIGKILL
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    before = numbers(await mentions_in(settings.kafka))
    assert before
    async with following(settings):
        after = numbers(await mentions_once(settings.kafka, lambda found: len(numbers(found)) == 1_000))
    assert set(after) == set(range(1_000))
    assert max(after.values()) == 2, "what Kafka had acknowledged and the cursor had not comes twice"


async def test_a_second_instance_waits_and_does_not_connect(
    server: JetstreamServer, settings: Settings, store: Engine
) -> None:
    second = _bluesky(settings, metrics_port=0)
    leases.acquire(store, "source:bluesky", "elsewhere", now_us() // 1_000, 600_000)
    async with following(settings):
        assert await said(settings, "elsewhere") == ["source:bluesky is run by elsewhere; this process waits"]
        assert not server.asked
        leases.release(store, "source:bluesky", "elsewhere")
        await until(lambda: server.connected == 1, "it takes over")
        async with following(second):
            await settled(lambda: len(server.asked))
            assert len(server.asked) == 1
    assert server.connected == 0


async def test_a_lost_lease_hangs_up(server: JetstreamServer, settings: Settings, store: Engine) -> None:
    async with following(settings):
        await until(lambda: server.connected == 1, "it connects")
        mine = leases.holder(store, "source:bluesky")
        assert mine is not None
        leases.release(store, "source:bluesky", mine.owner)
        leases.acquire(store, "source:bluesky", "elsewhere", 0, 2**50)
        await until(lambda: server.connected == 0, "it hangs up")


async def test_without_terms_it_does_not_start(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="no brand has terms"):
        await run_bluesky(msgspec.structs.replace(settings, brands={}), asyncio.Event())
