"""``firebreak replay`` into a real broker: every line arrives, marked, with the heartbeats that belong to it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from detectors.mention import BadMention, Fault, decode_mention
from detectors.run import Replay, run_of
from streams.brokers.broker import Broker
from streams.settings import KafkaSettings
from streams.sources.jsonl import BEAT_MS, read_lines, replay_records
from streams.topics import ensure_topics
from streams.wire import HEARTBEAT_KEY
from tests.parts.airline import AIRLINES, airline_lines
from tests.parts.mentions import heartbeats_in, line, mentions_in, mentions_once, records_in

BEGIN_MS = 1_424_000_000_000


@pytest.fixture
def config(empty_embedded_broker: Broker, tmp_path: Path) -> Path:
    """A folder of settings that names an empty broker."""
    (tmp_path / "firebreak.yaml").write_text(f"kafka:\n  servers: {empty_embedded_broker.servers}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def kafka(config: Path, empty_embedded_broker: Broker) -> KafkaSettings:
    """The empty broker, with topics."""
    settings = KafkaSettings(servers=empty_embedded_broker.servers)
    ensure_topics(settings)
    return settings


async def start(config: Path, *words: str) -> asyncio.subprocess.Process:
    """The command as a process, its input and output in our hands."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams", "--config", str(config), "replay", *words, stdin=pipe, stdout=pipe, stderr=pipe
    )


