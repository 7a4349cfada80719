"""The mentions that every reader is given: eight much talked-of brands, the same words in the same order every time."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Final

import msgspec

from detectors.mention import Mention
from streams.bench.job import BRANDS
from streams.produce import MentionProducer, Record
from streams.settings import KafkaSettings
from streams.simulation.scenario import Scenario
from streams.simulation.telling import simulate
from streams.wire import encode_heartbeat

#: A Monday noon; what is written is moved to end shortly before now, in whole buckets.
_BEGIN_MS: Final = 1_767_614_400_000
_RATE_PER_MIN: Final = 800.0
_LONGEST_MIN: Final = 24 * 60
_SEED: Final = 7
_MARGIN: Final = timedelta(minutes=2)
_BUCKET_S: Final = 10
_SEND_AT_ONCE: Final = 2000


def bench_mentions(number: int) -> Iterator[Mention]:
    """The first `number` mentions, in order of time, about 300 bytes each as JSON.

    >>> first, again = list(bench_mentions(3)), list(bench_mentions(3))
    >>> first == again, len({mention.id for mention in first})
    (True, 3)
    """
    streams = (simulate(Scenario(brand, _BEGIN_MS, _LONGEST_MIN, _RATE_PER_MIN, seed=_SEED)) for brand in BRANDS)
    together = heapq.merge(*streams, key=lambda mention: mention.created_at)
    for at, mention in enumerate(islice(together, number)):
        post = f"{_BEGIN_MS + at}"
        url = f"https://{mention.platform}.example/{mention.brand}/status/{post}"
        yield msgspec.structs.replace(mention, id=post, url=url)


def write_mentions(kafka: KafkaSettings, number: int, written: Callable[[int], None]) -> int:
    """Write them to `mentions`, moved to end shortly before now, and a heartbeat behind them that closes all buckets.

    Returns how many records there are. `written` is told of each batch.
    """
    return asyncio.run(_write(kafka, number, written))


async def _write(kafka: KafkaSettings, number: int, written: Callable[[int], None]) -> int:
    mentions = list(bench_mentions(number))
    moved = _moved(mentions[-1])
    async with MentionProducer(kafka) as producer:
        for start in range(0, number, _SEND_AT_ONCE):
            batch = mentions[start : start + _SEND_AT_ONCE]
            await producer.send_mentions(
                [msgspec.structs.replace(mention, created_at=mention.created_at + moved) for mention in batch]
            )
            written(len(batch))
        end_ms = int((mentions[-1].created_at + moved + _MARGIN / 2).timestamp() * 1000)
        beats = [Record(place, *encode_heartbeat("", end_ms)) for place in range(kafka.mentions_partitions)]
        await producer.send(beats)
    return number + len(beats)


def _moved(last: Mention) -> timedelta:
    behind_s = time.time() - last.created_at.timestamp() - _MARGIN.total_seconds()
    return timedelta(seconds=behind_s // _BUCKET_S * _BUCKET_S)
