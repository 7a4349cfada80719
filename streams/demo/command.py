"""The command `firebreak demo`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from aiohttp import ClientSession
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from streams.demo import report
from streams.demo.moments import Lookout, Moments, scheduler
from streams.demo.play import SPEED, Player, Script, script
from streams.demo.stage import BRAND, Stage, StageFailed
from streams.produce import MentionProducer
from streams.settings import KafkaSettings
from streams.topics import ensure_topics

_LOOK_EVERY_S: Final = 0.1
#: After the play is over, so long for the rest of the chain.
_PATIENCE_S: Final = 60.0
_CAUGHT_UP_S: Final = 300.0


def run_demo(ends_by_itself: bool, seed: int) -> int:
    """Play the demo; the exit code: 0 where the whole chain was seen, 1 where a part did not come."""
    console = Console(highlight=False)
    with _told_to_end():
        try:
            with Stage() as stage:
                return asyncio.run(_demo(console, stage, ends_by_itself, seed))
        except KeyboardInterrupt:
            console.print("\nEnded; nothing of the demo is left running or on the disk.")
            return 0
        except StageFailed as failed:
            console.print(f"[red]The demo failed:[/red] {failed}", markup=True)
            return 1


async def _demo(console: Console, stage: Stage, ends_by_itself: bool, seed: int) -> int:
    run = f"drill-demo-{seed}"
    now_ms = time.time_ns() // 1_000_000
    play = script(BRAND, run, seed, now_ms)
    kafka = KafkaSettings(servers=stage.servers)
    logging.basicConfig(filename=stage.folder / "demo.log", level=logging.INFO)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with bar:
        await _start(bar, stage, kafka)
        engine = open_store(StoreSettings(url=f"sqlite:///{stage.folder / 'firebreak.db'}"))
        try:
            async with ClientSession() as session, MentionProducer(kafka) as producer:
                gate = scheduler(session, stage.ports["gate"], stage.token)
                lookout = Lookout(engine, stage.inbox, gate, BRAND, run)
                player = Player(play, kafka)
                moments = await _play(bar, stage, play, player, producer, lookout)
        finally:
            engine.dispose()
    if not moments.complete:
        console.print(f"[red]Not everything came:[/red] {_missing(moments)}. See the logs in {stage.folder}.")
        return 1
    report.show(console, stage, moments, play, player)
    if not ends_by_itself:
        console.print("\nEverything still runs. Ctrl-C ends it and removes what it made.")
        while True:
            await asyncio.sleep(1.0)
            stage.check()
    return 0


async def _start(bar: Progress, stage: Stage, kafka: KafkaSettings) -> None:
    task = bar.add_task("Starting", total=len(stage.ports), detail="broker, worker, runner, gate, console")
    await asyncio.to_thread(ensure_topics, kafka)
    waiting = await asyncio.to_thread(stage.wait_until_ready)
    while waiting:
        bar.update(task, completed=len(stage.ports) - len(waiting), detail=f"waiting for {', '.join(waiting)}")
        waiting = await asyncio.to_thread(stage.wait_until_ready)
    bar.update(task, completed=len(stage.ports), detail="all processes are ready")


async def _play(
    bar: Progress, stage: Stage, play: Script, player: Player, producer: MentionProducer, lookout: Lookout
) -> Moments:
    start_ms = play.scenario.start_ms
    past = bar.add_task("Two weeks of ordinary days", total=play.live_ms - start_ms, detail="")

    def told_past() -> None:
        bar.update(past, completed=player.at_ms - start_ms, detail=f"{player.mentions:,} mentions")

    await player.history(producer, told_past)
    told_past()
    await _caught_up(bar, stage, play)
    now = bar.add_task("The crisis", total=play.scenario.minutes * 60_000 + start_ms - play.live_ms, detail="")

    def told_now() -> None:
        bar.update(now, completed=player.at_ms - play.live_ms, detail=_news(lookout.moments))

    acting = asyncio.create_task(player.crisis(producer, told_now))
    deadline = None
    while not lookout.moments.complete:
        await asyncio.sleep(_LOOK_EVERY_S)
        stage.check()
        await lookout.look()
        if acting.done():
            await acting
            deadline = deadline or time.monotonic() + _PATIENCE_S
            if time.monotonic() > deadline:
                break
    bar.update(now, detail=_news(lookout.moments))
    acting.cancel()
    return lookout.moments


async def _caught_up(bar: Progress, stage: Stage, play: Script) -> None:
    """Wait until the baseline of two weeks is learned: the watch has closed what lies before the crisis."""
    task = bar.add_task("Learning what is usual", total=None, detail="")
    deadline = time.monotonic() + _CAUGHT_UP_S
    async with ClientSession() as session:
        while time.monotonic() < deadline:
            stage.check()
            reached_s = await _watermark_s(session, stage.ports["watch"])
            days = max(0.0, (reached_s - play.scenario.start_ms / 1000) / 86_400) if reached_s else 0.0
            bar.update(task, detail=f"{days:.1f} of 14 days")
            if reached_s * 1000 >= play.live_ms - 120_000:
                bar.update(task, total=1, completed=1, detail="two weeks learned, not given")
                return
            await asyncio.sleep(_LOOK_EVERY_S)
    raise StageFailed(f"the watch did not catch up within {_CAUGHT_UP_S:.0f} s\n{stage.log('watch')}")


async def _watermark_s(session: ClientSession, port: int) -> float:
    async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        for line in (await answer.text()).splitlines():
            if line.startswith("firebreak_watermark_seconds") and 'run_kind="drill"' in line:
                return float(line.rpartition(" ")[2])
    return 0.0


def _news(moments: Moments) -> str:
    seen = [
        word
        for word, there in (
            ("signal", moments.signal),
            ("page", moments.page),
            ("executives", moments.notice),
            ("hold", moments.held),
        )
        if there
    ]
    return f"{SPEED:.0f} times life; seen: {', '.join(seen) or 'nothing yet'}"


def _missing(moments: Moments) -> str:
    names = ("signal", "incident", "page", "notice", "held")
    return ", ".join(name for name in names if getattr(moments, name) is None)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: everything it started is ended."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(run_demo(ends_by_itself=True, seed=1))
