"""Mentions for tests, and what of them is in Kafka."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import NamedTuple

from detectors.mention import Mention, decode_mention, rfc3339
from streams.read_back import read_back
from streams.settings import KafkaSettings
from streams.wire import HEARTBEAT_KEY, Heartbeat, Topic, decode_heartbeat


class Written(NamedTuple):
    """A record of the topic `mentions`."""

    partition: int
    key: bytes
    value: bytes


def line(number: int, at_ms: int = 1_767_603_600_000, brand: str = "acme", **more: object) -> bytes:
    """A mention as a line of JSON."""
    body = {"id": str(number), "platform": "x", "brand": brand, "text": "hm", "created_at": rfc3339(at_ms)}
    return json.dumps(body | more).encode()


def mention(number: int, at_ms: int = 1_767_603_600_000, brand: str = "acme", **more: object) -> Mention:
    """A mention."""
    return decode_mention(line(number, at_ms, brand, **more))


async def records_in(kafka: KafkaSettings) -> list[Written]:
    """Every record of `mentions`, partition by partition, in order."""
    return [
        Written(partition, key, value or b"")
        for partition in range(kafka.mentions_partitions)
        async for key, value in read_back(kafka, Topic.MENTIONS, partition)
    ]


async def mentions_in(kafka: KafkaSettings) -> list[Mention]:
    """Every mention in `mentions`."""
    return [decode_mention(found.value) for found in await records_in(kafka) if found.key != HEARTBEAT_KEY]


async def heartbeats_in(kafka: KafkaSettings, partition: int) -> list[Heartbeat]:
    """The heartbeats of one partition, in order."""
    found = await records_in(kafka)
    return [decode_heartbeat(r.value) for r in found if r.partition == partition and r.key == HEARTBEAT_KEY]


async def mentions_once(
    kafka: KafkaSettings, enough: Callable[[list[Mention]], bool], within_s: float = 30.0
) -> list[Mention]:
    """Every mention in `mentions` as soon as there are enough; fails with what is there where that takes too long."""
    deadline = time.monotonic() + within_s
    while not enough(found := await mentions_in(kafka)):
        assert time.monotonic() < deadline, f"not within {within_s:g} s; {len(found)} are there, the last {found[-3:]}"
        await asyncio.sleep(0.05)
    return found
