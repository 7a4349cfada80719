"""What input partitions send to `buckets`: ordinary minutes and a crisis in them, cell by cell and marker by marker."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, Cell, Digest
from detectors.signal import Signal
from detectors.text.word_numbers import as_bytes
from streams.deciding.closing import PartitionWatch
from streams.wire import BucketRecord, Marker
from tests.parts.stream_records import MIN, T0

INPUTS = 3
BRANDS = ("acme", "bolt")
MINUTES = 20
CRISIS_MIN = range(12, 16)


def spoken(run: str = "", seed: int = 1, minutes: int = MINUTES) -> list[list[BucketRecord]]:
    """What each input partition sends in `minutes`, of which some are a crisis for the first brand; no end."""
    chance = random.Random(seed)
    sent: list[list[BucketRecord]] = [[] for _ in range(INPUTS)]
    number = 0
    for bucket in range(minutes * MIN // BUCKET_MS):
        start_ms = T0 + bucket * BUCKET_MS
        cells: dict[tuple[int, str, str], Cell] = {}
        for brand in BRANDS:
            crisis = brand == BRANDS[0] and bucket * BUCKET_MS // MIN in CRISIS_MIN
            for _ in range(chance.choice((8, 10, 12)) if crisis else chance.choice((0, 0, 1, 1, 2))):
                number += 1
                place = chance.randrange(INPUTS), brand, chance.choice("xxy")
                cell = cells.setdefault(place, Cell(run, place[0], brand, place[2], start_ms))
                _add(cell, number, 0.9 if crisis else chance.random() ** 2, chance)
        for place in sorted(cells):
            sent[place[0]].append(cells[place])
        for partition in range(INPUTS):
            sent[partition].append(Marker(run, partition, start_ms + BUCKET_MS + GRACE_MS))
    return sent


def _add(cell: Cell, number: int, negativity: float, chance: random.Random) -> None:
    at_ms = cell.start_ms + chance.randrange(BUCKET_MS)
    author, words = number if chance.random() < 0.8 else number % 7 + 1, as_bytes(chance.choices(range(500), k=6))
    cell.digests.append(Digest(f"p{number}", at_ms, author, words, round(negativity, 3)))
    cell.mentions += 1
    cell.scored += 1
    cell.negative += negativity >= 0.5


def ended(sent: Sequence[Sequence[BucketRecord]], run: str) -> list[list[BucketRecord]]:
    """The same with the end of the run."""
    return [[*one, Marker(run, partition, END_OF_RUN_MS)] for partition, one in enumerate(sent)]


def in_turn(sent: Sequence[Sequence[BucketRecord]]) -> list[BucketRecord]:
    """The partitions' records one after another, all equally fast."""
    return [record for some in zip(*_padded(sent), strict=True) for record in some if record is not None]


def _padded(sent: Sequence[Sequence[BucketRecord]]) -> list[list[BucketRecord | None]]:
    longest = max(map(len, sent))
    return [[*one, *[None] * (longest - len(one))] for one in sent]


def interleaved(sent: Sequence[Sequence[BucketRecord]], chance: random.Random, ahead: int = 60) -> list[BucketRecord]:
    """The partitions' records in any order that keeps each partition's own; one may run ahead for a while."""
    left = [list(one) for one in sent]
    out: list[BucketRecord] = []
    while any(left):
        fast = chance.choice([one for one in left if one])
        size = chance.choice((1, 2, 5, ahead))
        out += fast[:size]
        del fast[:size]
    return out


def watched(
    records: Iterable[BucketRecord], watch: PartitionWatch | None = None
) -> tuple[PartitionWatch, list[Signal]]:
    """A watch that has taken in these records, and its signals in a fixed order."""
    watch = watch or PartitionWatch(INPUTS)
    found = []
    for offset, record in enumerate(records, watch.next_offset):
        found += watch.take(offset, record).signals
    return watch, in_order(found)


def in_order(signals: Iterable[Signal]) -> list[Signal]:
    """Signals by time and brand, which is not the order in which brands closed."""
    return sorted(signals, key=lambda one: (one.run, one.brand, one.at_ms, one.platform or "", one.kind))
