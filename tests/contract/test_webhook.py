"""The webhook source over real HTTP: what is answered, when, and that nothing is said to be taken that is not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from detectors.mention import MAX_RECORD_BYTES, Mention
from playbooks.secret import Secret
from playbooks.settings import StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.section import MissingSecret, SecretFrom
from playbooks.store import leases
from playbooks.store.engine import migrate, open_store
from streams.brokers.broker import Broker
from streams.produce import MentionProducer
from streams.settings import KafkaSettings, Settings, SourceSettings, TriageSettings, WebhookSourceSettings
from streams.sources import webhook
from streams.sources.signature import sign
from streams.sources.webhook import PATH, SIGNATURE, TIMESTAMP, Sends, run_webhook
from streams.topics import ensure_topics
from tests.parts.mentions import line, mentions_in
from tests.parts.waiting import until

SECRET = Secret("a secret of thirty-two characters")


@dataclass(slots=True)
class Kept:
    """Keeps what is sent; while `shut`, nothing is acknowledged."""

    mentions: list[Mention] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def send_mentions(self, mentions: Sequence[Mention]) -> None:
        self.waiting += 1
        await self.open.wait()
        self.waiting -= 1
        self.mentions.extend(mentions)


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Sender:
    """Posts to a webhook, signed unless told otherwise."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self.port = port
        self._http = http

    async def post(self, body: bytes, headers: dict[str, str] | None = None, stamp: int | None = None) -> Answer:
        """Post `body` as signed now, or at `stamp`; `headers` replaces all of them."""
        sent = signed(body, stamp) if headers is None else headers
        url = f"http://127.0.0.1:{self.port}{PATH}"
        async with self._http.post(url, data=body, headers=sent) as answer:
            return Answer(answer.status, await answer.json(), dict(answer.headers))


def signed(body: bytes, stamp: int | None = None) -> dict[str, str]:
    timestamp = str(stamp if stamp is not None else int(time.time()))
    return {TIMESTAMP: timestamp, SIGNATURE: sign(SECRET, timestamp, body)}


@asynccontextmanager
async def serving(sends: Sends) -> AsyncIterator[Sender]:
    wanted = Settings(
        brands={"acme": BrandSettings()},
        sources=SourceSettings(webhook=WebhookSourceSettings(port=0)),
        triage=TriageSettings(horizon_h=24.0 * 365 * 1000),
    )
    async with webhook.serving(wanted, SECRET, sends) as port, aiohttp.ClientSession() as http:
        yield Sender(http, port)


@pytest.fixture
async def kept() -> Kept:
    """A Kafka that acknowledges at once."""
    made = Kept()
    made.open.set()
    return made


@pytest.fixture
async def sender(kept: Kept) -> AsyncIterator[Sender]:
    """A webhook in front of `kept`."""
    async with serving(kept) as made:
        yield made


async def test_a_signed_mention_is_taken(sender: Sender, kept: Kept) -> None:
    answer = await sender.post(line(1))
    assert (answer.status, answer.body) == (202, {"accepted": 1, "rejected": []})
    assert [mention.id for mention in kept.mentions] == ["1"]


async def test_lines_are_taken_one_by_one_and_bad_ones_are_told(sender: Sender, kept: Kept) -> None:
    answer = await sender.post(b"\n".join([line(1), b"{", line(2), line(3, brand="nobody")]))
    assert answer.status == 202
    assert answer.body["accepted"] == 2
    assert [(bad["line"], bad["fault"]) for bad in answer.body["rejected"]] == [(2, "not_json"), (4, "unknown_brand")]
    assert [mention.id for mention in kept.mentions] == ["1", "2"]


