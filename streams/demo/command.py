"""The command `firebreak demo`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiohttp import ClientSession
from rich.console import Console

from detectors.mention import rfc3339
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from streams.demo import report
from streams.demo.ending import Ending
from streams.demo.learning import caught_up
from streams.demo.moments import Lookout, Moments, scheduler
from streams.demo.play import SPEED, Player, Script, script
from streams.demo.stage import BRAND, Stage, StageFailed
from streams.demo.telling import Tell, Telling
from streams.produce import MentionProducer
from streams.settings import KafkaSettings
from streams.topics import ensure_topics

_LOOK_EVERY_S: Final = 0.1
_ASK_METRICS_EVERY_S: Final = 0.5
#: So long after its beginning, the crisis has gone all the way to the hold or never will.
_PATIENCE_S: Final = 140.0


def run_demo(ends_by_itself: bool, seed: int) -> int:
    """Play the demo; the exit code: 0 where the whole chain was seen, 1 where a part did not come."""
    console, progress = Console(highlight=False), Console(stderr=True, highlight=False)
    try:
        with Ending() as ending:
            stage = Stage()
            try:
                try:
                    stage.start()
                    return asyncio.run(ending.watch(_demo(console, Telling(progress), stage, ends_by_itself, seed)))
                finally:
                    ending.begun = True
                    if ending.asked:
                        with suppress(OSError):  # the terminal may be gone
                            progress.print("Ending what was started ...")
            finally:
                stage.end()
    except (KeyboardInterrupt, asyncio.CancelledError):
        with suppress(OSError):
            progress.print("Ended: nothing of the demo is left, neither running nor on the disk.")
        return 0
    except StageFailed as failed:
        progress.print(f"The demo failed: {failed}", markup=False)
        return 1


async def _demo(console: Console, telling: Telling, stage: Stage, ends_by_itself: bool, seed: int) -> int:
    run = f"drill-demo-{seed}"
    kafka = KafkaSettings(servers=stage.servers)
    logging.basicConfig(filename=stage.folder / "demo.log", level=logging.INFO)
    with telling.step("Starting") as tell:
        await _start(tell, stage, kafka)
    report.addresses(console, stage)
    play = script(BRAND, run, seed, time.time_ns() // 1_000_000)
    player = Player(play, kafka)
    async with MentionProducer(kafka) as producer, _looking_out(stage, run) as lookout:
        await _learn(telling, stage, play, player, producer)
        if (await lookout.look()).signal is not None:
            raise StageFailed(
                f"an ordinary day of seed {seed} paged already, which is a false page; try another --seed"
            )
        playing = asyncio.create_task(player.go_on(producer))
        try:
            with telling.step("The crisis") as tell:
                moments = await _until_held(tell, stage, lookout, playing)
            if not moments.complete:
                raise StageFailed(f"{_missing(moments)} did not come; the ends of the logs:\n{stage.logs()}")
            report.show(console, moments, player)
            if not ends_by_itself:
                report.what_next(console, stage, run)
                with telling.step("Playing on") as tell:
                    await _play_on(tell, stage, player, playing)
        finally:
            playing.cancel()
            await asyncio.wait([playing])
    return 0


async def _start(tell: Tell, stage: Stage, kafka: KafkaSettings) -> None:
    def waiting(names: list[str]) -> None:
        tell(f"waiting for {', '.join(names)}", 1.0 - len(names) / (len(stage.ports) + 1))

    tell("an embedded broker, six processes", None)
    await asyncio.to_thread(ensure_topics, kafka)
    await stage.wait_until_ready(waiting)
    tell("a broker and six processes run", 1.0)


@asynccontextmanager
async def _looking_out(stage: Stage, run: str) -> AsyncIterator[Lookout]:
    engine = open_store(StoreSettings(url=f"sqlite:///{stage.folder / 'firebreak.db'}"))
    try:
        async with ClientSession() as session:
            yield Lookout(engine, stage.inbox, scheduler(session, stage.ports["gate"], stage.token), BRAND, run)
    finally:
        engine.dispose()


async def _learn(telling: Telling, stage: Stage, play: Script, player: Player, producer: MentionProducer) -> None:
    """Play two weeks, and wait until the baseline is learned from them."""
    start_ms, length_ms = play.scenario.start_ms, play.live_ms - play.scenario.start_ms
    with telling.step("Ordinary days") as tell:

        def told() -> None:
            tell(f"{player.mentions:,} mentions", (player.at_ms - start_ms) / length_ms)

        await player.history(producer, told)
        tell(f"{player.mentions:,} mentions in two weeks", 1.0)
    with telling.step("Learning") as tell:
        await caught_up(tell, stage, play)


async def _until_held(tell: Tell, stage: Stage, lookout: Lookout, playing: asyncio.Task[None]) -> Moments:
    deadline = time.monotonic() + _PATIENCE_S
    while not lookout.moments.complete and time.monotonic() < deadline:
        tell(f"{SPEED:.0f} x life: {_seen(lookout.moments)}", None)
        stage.check()
        if playing.done():
            playing.result()
        await lookout.look()
        await asyncio.sleep(_LOOK_EVERY_S)
    tell(f"{SPEED:.0f} x life: {_seen(lookout.moments)}", 1.0)
    return lookout.moments


async def _play_on(tell: Tell, stage: Stage, player: Player, playing: asyncio.Task[None]) -> None:
    """Until somebody ends it: the rest of the crisis, then ordinary days at life's own pace."""
    while not playing.done():
        stage.check()
        behind_s = time.time() - player.at_ms / 1000
        pace = f"{SPEED:.0f} x life" if behind_s > SPEED else "as fast as life"
        tell(f"{pace}, at {rfc3339(player.at_ms)[11:16]} UTC. Ctrl-C ends it", None)
        await asyncio.sleep(_ASK_METRICS_EVERY_S)
    playing.result()
    tell("the play is over. Ctrl-C ends it", 1.0)
    while True:
        stage.check()
        await asyncio.sleep(_ASK_METRICS_EVERY_S)


def _seen(moments: Moments) -> str:
    words = (("signal", moments.signal), ("hold", moments.held), ("page", moments.page), ("notice", moments.notice))
    return ", ".join(word for word, there in words if there) or "nothing yet"


def _missing(moments: Moments) -> str:
    names = ("signal", "incident", "page", "notice", "held")
    return ", ".join(name for name in names if getattr(moments, name) is None)
