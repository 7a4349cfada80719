"""A replay at full speed through real Kafka and a backtest of the same file see the same signals."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectors.mention import encode_mention
from detectors.signal import Signal
from playbooks.incidents.decisions import encode, signal_line
from playbooks.store.engine import migrate, open_store, reading
from playbooks.store.incidents.posts import quoted
from playbooks.store.schema import signals
from streams.brokers.broker import Broker
from streams.simulation.kinds import burst
from streams.simulation.scenario import Scenario
from streams.simulation.telling import simulate
from streams.topics import ensure_topics
from tests.parts.require import CHECKOUT
from tests.parts.waiting import until
from tests.parts.worker_processes import running_workers, written_settings

BRANDS = ("acme", "bolt")
START_MS = 1_767_603_600_000
RUN = "replay-of-a-file"
WITHIN_S = 90.0
#: A campaign that lasts as long as the file: its factor is part of each signal.
CAMPAIGN = {"name": "sale", "from": "2026-01-05T09:00:00Z", "to": "2026-01-08T09:00:00Z", "factor": 1.5}
PLANNED = {
    "acme": {"planned": [CAMPAIGN]},
    "bolt": {},
}

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def a_file(path: Path) -> Path:
    """A day of two brands with a crisis each, some mentions late, some twice, and rubbish in between."""
    storm = burst(1300, minutes=20, factor=12.0)
    found = [
        mention
        for place, brand in enumerate(BRANDS)
        for mention in simulate(Scenario(brand, START_MS, 1440, 1.0, 40 + place, events=(storm,)))
    ]
    found.sort(key=lambda mention: mention.created_at)
    lines = [encode_mention(mention) for mention in found]
    chance = random.Random(3)
    for _ in range(100):
        place = chance.randrange(len(lines) - 50)
        lines.insert(place + chance.randrange(1, 50), lines[place] if chance.random() < 0.5 else b"rubbish")
    path.write_bytes(b"\n".join(lines))
    return path


async def test_a_replay_sees_what_a_backtest_sees(empty_apache_broker: Broker, tmp_path: Path) -> None:
    settings = written_settings(tmp_path, empty_apache_broker.servers, BRANDS, brands=PLANNED)
    file, decisions = a_file(tmp_path / "mentions.jsonl"), tmp_path / "decisions.jsonl"
    config = ["--config", str(tmp_path)]
    await run(*config, "backtest", str(file), "--out", str(decisions))
    wanted = [line for line in map(json.loads, decisions.read_text().splitlines()) if line["type"] == "signal"]
    assert {line["brand"] for line in wanted} == set(BRANDS), "the file holds a crisis of each brand"
    assert {(line["brand"], line["evidence"]["planned"]) for line in wanted} == {("acme", 1.5), ("bolt", 1.0)}

    await asyncio.to_thread(ensure_topics, settings.kafka)
    engine = open_store(settings.store)
    migrate(engine)
    try:
        with running_workers(tmp_path) as workers:
            await run(*config, "replay", str(file), "--run", RUN)

            def replayed() -> list[Signal]:
                workers.check()
                with reading(engine) as conn:
                    rows = conn.execute(signals.select().where(signals.c.run == RUN)).all()
                return [msgspec.convert(row.body, Signal) for row in rows]

            await until(lambda: len(replayed()) >= len(wanted), "the replay's signals are in the store", WITHIN_S)
            got = [json.loads(encode(signal_line(signal))) for signal in replayed()]
            kept = {one.ref: one.post for one in quoted(engine, refs_of(got)).values()}
    finally:
        engine.dispose()
    assert {kept[ref] for ref in refs_of(got) if ref in kept} <= refs_of(wanted), "what is quoted are the same posts"
    assert kept
    assert sorted(map(unnamed, got), key=str) == sorted(map(unnamed, wanted), key=str)


def refs_of(lines: list[dict[str, Any]]) -> set[str]:
    """What the posts of these signals are called: by the platform in a backtest, by reference in the store."""
    return {post["id"] for line in lines for post in line["evidence"].get("posts", ())}


def unnamed(line: dict[str, Any]) -> dict[str, Any]:
    """A signal without what its posts are called."""
    evidence = line["evidence"]
    posts = [post | {"id": ""} for post in evidence.get("posts", ())]
    return line | {"evidence": evidence | {"posts": posts}}


async def run(*words: str) -> None:
    """Run a command of ours to its good end."""
    command = [sys.executable, "-m", "streams", *words]
    done = await asyncio.to_thread(subprocess.run, command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
