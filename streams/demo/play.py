"""The play of the demo: two weeks of ordinary days as fast as they go, then a crisis, faster than life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from detectors.mention import Mention
from streams.produce import MentionProducer, Record, mention_record
from streams.settings import KafkaSettings
from streams.sources.simulated import Burst, Scenario, simulate
from streams.wire import encode_heartbeat

_MINUTE_MS: Final = 60_000
_HISTORY_DAYS: Final = 14
_BEFORE_CRISIS_MIN: Final = 3
_CRISIS_MIN: Final = 40
_BATCH: Final = 2000
#: During the crisis a second of the demo is so many of life.
SPEED: Final = 30.0
_TICK_S: Final = 0.1
_BEAT_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Script:
    """What is played: the scenario, and when the crisis begins in it (event time)."""

    scenario: Scenario
    crisis_ms: int

    @property
    def live_ms(self) -> int:
        """From here on it is played at `SPEED`."""
        return self.crisis_ms - _BEFORE_CRISIS_MIN * _MINUTE_MS


def script(brand: str, run: str, seed: int, now_ms: int) -> Script:
    """Two weeks of ordinary days up to nearly now, then a crisis of forty minutes that ends before `now_ms`."""
    minutes = _HISTORY_DAYS * 1440 + _BEFORE_CRISIS_MIN + _CRISIS_MIN
    start_ms = (now_ms // _MINUTE_MS - minutes - 1) * _MINUTE_MS
    crisis_min = _HISTORY_DAYS * 1440 + _BEFORE_CRISIS_MIN
    burst = Burst(after_min=crisis_min, minutes=_CRISIS_MIN)
    scenario = Scenario(brand, start_ms, minutes, rate_per_min=3.0, seed=seed, run=run, burst=burst)
    return Script(scenario, start_ms + crisis_min * _MINUTE_MS)


class Player:
    """Puts a script into Kafka, with heartbeats, so that time moves in every partition.

    `at_ms` is how far the play is, in event time.
    """

    def __init__(self, play: Script, kafka: KafkaSettings) -> None:
        self.at_ms = play.scenario.start_ms
        self.mentions = 0
        self._play = play
        self._kafka = kafka
        self._stream: Iterator[Mention] = simulate(play.scenario)
        self._next: Mention | None = next(self._stream, None)
        self._beat_ms = play.scenario.start_ms
        self._began: float | None = None

    async def history(self, producer: MentionProducer, told: Callable[[], None]) -> None:
        """Play everything before the crisis as fast as Kafka takes it; `told` is called now and then."""
        batch: list[Record] = []
        for records in self._until(self._play.live_ms):
            batch += records
            if len(batch) >= _BATCH:
                await producer.send(batch)
                batch = []
                told()
        await producer.send(batch)

    async def crisis(self, producer: MentionProducer, told: Callable[[], None]) -> None:
        """Play the rest at `SPEED` times life."""
        began, from_ms = time.monotonic(), self._play.live_ms
        self._began = time.time()
        while self._next is not None:
            await asyncio.sleep(_TICK_S)
            to_ms = from_ms + int((time.monotonic() - began) * SPEED * 1000)
            await producer.send([record for records in self._until(to_ms) for record in records])
            told()

    def played_at(self, at_ms: int) -> float:
        """When (`time.time()`) the event time `at_ms` was played, once the crisis is on."""
        return (self._began or time.time()) + (at_ms - self._play.live_ms) / 1000 / SPEED

    async def end(self, producer: MentionProducer) -> None:
        """End the run: what is still open closes."""
        await producer.send(self._beats(self.at_ms, final=True))

    def _until(self, to_ms: int) -> Iterator[list[Record]]:
        while self._next is not None and self._next.created_ms < to_ms:
            mention = self._next
            yield from self._beats_until(mention.created_ms)
            yield [mention_record(mention, self._kafka.mentions_partitions)]
            self.mentions += 1
            self.at_ms = mention.created_ms
            self._next = next(self._stream, None)
        yield from self._beats_until(to_ms)

    def _beats_until(self, to_ms: int) -> Iterator[list[Record]]:
        """One heartbeat for each partition where the next step of time is reached; steps nobody spoke in are one."""
        step_ms = _MINUTE_MS if to_ms < self._play.live_ms else _BEAT_MS
        reached = to_ms - to_ms % step_ms
        if reached > self._beat_ms:
            self._beat_ms = reached
            yield self._beats(reached)

    def _beats(self, at_ms: int, final: bool = False) -> list[Record]:
        key, value = encode_heartbeat(self._play.scenario.run or "", at_ms, final)
        return [Record(place, key, value) for place in range(self._kafka.mentions_partitions)]
