"""A reader of `mentions` that holds each fold for a while, then tells of it on standard output, then acknowledges it.

``python -m tests.parts.fold_child SERVERS HOLD_S``; a line is ``open PARTITION`` or ``done PARTITION FIRST LAST``. It
runs until its standard input closes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass, field

from faust.types import TP

from playbooks.labels import Role
from streams.agents.reading import FoldReader
from streams.deciding.gather import Record
from streams.folding import Held
from streams.settings import KafkaSettings, Settings
from streams.wire import Topic


def say(*words: object) -> None:
    """One line, at once and whole."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


@dataclass
class Holding:
    """A partition's state: folds that were taken in, with the moment at which each may go."""

    partition: int
    hold_s: float
    held: Held = field(default_factory=Held)
    first_needed: int | None = None
    folds: deque[tuple[float, int, int]] = field(default_factory=deque)

    async def take(self, records: list[Record]) -> None:
        """Keep a fold for a while."""
        self.folds.append((time.monotonic() + self.hold_s, records[0].offset, records[-1].offset))


async def main(servers: str, hold_s: float) -> None:
    """Read until nobody listens any more."""

    async def opened(place: TP) -> Holding:
        say("open", place.partition)
        return Holding(place.partition, hold_s)

    async def let_go() -> None:
        while True:
            await asyncio.sleep(0.01)
            for place, state in list(reader.partitions.items()):
                while not state.held.dropped and state.folds and state.folds[0][0] <= time.monotonic():
                    _, first, last = state.folds.popleft()
                    say("done", state.partition, first, last)
                    reader.acknowledge(place, state.held, last + 1)

    settings = Settings(kafka=KafkaSettings(servers=servers))
    reader = FoldReader(Role.TRIAGE, [Topic.MENTIONS], settings, opened)
    stop = asyncio.Event()
    closed = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    closed.add_done_callback(lambda _: stop.set())
    async with reader.beside(let_go()):
        await reader.run(stop, 0, list)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