async def test_what_triage_would_set_aside_for_its_time_is_not_said_to_be_taken(kept: Kept) -> None:
    now_ms = time.time_ns() // 1_000_000
    acme = Settings(brands={"acme": BrandSettings()}, sources=SourceSettings(webhook=WebhookSourceSettings(port=0)))
    hour_ms = 3_600_000
    lines = [line(1, now_ms), line(2, now_ms + hour_ms), line(3, now_ms - 8 * 24 * hour_ms), line(4, 0, run="replay-1")]
    async with webhook.serving(acme, SECRET, kept) as port, aiohttp.ClientSession() as http:
        answer = await Sender(http, port).post(b"\n".join(lines))
    assert answer.body["accepted"] == 2
    assert [(bad["line"], bad["fault"]) for bad in answer.body["rejected"]] == [(2, "future"), (3, "before_horizon")]
    assert [mention.id for mention in kept.mentions] == ["1", "4"]


async def test_it_is_not_answered_before_kafka_has_acknowledged(sender: Sender, kept: Kept) -> None:
    kept.open.clear()
    posting = asyncio.create_task(sender.post(line(1)))
    await until(lambda: kept.waiting == 1, "it is being sent")
    assert not posting.done()
    kept.open.set()
    assert (await posting).status == 202


async def test_kafka_that_does_not_acknowledge_is_a_503_and_the_same_request_may_come_again(
    sender: Sender, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "KAFKA_S", 0.1)
    kept.open.clear()
    headers = signed(line(1))
    answer = await sender.post(line(1), headers)
    assert (answer.status, answer.body["error"]) == (503, "kafka_away")
    assert answer.headers["Retry-After"] == "5"
    kept.open.set()
    assert (await sender.post(line(1), headers)).status == 202
    assert (await sender.post(line(1), headers)).status == 409


async def test_the_same_request_is_taken_once(sender: Sender, kept: Kept) -> None:
    headers = signed(line(1))
    assert (await sender.post(line(1), headers)).status == 202
    answer = await sender.post(line(1), headers)
    assert (answer.status, answer.body["error"]) == (409, "repeated")
    assert len(kept.mentions) == 1


async def test_the_same_request_twice_at_once_is_taken_once(sender: Sender, kept: Kept) -> None:
    kept.open.clear()
    headers = signed(line(1))
    first = asyncio.create_task(sender.post(line(1), headers))
    await until(lambda: kept.waiting == 1, "the first is being sent")
    assert (await sender.post(line(1), headers)).status == 409
    kept.open.set()
    assert (await first).status == 202


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({TIMESTAMP: None}, "no_timestamp"),
        ({TIMESTAMP: "soon"}, "no_timestamp"),
        ({SIGNATURE: None}, "no_signature"),
        ({SIGNATURE: "v1=abc"}, "no_signature"),
        ({SIGNATURE: "0" * 64}, "wrong_signature"),
    ],
)
async def test_what_is_not_signed_is_a_401_that_says_why(
    sender: Sender, kept: Kept, change: dict[str, str | None], error: str
) -> None:
    headers = {name: value for name, value in (signed(line(1)) | change).items() if value is not None}
    answer = await sender.post(line(1), headers)
    assert (answer.status, answer.body["error"]) == (401, error)
    assert not kept.mentions


async def test_a_signature_for_another_moment_is_a_wrong_one(sender: Sender, kept: Kept) -> None:
    moved = signed(line(1)) | {TIMESTAMP: str(int(time.time()) - 5)}
    answer = await sender.post(line(1), moved)
    assert (answer.status, answer.body["error"]) == (401, "wrong_signature")
    assert not kept.mentions


@pytest.mark.parametrize("off_s", [-310, 310])
async def test_a_request_from_another_time_is_a_401_both_ways(sender: Sender, off_s: int) -> None:
    answer = await sender.post(line(1), stamp=int(time.time()) + off_s)
    assert (answer.status, answer.body["error"]) == (401, "outside_window")


async def test_a_body_that_was_changed_on_its_way_is_a_401(sender: Sender) -> None:
    assert (await sender.post(line(2), signed(line(1)))).status == 401


