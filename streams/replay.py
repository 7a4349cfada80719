"""``firebreak replay``: mentions from a file into Kafka, marked as a replay, so that nobody real can be reached.

The records are those of `streams.sources.jsonl`: made from the file alone, heartbeats included, so that event time
passes as it did then, however fast they are sent. A replay that is broken off is ended like one that is through: what
is open closes, and the workers forget the run.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from detectors.mention import rfc3339
from detectors.run import Replay, run_of
from streams.produce import MentionProducer, Record
from streams.settings import Settings, SettingsError, read_settings
from streams.sources.jsonl import Sent, read_lines, replay_records
from streams.sources.lines import Lines
from streams.together import end, first_of
from streams.topics import ensure_topics
from streams.wire import encode_heartbeat

BATCH: Final = 2_000
PREFIX: Final = "replay-"
END_S: Final = 5.0
_NAP_S: Final = 0.2
_TELL_EVERY_S: Final = 10.0
_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")


@dataclass(slots=True)
class Come:
    """How far a replay has come; `at_ms` is in event time, 0 before the first mention."""

    mentions: int = 0
    bad: int = 0
    at_ms: int = 0

    def told(self, seconds: float) -> str:
        """For a person, after so many seconds."""
        at = rfc3339(self.at_ms) if self.at_ms else "nowhere yet"
        rate = (self.mentions + self.bad) / seconds if seconds else 0.0
        lines = f"{self.bad} {'line that is' if self.bad == 1 else 'lines that are'} no mention"
        return f"{self.mentions} mentions and {lines} sent, up to {at}, {rate:,.0f} a second"


def run_id(name: str | None) -> str:
    """The run of a replay called `name`, or of one without a name: a replay's, whatever the name is.

    Raises `SettingsError` for a name that cannot be one.

    >>> run_id("february"), run_id("replay-february"), run_id("drill-7")
    ('replay-february', 'replay-february', 'replay-drill-7')
    """
    name = secrets.token_hex(4) if name is None else name.removeprefix(PREFIX)
    if not _NAME.fullmatch(name):
        raise SettingsError(f"--run: found {name!r}, allowed are up to 100 letters, digits and . _ : -")
    run = PREFIX + name
    assert isinstance(run_of(run), Replay)
    return run


class Player:
    """Sends the records of a replay, as fast as Kafka takes them or at `speed` times life."""

    def __init__(self, lines: Lines, run: str, settings: Settings, speed: float | None) -> None:
        self.come = Come()
        self._lines = lines
        self._run = run
        self._kafka = settings.kafka
        self._speed = speed
        # Kafka's clock, by which triage refuses what is from the future, is taken to be ours.
        latest_ms = time.time_ns() // 1_000_000 + int(settings.triage.future_s * 1_000)
        self._records = replay_records(read_lines(lines), run, self._kafka.mentions_partitions, latest_ms)
        self._first: tuple[float, int] | None = None
        self._through = False

    async def play(self, stop: asyncio.Event) -> bool:
        """Send everything; False where `stop` came first and the run was ended early."""
        async with MentionProducer(self._kafka) as producer:
            await first_of(self._send_all(producer), stop.wait())
            if not self._through:
                with suppress(TimeoutError):
                    async with asyncio.timeout(END_S):
                        await producer.send(self._final_beats())
        return self._through

    async def _send_all(self, producer: MentionProducer) -> None:
        while batch := await self._batch():
            while batch:
                due = self._due(batch)
                await producer.send([Record(sent.partition, sent.key, sent.value) for sent in batch[:due]])
                for sent in batch[:due]:
                    self.come.mentions += sent.mentions
                    self.come.bad += sent.bad
                    self.come.at_ms = sent.at_ms
                batch = batch[due:]
                if batch:
                    await asyncio.sleep(_NAP_S)
        self._through = True

    async def _batch(self) -> list[Sent]:
        """The next records, as many as are there; none at the end."""
        while self._lines.waits:
            await _readable(self._lines.file.fileno())
            self._lines.read()
        batch: list[Sent] = []
        for sent in self._records:
            batch.append(sent)
            whole_line = sent.mentions or sent.bad  # heartbeats come before the mention that they belong to
            if len(batch) >= BATCH or (whole_line and self._lines.waits):
                break
        return batch

    def _due(self, batch: Sequence[Sent]) -> int:
        """How many of the batch's records may go now."""
        if self._speed is None:
            return len(batch)
        if self._first is None:
            first = next((sent.at_ms for sent in batch if sent.at_ms), None)
            if first is None:
                return len(batch)
            self._first = (time.monotonic(), first)
        began, first_ms = self._first
        now_ms = first_ms + (time.monotonic() - began) * 1_000 * self._speed
        return next((number for number, sent in enumerate(batch) if sent.at_ms > now_ms), len(batch))

    def _final_beats(self) -> list[Record]:
        key, value = encode_heartbeat(self._run, self.come.at_ms, final=True)
        return [Record(partition, key, value) for partition in range(self._kafka.mentions_partitions)]


async def _readable(number: int) -> None:
    """Wait until a pipe or terminal has something to read; a file on disk always has."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(number, ready.set)
    except OSError:
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(number)


@click.command("replay", short_help="Send a file of mentions through the running system.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="So many times as fast as life.")
@click.option("--run", "name", help="A name for this replay; without it one is made up.")
@click.pass_context
def replay_command(ctx: click.Context, file: Path, speed: float | None, name: str | None) -> None:
    """Send mentions from a JSONL FILE (or -) through the running system, marked as a replay.

    Nobody is paged and nothing is held: what would have happened is recorded. Event time is the mentions' own. Prints
    the run's id; how far it is goes to standard error.
    """
    settings, run = read_settings(ctx.obj), run_id(name)
    with ExitStack() as opened:
        try:
            source = opened.enter_context(_open(file))
        except OSError as wrong:
            raise SettingsError(f"{file} cannot be read: {wrong.strerror}") from None
        player = Player(Lines(source), run, settings, speed)
        through = asyncio.run(_play(player, run, settings))
    if not through:
        sys.exit(1)


def _open(file: Path) -> BufferedReader:
    return open(0, "rb", closefd=False) if str(file) == "-" else file.open("rb")


async def _play(player: Player, run: str, settings: Settings) -> bool:
    for name in ("aiokafka", "kafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the producer says in one line what they say in hundreds
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await asyncio.to_thread(ensure_topics, settings.kafka)
    click.echo(run)
    began, console = time.monotonic(), Console(stderr=True, highlight=False)
    showing = asyncio.create_task(_show(player.come, console, began))
    try:
        through = await player.play(stop)
    finally:
        await end([showing])
    told = player.come.told(time.monotonic() - began)
    console.print(told if through else f"Ended early: {told}", soft_wrap=True)
    return through


async def _show(come: Come, console: Console, began: float) -> None:
    """Tell how far it is, until cancelled: moving on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            console.print(come.told(time.monotonic() - began), soft_wrap=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        while True:
            bar.update(task, description=come.told(time.monotonic() - began))
            await asyncio.sleep(_NAP_S)
