"""``firebreak source`` as processes: two are started, one is killed, the other goes on; and a word for each mistake."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.brokers.broker import Broker
from streams.settings import KafkaSettings
from streams.topics import ensure_topics
from tests.parts import jetstream_server as sent
from tests.parts.jetstream_server import jetstream
from tests.parts.mentions import mentions_once
from tests.parts.waiting import until

SETTINGS = """\
kafka: {{servers: {servers}}}
store: {{url: "sqlite:///{folder}/store.db"}}
brands: {{acme: {{terms: [acme]}}}}
sources:
  lease_s: 3.0
  bluesky: {{url: "{url}", metrics_port: 0, rewind_s: 1.0}}
"""


@asynccontextmanager
async def source(config: Path, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command as a process, killed at the end if it is still there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams", "--config", str(config), "source", name, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_with(process: asyncio.subprocess.Process, part: str) -> str:
    """The first line of standard error that holds `part`."""
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while part not in (line := (await process.stderr.readline()).decode()):
            assert line, f"it ended without saying {part!r}"
    return line


async def test_of_two_processes_one_works_and_the_other_goes_on_where_it_was_killed(
    empty_embedded_broker: Broker, tmp_path: Path
) -> None:
    kafka = KafkaSettings(servers=empty_embedded_broker.servers)
    ensure_topics(kafka)
    async with jetstream("v1") as server:
        (tmp_path / "firebreak.yaml").write_text(
            SETTINGS.format(servers=kafka.servers, folder=tmp_path, url=server.url), encoding="utf-8"
        )
        begin_us = time.time_ns() // 1_000
        async with source(tmp_path, "bluesky") as first, source(tmp_path, "bluesky") as second:
            await until(lambda: server.connected == 1, "one connects", within_s=60)
            waits = await asyncio.wait(
                {
                    asyncio.create_task(line_with(process, "this process waits"), name=str(process.pid))
                    for process in (first, second)
                },
                return_when=asyncio.FIRST_COMPLETED,
            )
            waiting = {int(task.get_name()) for task in waits[0]}
            for task in waits[1]:
                task.cancel()
            working, other = (first, second) if second.pid in waiting else (second, first)
            await server.publish(*((begin_us + n, sent.post("v1", begin_us + n, str(n), "acme")) for n in range(100)))
            await mentions_once(kafka, lambda found: len({mention.id for mention in found}) == 100)
            os.kill(working.pid, signal.SIGKILL)
            await server.publish(
                *((begin_us + n, sent.post("v1", begin_us + n, str(n), "acme")) for n in range(100, 200))
            )
            await mentions_once(kafka, lambda found: len({mention.id for mention in found}) == 200)
            assert len(server.asked) == 2
            os.kill(other.pid, signal.SIGTERM)
            assert await asyncio.wait_for(other.wait(), 20) == 0


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("bluesky", "brands: {}", "no brand has terms to look for; set brands.<brand>.terms"),
        ("bluesky", "brands: {acme: {terms: ['#']}}", "brands.acme.terms[0]: found '#', a term needs"),
        (
            "webhook",
            "sources: {webhook: {secret: {env: FIREBREAK_NOT_SET}}}",
            "sources.webhook.secret: the environment variable FIREBREAK_NOT",
        ),
    ],
)
async def test_a_mistake_in_the_settings_is_one_line_and_exit_code_2(
    tmp_path: Path, name: str, settings: str, said: str
) -> None:
    (tmp_path / "firebreak.yaml").write_text(settings, encoding="utf-8")
    async with source(tmp_path, name) as process:
        _, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 2
        assert err.decode().startswith(f"firebreak: {said}")
        assert err.count(b"\n") == 1
