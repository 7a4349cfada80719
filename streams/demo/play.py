"""A play: ordinary days as fast as they go, a crisis faster than life, then life's own pace.

It is all event time that has passed already when it is played, so nothing is ahead of the clock.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from streams.produce import MentionProducer, Record, mention_record
from streams.settings import KafkaSettings
from streams.simulation.kinds import burst
from streams.simulation.scenario import Event, Scenario, Theme
from streams.simulation.telling import Told, tell
from streams.wire import encode_heartbeat

_MINUTE_MS: Final = 60_000
_BEFORE_MIN: Final = 3
#: It all begins so long before now that it, and so much more, can be played faster than life before now is reached.
_ROOM_MIN: Final = 20
_SLOT_MS: Final = 30 * _MINUTE_MS
_WEEK_MS: Final = 7 * 1440 * _MINUTE_MS
#: 1970 began on a Thursday.
_TUESDAY_MS: Final = 5 * 1440 * _MINUTE_MS
_HOUR_MS: Final = 60 * _MINUTE_MS
#: After the crisis there are ordinary hours for as long as somebody looks.
_AFTER_MIN: Final = 2 * 1440
_BATCH: Final = 2000
#: During the crisis a second of the demo is so many of life.
SPEED: Final = 30.0
_TICK_S: Final = 0.1
_BEAT_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Plot:
    """What is played: what happens (made for the minute of its onset), at which hour of a Tuesday, after how many days
    of what is usual.
    """

    make: Callable[[int], Event]
    hour: int = 12
    days: int = 14


def _burst(onset_min: int) -> Event:
    return burst(onset_min, minutes=40)


DEMO: Final = Plot(_burst)


@dataclass(frozen=True, slots=True)
class Script:
    """What is played: the scenario, when its event begins (event time), and when the first part of it does."""

    scenario: Scenario
    crisis_ms: int
    begins_ms: int

    @property
    def live_ms(self) -> int:
        """From here on it is played at a pace."""
        return self.begins_ms - _BEFORE_MIN * _MINUTE_MS

    @property
    def over_ms(self) -> int:
        """When (event time) it is over."""
        return self.crisis_ms + max(event.minutes for event in self.scenario.events) * _MINUTE_MS


def script(brand: str, run: str, seed: int, now_ms: int, plot: Plot = DEMO) -> Script:
    """Ordinary days, something that happens and is over by `now_ms`, ordinary days.

    Played at any time it is the same play: the event begins at a half-hour, where the detectors' slots do, and the
    brand's people live by a clock on which that is a Tuesday's noon, or the hour of the plot.
    """
    lead_min = -min(part.after_min for part in plot.make(0).parts)
    onset_min = plot.days * 1440 + lead_min + _BEFORE_MIN
    event = plot.make(onset_min)
    ago_ms = (event.minutes + _ROOM_MIN) * _MINUTE_MS
    crisis_ms = (now_ms - ago_ms) // _SLOT_MS * _SLOT_MS
    scenario = Scenario(
        brand,
        crisis_ms - onset_min * _MINUTE_MS,
        onset_min + event.minutes + _AFTER_MIN,
        rate_per_min=3.0,
        seed=seed,
        run=run,
        events=(event,),
        clock_shift_ms=(_TUESDAY_MS + plot.hour * _HOUR_MS - crisis_ms) % _WEEK_MS,
    )
    return Script(scenario, crisis_ms, crisis_ms - lead_min * _MINUTE_MS)


class Player:
    """Puts a script into Kafka, with heartbeats, so that time moves in every partition.

    `at_ms` is how far the play is, in event time; `first_crisis_ms` when the first mention of the crisis was written.
    `speed` is how many seconds of life a second of the crisis takes, `a_second` how many mentions of the ordinary days
    are sent in one: a system that runs has others to read as well.
    """

    def __init__(self, play: Script, kafka: KafkaSettings, speed: float = SPEED, a_second: float = math.inf) -> None:
        self.at_ms = play.scenario.start_ms
        self.mentions = 0
        self.first_crisis_ms: int | None = None
        self._play = play
        self._kafka = kafka
        self._stream: Iterator[Told] = tell(play.scenario)
        self._next = next(self._stream, None)
        self._beat_ms = play.scenario.start_ms
        self._began: float | None = None
        self._speed = speed
        self._a_second = a_second

    async def history(self, producer: MentionProducer, told: Callable[[], None]) -> None:
        """Play everything before the crisis as fast as Kafka takes it; `told` is called now and then."""
        batch: list[Record] = []
        began = time.monotonic()
        for records in self._until(self._play.live_ms):
            batch += records
            if len(batch) >= _BATCH:
                await producer.send(batch)
                batch = []
                told()
                await asyncio.sleep(max(0.0, began + self.mentions / self._a_second - time.monotonic()))
        await producer.send(batch)

    async def go_on(self, producer: MentionProducer) -> None:
        """Play the crisis and what comes after it, so many times as fast as life until now is reached."""
        began, from_ms = time.monotonic(), self._play.live_ms
        self._began = time.time()
        while self._next is not None:
            await asyncio.sleep(_TICK_S)
            fast_ms = from_ms + int((time.monotonic() - began) * self._speed * 1000)
            to_ms = min(fast_ms, time.time_ns() // 1_000_000)
            await producer.send([record for records in self._until(to_ms) for record in records])
            self.at_ms = to_ms

    @property
    def began(self) -> float | None:
        """When (`time.time()`) what happens began to be played; None before."""
        return self._began

    def played_at(self, at_ms: int) -> float:
        """When (`time.time()`) the event time `at_ms` was played, while it was played faster than life."""
        return (self._began or time.time()) + (at_ms - self._play.live_ms) / 1000 / self._speed

    def end(self) -> list[Record]:
        """The records that end the play: everything of it closes, and the workers forget it."""
        key, value = encode_heartbeat(self._play.scenario.run or "", self.at_ms, final=True)
        return [Record(place, key, value) for place in range(self._kafka.mentions_partitions)]

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