async def replay(config: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a whole replay."""
    process = await start(config, *words)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def written(path: Path, lines: Iterable[bytes]) -> str:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return str(path)


async def test_every_record_in_kafka_is_the_one_made_from_the_file(
    config: Path, kafka: KafkaSettings, tmp_path: Path
) -> None:
    lines = [line(number, BEGIN_MS + number * 7_000) for number in range(500)]
    code, out, err = await replay(config, written(tmp_path / "f.jsonl", lines), "--run", "one")
    assert (code, out) == (0, "replay-one\n")
    assert "500 mentions and 0 lines that are no mention sent, up to 2015-02-15T12:31:33.000Z" in err
    expected = [(sent.partition, sent.key, sent.value) for sent in replay_records(read_lines(lines), "replay-one", 4)]
    found = await records_in(kafka)
    for partition in range(4):
        assert [record for record in found if record.partition == partition] == [
            record for record in expected if record[0] == partition
        ]


async def test_it_reaches_nobody_whatever_the_file_says(config: Path, kafka: KafkaSettings, tmp_path: Path) -> None:
    lines = [line(1, BEGIN_MS), line(2, BEGIN_MS, run="drill-7"), line(3, BEGIN_MS, run="replay-other")]
    code, out, _ = await replay(config, written(tmp_path / "f.jsonl", lines), "--run", "drill-7")
    assert (code, out) == (0, "replay-drill-7\n")
    assert {mention.run for mention in await mentions_in(kafka)} == {"replay-drill-7"}
    assert run_of("replay-drill-7") == Replay("replay-drill-7")


async def test_without_a_name_each_replay_has_one_of_its_own(
    config: Path, kafka: KafkaSettings, tmp_path: Path
) -> None:
    path = written(tmp_path / "f.jsonl", [line(1, BEGIN_MS)])
    names = {(await replay(config, path))[1] for _ in range(2)}
    assert len(names) == 2
    assert all(name.startswith("replay-") for name in names)


async def test_bad_lines_go_through_as_they_are_and_are_counted(
    config: Path, kafka: KafkaSettings, tmp_path: Path
) -> None:
    bad = [b"rubbish", b"[]", b"\xff\xfe", b"{}", b"x" * 400_000]
    path = written(tmp_path / "f.jsonl", [line(1, BEGIN_MS), *bad[:3], b"", b"  ", *bad[3:], line(2, BEGIN_MS)])
    code, _, err = await replay(config, path)
    assert code == 0
    assert "2 mentions and 5 lines that are no mention sent" in err
    found = [record.value for record in await records_in(kafka) if record.key == b""]
    assert Counter(value[:10] for value in found) == Counter(one[:10] for one in bad)
    longest = max(found, key=len)
    with pytest.raises(BadMention) as refused:
        decode_mention(longest)
    assert refused.value.fault is Fault.TOO_LARGE


async def test_what_comes_through_a_pipe_is_sent_without_waiting_for_more(config: Path, kafka: KafkaSettings) -> None:
    process = await start(config, "-", "--run", "piped")
    assert process.stdin is not None
    for number in range(3):
        process.stdin.write(line(number, BEGIN_MS + number * BEAT_MS) + b"\n")
        await process.stdin.drain()
        await mentions_once(kafka, lambda found, enough=number + 1: len(found) == enough)  # type: ignore[misc]
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 0
    for partition in range(4):
        beats = await heartbeats_in(kafka, partition)
        assert [beat.final for beat in beats] == [False, False, False, True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_replay_that_is_broken_off_ends_its_run(
    config: Path, kafka: KafkaSettings, number: signal.Signals
) -> None:
    process = await start(config, "-", "--run", "broken")
    assert process.stdin is not None
    process.stdin.write(line(1, BEGIN_MS) + b"\n")
    await process.stdin.drain()
    await mentions_once(kafka, lambda found: len(found) == 1)
    os.kill(process.pid, number)
    assert await asyncio.wait_for(process.wait(), 30) == 1
    assert process.stderr is not None
    assert (await process.stderr.read()).startswith(b"Ended early: 1 mentions")
    for partition in range(4):
        last = (await heartbeats_in(kafka, partition))[-1]
        assert (last.run, last.at_ms, last.final) == ("replay-broken", BEGIN_MS, True)


async def test_speed_is_times_life(config: Path, kafka: KafkaSettings, tmp_path: Path) -> None:
    lines = [line(number, BEGIN_MS + number * 10_000) for number in range(5)]
    path = written(tmp_path / "f.jsonl", lines)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await replay(config, path)
    fast_s = loop.time() - began
    began = loop.time()
    await replay(config, path, "--speed", "20")
    assert 2.0 <= loop.time() - began < 2.0 + fast_s + 5.0
    began = loop.time()
    process = await start(config, path, "--speed", "1", "--run", "slow")
    try:
        found = await mentions_once(kafka, lambda found: any(mention.run == "replay-slow" for mention in found))
        assert Counter(mention.run for mention in found)["replay-slow"] == 1
    finally:
        process.terminate()
        await process.communicate()


async def test_a_broker_that_freezes_in_the_middle_loses_nothing(
    config: Path, kafka: KafkaSettings, tmp_path: Path, empty_embedded_broker: Broker
) -> None:
    lines = [line(number, BEGIN_MS + number * 100) for number in range(20_000)]
    process = await start(config, written(tmp_path / "f.jsonl", lines))
    assert process.stdout is not None
    await process.stdout.readline()
    os.kill(empty_embedded_broker.pid, signal.SIGSTOP)
    try:
        assert process.stderr is not None
        assert b"waiting for Kafka" in await asyncio.wait_for(process.stderr.readline(), 30)
    finally:
        os.kill(empty_embedded_broker.pid, signal.SIGCONT)
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert {int(mention.id) for mention in await mentions_in(kafka)} == set(range(20_000))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere.jsonl"], "/nowhere.jsonl cannot be read: No such file or directory"),
        (["-", "--run", "a b"], "--run: found 'a b', allowed are"),
    ],
)
async def test_used_wrongly_it_says_so_in_one_line(config: Path, words: list[str], said: str) -> None:
    code, out, err = await replay(config, *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"firebreak: {said}")
    assert err.count("\n") == 1


async def test_without_a_broker_it_says_so_in_one_line(tmp_path: Path, port: int) -> None:
    (tmp_path / "firebreak.yaml").write_text(f"kafka:\n  servers: 127.0.0.1:{port}\n", encoding="utf-8")
    code, out, err = await replay(tmp_path, written(tmp_path / "f.jsonl", [line(1)]))
    assert (code, out) == (2, "")
    assert err.startswith(f"firebreak: no Kafka at 127.0.0.1:{port}")


@pytest.mark.yardsticks
async def test_the_airline_posts_arrive_as_mentions(config: Path, kafka: KafkaSettings, tmp_path: Path) -> None:
    lines = list(airline_lines())
    code, _, err = await replay(config, written(tmp_path / "airline.jsonl", lines), "--run", "airline")
    assert code == 0
    assert f"{len(lines)} mentions and 0 lines that are no mention sent" in err
    found = await mentions_in(kafka)
    assert sorted(mention.id for mention in found) == sorted(decode_mention(one).id for one in lines)
    assert {mention.brand for mention in found} == set(AIRLINES)
    keys = {record.key for record in await records_in(kafka)} - {HEARTBEAT_KEY}
    assert len(keys) == len(lines)