async def test_a_wrong_signature_is_not_remembered_against_the_right_sender(sender: Sender) -> None:
    headers = signed(line(1))
    assert (await sender.post(line(2), headers)).status == 401
    assert (await sender.post(line(1), headers)).status == 202


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", line(1, brand="nobody"), b"{}\n{}"])
async def test_a_body_without_a_mention_is_a_400_that_names_its_lines(sender: Sender, body: bytes) -> None:
    answer = await sender.post(body)
    assert (answer.status, answer.body["error"]) == (400, "no_mention")
    assert answer.body["rejected"]


async def test_a_packed_body_is_a_400(sender: Sender) -> None:
    answer = await sender.post(line(1), signed(line(1)) | {"Content-Encoding": "gzip"})
    assert (answer.status, answer.body["error"]) == (400, "bad_request")


@pytest.mark.parametrize(("size", "status"), [(MAX_RECORD_BYTES, 202), (MAX_RECORD_BYTES + 1, 413)])
async def test_a_body_may_have_256_kib_and_not_a_byte_more(sender: Sender, size: int, status: int) -> None:
    body = line(1).ljust(size)
    assert (await sender.post(body)).status == status


async def raw(port: int, *parts: bytes) -> bytes:
    """What is answered to bytes on a bare connection, up to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def head(body: bytes, *more: str) -> bytes:
    lines = [f"POST {PATH} HTTP/1.1", "Host: h", *(f"{name}: {value}" for name, value in signed(body).items()), *more]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_body_said_to_be_too_large_is_refused_before_it_is_read(sender: Sender) -> None:
    answer = await raw(sender.port, head(b"", f"Content-Length: {10**12}"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"too_large"' in answer


async def test_a_body_that_turns_out_too_large_is_refused_on_the_way(sender: Sender) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = await raw(sender.port, head(b"", "Transfer-Encoding: chunked"), *[chunk] * 5)
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_body_that_drips_is_given_up(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "BODY_S", 0.2)
    answer = await raw(sender.port, head(line(1), "Content-Length: 100"), b"{")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"too_slow"' in answer


@pytest.mark.parametrize("beginning", [b"", f"POST {PATH} HTTP/1.1\r\nHost: h\r\nX-Drip: ".encode()])
async def test_a_head_that_drips_is_hung_up_on(kept: Kept, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(webhook, "IDLE_S", 0.3)
    async with serving(kept) as sender:
        assert await raw(sender.port, beginning) == b""


async def test_the_same_header_twice_is_not_guessed_about(sender: Sender) -> None:
    body = line(1)
    twice = head(body, f"{SIGNATURE}: {'0' * 64}", f"Content-Length: {len(body)}", "Connection: close")
    assert (await raw(sender.port, twice, body)).startswith(b"HTTP/1.1 401")


async def test_too_much_at_once_is_a_503(sender: Sender, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "REQUESTS_AT_ONCE", 2)
    kept.open.clear()
    under_way = [asyncio.create_task(sender.post(line(number))) for number in range(2)]
    await until(lambda: kept.waiting == 2, "both are being sent")
    answer = await sender.post(line(3))
    assert (answer.status, answer.body["error"]) == (503, "busy")
    kept.open.set()
    assert [(await posting).status for posting in under_way] == [202, 202]
    assert (await sender.post(line(3))).status == 202


async def test_when_no_more_signatures_can_be_remembered_it_is_a_503(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "SIGNATURES_KEPT", 1)
    async with serving(kept) as sender:
        assert (await sender.post(line(1))).status == 202
        assert (await sender.post(line(2))).status == 503


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("GET", "/metrics", 404), ("POST", "/", 404), ("GET", "/readyz", 404)],
)
async def test_other_addresses_are_refused_in_json(sender: Sender, method: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.request(method, f"http://127.0.0.1:{sender.port}{path}") as answer:
            assert answer.status == status
            assert (await answer.json())["error"] == "bad_request"


async def test_the_secret_and_the_text_are_in_no_answer_and_no_log(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    bodies = [line(1, text="private words"), b'{"text":"private words"}', b"private words"]
    said = [await sender.post(body, headers) for body in bodies for headers in (None, {}, signed(b"other"))]
    everything = json.dumps([answer.body for answer in said]) + caplog.text
    assert SECRET.reveal() not in everything
    assert "private words" not in everything


# --- with a real broker and store


@pytest.fixture
def settings(empty_embedded_broker: Broker, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The webhook on a spare port into an empty broker."""
    monkeypatch.setenv("FIREBREAK_WEBHOOK_SECRET", SECRET.reveal())
    kafka = KafkaSettings(servers=empty_embedded_broker.servers)
    ensure_topics(kafka)
    return Settings(
        kafka=kafka,
        brands={"acme": BrandSettings()},
        triage=TriageSettings(horizon_h=24.0 * 365 * 1000),
        store=StoreSettings(url=f"sqlite:///{tmp_path}/store.db"),
        sources=SourceSettings(lease_s=2.0, webhook=WebhookSourceSettings(port=port, metrics_port=0)),
    )


