"""Simulated posts straight to what detectors see, without JSON and Kafka: the fast way, equal to the true one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
import xxhash

from detectors.bucket import BUCKET_MS, Cell, bucket_start
from detectors.mention import Mention
from detectors.rules import WatchRules
from detectors.signal import Signal
from detectors.watch.brand_watch import BrandState, BrandWatch
from playbooks.content.catalog import load_library
from playbooks.incidents.decisions import IncidentLine
from playbooks.incidents.rehearse import Rehearsal
from streams.deciding.open_cell import OpenCell, digest_of
from streams.simulation.kinds import calendar_of
from streams.simulation.scenario import Scenario
from streams.simulation.stream import posts_of
from streams.simulation.telling import Told, mentions_of
from streams.simulation.texts import Texts
from tests.yardsticks.simulated_scoring import Labels, Read, Reader

_LIBRARY: Final = load_library()


class BucketOf(NamedTuple):
    """The cells of one bucket in which somebody spoke."""

    start_ms: int
    cells: list[Cell]


class Decided(NamedTuple):
    """A signal, and whether somebody is paged for it."""

    signal: Signal
    pages: bool


def told_between(scenario: Scenario, texts: Texts, from_ms: int, to_ms: int) -> Iterator[Told]:
    """What is said in a scenario from one moment up to another; only that is put into words."""
    for posts in posts_of(scenario):
        within = (posts.at_ms >= from_ms) & (posts.at_ms < to_ms)
        if within.any():
            yield from mentions_of(posts.rows(within), scenario, texts)


def buckets(told: Iterable[Told], reader: Reader, labels: Labels) -> Iterator[BucketOf]:
    """Mentions in order of time as the cells that triage would make of them."""
    for start_ms, spoken in groupby(told, key=lambda one: bucket_start(one.mention.created_ms)):
        opened: dict[str, OpenCell] = {}
        for one in spoken:
            mention = one.mention
            cell = opened.get(mention.platform)
            if cell is None:
                empty = Cell("", 0, mention.brand, mention.platform, start_ms)
                cell = opened[mention.platform] = OpenCell(empty, 0)
            _put(cell, mention, reader.read(mention.body), reader.negativity(one, labels))
        yield BucketOf(start_ms, [cell.closed() for cell in opened.values()])


def _put(cell: OpenCell, mention: Mention, read: Read, negativity: float) -> None:
    """Put a mention into its cell, as triage does."""
    cell.name(mention.source)
    cell.count(mention.own, negativity, False)
    digest = digest_of(mention, mention.created_ms, read.numbers, negativity, 0)
    number = xxhash.xxh3_64_intdigest(f"{mention.platform}\x1f{mention.id}\x1f{mention.brand}\x1f0".encode())
    cell.keep(number, digest)
    cell.quote(digest, mention, mention.body)


class Watched:
    """The watch of a scenario's brand, its campaigns in the calendar, and the planner behind it."""

    def __init__(self, scenario: Scenario, state: bytes | None = None) -> None:
        kept = msgspec.json.decode(state, type=BrandState) if state else None
        rules = WatchRules({scenario.brand: calendar_of(scenario)})
        self.watch = BrandWatch("", scenario.brand, kept, rules)
        self._rehearsal = Rehearsal(_LIBRARY)

    def decide(self, bucket: BucketOf) -> list[Decided]:
        """The signals that follow from a bucket, the brand as a whole first, as respond is given them."""
        signals = self.watch.close(bucket.start_ms, bucket.cells)
        return [self._decided(signal) for signal in sorted(signals, key=lambda one: (one.platform or "", one.kind))]

    def pages(self, bucket: BucketOf) -> list[int]:
        """When somebody is paged because of a bucket."""
        return [signal.at_ms for signal, pages in self.decide(bucket) if pages]

    def frozen(self) -> bytes:
        """The watch's state, from which any number of courses can begin. What is open in the planner is not in it."""
        return msgspec.json.encode(self.watch.snapshot())

    def _decided(self, signal: Signal) -> Decided:
        lines = self._rehearsal.take(signal)
        return Decided(signal, any(isinstance(line, IncidentLine) and line.pages for line in lines))


def whole_buckets_ms(at_ms: int) -> int:
    """The last start of a bucket at or before `at_ms`."""
    return at_ms - at_ms % BUCKET_MS
