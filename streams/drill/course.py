"""A drill's course: ordinary days, the crisis, the people, the end. Whatever breaks it off, it is ended and kept."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec

from playbooks.drills.drill import Drill, Result, judged
from playbooks.drills.measure import Asked, Known, Pace, measure
from playbooks.labels import Role
from playbooks.store import drills
from playbooks.wall_clock import now_ms
from streams.demo.play import Player, script
from streams.demo.telling import Telling
from streams.drill.canary import Canary
from streams.drill.choice import Choice, OfPlaybook, OfScenario, must_page
from streams.drill.house import House
from streams.drill.progress import seen_so_far
from streams.produce import MentionProducer, Record
from streams.together import end
from streams.wire import Topic, encode_signal, partition_of

_LOOK_EVERY_S: Final = 0.25
#: After the last of a crisis was played, so long until it is taken for unseen.
_UNSEEN_S: Final = 20.0
_NO_SIGNAL_S: Final = 60.0
_END_S: Final = 5.0
#: Playing the ordinary days takes so long at most; counted when it is said by when a drill must be over.
_LEARNING_S: Final = 900.0
#: After everything has happened, so long is still looked whether posts slip.
_LINGER_S: Final = 1.0
_ONE_PLATFORM: Final = "x"


class Order(msgspec.Struct, frozen=True):
    """A drill that somebody wants. `wait_s`: how long people may take, from when it is detected."""

    choice: Choice
    run: str
    brand: str
    person: str
    speed: float
    seed: int
    wait_s: float


async def conduct(house: House, order: Order, telling: Telling) -> Drill:
    """Run a drill to its end and keep it; cancelled, it ends early, which is kept too.

    Raises what `house` raises where it breaks down; the drill is over in the store then as well.
    """
    course = _Course(house, order, telling)
    drill = course.begun()
    await asyncio.to_thread(drills.keep, house.engine, drill)
    early = True
    try:
        early = not await course.run()
    finally:
        # In every case: nothing of a drill must go on that nobody runs.
        result = judged(course.result, order.choice.expected, must_page=must_page(order.choice), ended_early=early)
        kept = await asyncio.to_thread(drills.finish, house.engine, order.run, result, now_ms())
    return kept or drill


class _Course:
    def __init__(self, house: House, order: Order, telling: Telling) -> None:
        self._house = house
        self._order = order
        self._telling = telling
        self._script = None
        self._pace: Pace | None = None
        #: Since when, by the monotonic clock: the first signal is known, everything has happened, the script is over.
        self._detected: float | None = None
        self._complete: float | None = None
        self._played_out: float | None = None
        if isinstance(order.choice, OfScenario):
            self._script = script(order.brand, order.run, order.seed, now_ms(), order.choice.plot)
        self._known = Known()
        platforms = [name for name, _ in self._script.scenario.platforms] if self._script else [self._platform]
        self._canary: Canary | None = None
        if house.token is not None:
            self._canary = Canary(house.gate_url, house.token, order.brand, platforms, order.run)

    @property
    def result(self) -> Result:
        """What came of it so far, not yet judged."""
        playbook = self._order.choice.name if isinstance(self._order.choice, OfPlaybook) else None
        return measure(self._known, self._asked, self._pace, playbook)

    def begun(self) -> Drill:
        """The drill as it is kept when it begins."""
        order, began_ms = self._order, now_ms()
        played_s = (self._script.over_ms - self._script.live_ms) / 1000 / order.speed if self._script else 0.0
        longest_s = _LEARNING_S + played_s + _UNSEEN_S + order.wait_s
        until_ms = began_ms + int(1000 * longest_s)
        return Drill(order.run, order.choice.name, order.brand, self._house.place, order.person, began_ms, until_ms)

    async def run(self) -> bool:
        """Everything up to the end; False where it was broken off by whoever runs it."""
        async with MentionProducer(self._house.settings.kafka, Role.SOURCE) as producer:
            try:
                await self._play(producer)
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) is not None:
                    task.uncancel()
                return False
            finally:
                await asyncio.to_thread(self._look)
        return True

    async def _play(self, producer: MentionProducer) -> None:
        if self._script is None:
            async with self._asking():
                if self._canary is not None:
                    await self._canary.wait_until_told()
                await self._signal(producer)
                await self._until_over(None)
            return
        kafka, order = self._house.settings.kafka, self._order
        player = Player(self._script, kafka, order.speed, self._house.a_second)
        try:
            await self._ordinary_days(player, producer)
            async with self._asking():
                playing = asyncio.create_task(player.go_on(producer))
                try:
                    await self._until_over(player, playing)
                finally:
                    await end([playing])
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await producer.send(player.end())

    async def _ordinary_days(self, player: Player, producer: MentionProducer) -> None:
        assert self._script is not None
        start_ms, live_ms = self._script.scenario.start_ms, self._script.live_ms
        with self._telling.step("Ordinary days") as tell:

            def told() -> None:
                tell(f"{player.mentions:,} mentions", (player.at_ms - start_ms) / (live_ms - start_ms))

            await player.history(producer, told)
            tell(f"{player.mentions:,} mentions in {(live_ms - start_ms) // 86_400_000} days", 1.0)
        with self._telling.step("Learning") as tell:
            await self._house.learned(tell, self._script)

    async def _signal(self, producer: MentionProducer) -> None:
        """The signal of a playbook's drill, into `signals` as the watch would write it, or by hand into the store."""
        order, choice = self._order, self._order.choice
        assert isinstance(choice, OfPlaybook)
        at_ms = now_ms()
        signal = choice.signal(order.run, order.brand, at_ms)
        self._pace = Pace(at_ms, at_ms, at_ms, 1.0)
        if choice.by_hand:
            await asyncio.to_thread(drills.open_by_hand, self._house.engine, signal, choice.pinned, at_ms)
            return
        key = order.brand.encode()
        place = partition_of(key, self._house.settings.kafka.brands_partitions)
        await producer.send([Record(place, key, encode_signal(signal), Topic.SIGNALS)])

    async def _until_over(self, player: Player | None, playing: asyncio.Task[None] | None = None) -> None:
        began, over_at = time.monotonic(), math.inf
        with self._telling.step("The crisis" if player else "The signal") as tell:
            while time.monotonic() < over_at:
                await asyncio.sleep(_LOOK_EVERY_S)
                self._house.check()
                if playing is not None and playing.done():
                    playing.result()
                self._pace = self._pace_of(player) or self._pace
                await asyncio.to_thread(self._look)
                await self._house.answer(self._known)
                result = self.result
                tell(seen_so_far(result, self._order.choice.expected, self._order.speed if player else None), None)
                over_at = self._ends_at(result, player, began)

    def _ends_at(self, result: Result, player: Player | None, began: float) -> float:
        """When it is over, by the monotonic clock; endless while that is not known.

        What gets worse after everything happened is to be acknowledged and let go anew: then it is not over yet.
        """
        expected, now = self._order.choice.expected, time.monotonic()
        if expected and all(result.figures.of(part) is not None for part in expected):
            self._complete = self._complete or now
            return self._complete + _LINGER_S
        self._complete = None
        if expected and result.figures.detect_s is not None:
            self._detected = self._detected or now
            return self._detected + self._order.wait_s
        if player is None or self._script is None:
            return began + _NO_SIGNAL_S
        if player.at_ms < self._script.over_ms:
            return math.inf
        self._played_out = self._played_out or now
        return self._played_out + _UNSEEN_S

    def _look(self) -> None:
        self._known = drills.what_is_known(self._house.engine, self._order.run)

    @property
    def _asked(self) -> list[Asked]:
        return self._canary.asked if self._canary else []

    @property
    def _platform(self) -> str:
        choice = self._order.choice
        return (choice.example.platform if isinstance(choice, OfPlaybook) else None) or _ONE_PLATFORM

    def _pace_of(self, player: Player | None) -> Pace | None:
        if player is None or player.began is None or self._script is None:
            return None
        first_ms = player.first_crisis_ms or self._script.crisis_ms
        return Pace(first_ms, self._script.live_ms, int(player.began * 1000), self._order.speed)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        if self._canary is None:
            yield
            return
        asking = asyncio.create_task(self._canary.go_on())
        try:
            yield
        finally:
            await end([asking])