async def _answered(sender: Sender, body: bytes) -> Answer:
    deadline = time.monotonic() + 20
    while True:
        try:
            return await sender.post(body)
        except aiohttp.ClientConnectionError:
            assert time.monotonic() < deadline, "the webhook does not listen"
            await asyncio.sleep(0.02)


async def test_what_is_answered_with_202_is_in_kafka(settings: Settings) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(run_webhook(settings, stop))
    async with aiohttp.ClientSession() as http:
        sender = Sender(http, settings.sources.webhook.port)
        assert (await _answered(sender, line(1))).body == {"accepted": 1, "rejected": []}
        assert [mention.id for mention in await mentions_in(settings.kafka)] == ["1"]
        stop.set()
        await asyncio.wait_for(task, 20)


async def test_it_listens_only_while_it_has_the_lease(settings: Settings) -> None:
    engine = open_store(settings.store)
    migrate(engine)
    leases.acquire(engine, "source:webhook", "elsewhere", time.time_ns() // 10**6, 600_000)
    stop = asyncio.Event()
    task = asyncio.create_task(run_webhook(settings, stop))
    async with aiohttp.ClientSession() as http:
        sender = Sender(http, settings.sources.webhook.port)
        with pytest.raises(aiohttp.ClientConnectionError):
            await sender.post(line(1))
        leases.release(engine, "source:webhook", "elsewhere")
        assert (await _answered(sender, line(1))).status == 202
    stop.set()
    await asyncio.wait_for(task, 20)
    engine.dispose()


async def test_while_the_broker_is_frozen_it_says_503_and_loses_nothing(
    settings: Settings, empty_embedded_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "KAFKA_S", 0.3)
    async with MentionProducer(settings.kafka) as producer, serving(producer) as sender:
        assert (await sender.post(line(0))).status == 202
        os.kill(empty_embedded_broker.pid, signal.SIGSTOP)
        try:
            refused = [await sender.post(line(number)) for number in range(1, 4)]
            assert {answer.status for answer in refused} == {503}
        finally:
            os.kill(empty_embedded_broker.pid, signal.SIGCONT)
        monkeypatch.setattr(webhook, "KAFKA_S", 30.0)
        again = [await sender.post(line(number, again=True)) for number in range(1, 4)]
        assert {answer.status for answer in again} == {202}
    assert {mention.id for mention in await mentions_in(settings.kafka)} == {"0", "1", "2", "3"}


async def test_without_a_secret_it_does_not_start(settings: Settings) -> None:
    unset = WebhookSourceSettings(secret=SecretFrom(env="FIREBREAK_NOT_SET"))
    with pytest.raises(MissingSecret, match="FIREBREAK_NOT_SET"):
        await run_webhook(Settings(kafka=settings.kafka, sources=SourceSettings(webhook=unset)), asyncio.Event())
