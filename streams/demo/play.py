"""The play of the demo: two weeks of ordinary days as fast as they go, a crisis faster than life, then life's own pace.

It is all event time that has passed already when it is played, so nothing is ahead of the clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from streams.produce import MentionProducer, Record, mention_record
from streams.settings import KafkaSettings
from streams.simulation.kinds import burst
from streams.simulation.scenario import Scenario, Theme
from streams.simulation.telling import Told, tell
from streams.wire import encode_heartbeat

_MINUTE_MS: Final = 60_000
_HISTORY_MIN: Final = 14 * 1440
_BEFORE_CRISIS_MIN: Final = 3
_CRISIS_MIN: Final = 40
#: The crisis begins so long ago that it and the time after it can be played faster than life before now is reached.
_AGO_MS: Final = 60 * _MINUTE_MS
_SLOT_MS: Final = 30 * _MINUTE_MS
_WEEK_MS: Final = 7 * 1440 * _MINUTE_MS
#: 1970 began on a Thursday.
_TUESDAY_NOON_MS: Final = (5 * 1440 + 720) * _MINUTE_MS
#: After the crisis there are ordinary hours for as long as somebody looks.
_AFTER_MIN: Final = 2 * 1440
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
    """Two weeks of ordinary days, a crisis of forty minutes that began an hour or more before `now_ms`, ordinary days.

    Played at any time it is the same play: the crisis begins at a half-hour, where the detectors' slots do, and the
    brand's people live by a clock on which that is a Tuesday's noon.
    """
    crisis_min = _HISTORY_MIN + _BEFORE_CRISIS_MIN
    crisis_ms = (now_ms - _AGO_MS) // _SLOT_MS * _SLOT_MS
    scenario = Scenario(
        brand,
        crisis_ms - crisis_min * _MINUTE_MS,
        crisis_min + _CRISIS_MIN + _AFTER_MIN,
        rate_per_min=3.0,
        seed=seed,
        run=run,
        events=(burst(crisis_min, minutes=_CRISIS_MIN),),
        clock_shift_ms=(_TUESDAY_NOON_MS - crisis_ms) % _WEEK_MS,
    )
    return Script(scenario, crisis_ms)


class Player:
    """Puts a script into Kafka, with heartbeats, so that time moves in every partition.

    `at_ms` is how far the play is, in event time; `first_crisis_ms` when the first mention of the crisis was written.
    """

    def __init__(self, play: Script, kafka: KafkaSettings) -> None:
        self.at_ms = play.scenario.start_ms
        self.mentions = 0
        self.first_crisis_ms: int | None = None
        self._play = play
        self._kafka = kafka
        self._stream: Iterator[Told] = tell(play.scenario)
        self._next = next(self._stream, None)
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

    async def go_on(self, producer: MentionProducer) -> None:
        """Play the crisis and what comes after it, `SPEED` times as fast as life until now is reached."""
        began, from_ms = time.monotonic(), self._play.live_ms
        self._began = time.time()
        while self._next is not None:
            await asyncio.sleep(_TICK_S)
            fast_ms = from_ms + int((time.monotonic() - began) * SPEED * 1000)
            to_ms = min(fast_ms, time.time_ns() // 1_000_000)
            await producer.send([record for records in self._until(to_ms) for record in records])
            self.at_ms = to_ms

    def played_at(self, at_ms: int) -> float:
        """When (`time.time()`) the event time `at_ms` was played, while it was played at `SPEED`."""
        return (self._began or time.time()) + (at_ms - self._play.live_ms) / 1000 / SPEED

    def _until(self, to_ms: int) -> Iterator[list[Record]]:
        while self._next is not None and self._next.mention.created_ms < to_ms:
            theme, _, mention = self._next
            yield from self._beats_until(mention.created_ms)
            yield [mention_record(mention, self._kafka.mentions_partitions)]
            self.mentions += 1
            self.at_ms = mention.created_ms
            if theme is Theme.CRISIS and self.first_crisis_ms is None:
                self.first_crisis_ms = mention.created_ms
            self._next = next(self._stream, None)
        yield from self._beats_until(to_ms)

    def _beats_until(self, to_ms: int) -> Iterator[list[Record]]:
        """One heartbeat for each partition where the next step of time is reached; steps nobody spoke in are one."""
        step_ms = _MINUTE_MS if to_ms < self._play.live_ms else _BEAT_MS
        reached = to_ms - to_ms % step_ms
        if reached > self._beat_ms:
            self._beat_ms = reached
            key, value = encode_heartbeat(self._play.scenario.run or "", reached)
            yield [Record(place, key, value) for place in range(self._kafka.mentions_partitions)]
