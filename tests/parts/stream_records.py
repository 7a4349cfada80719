"""Records of `mentions` and `buckets` for tests of the stream's core, and what watch would accept of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from detectors.bucket import BUCKET_MS, GRACE_MS, Cell
from detectors.mention import rfc3339
from streams.deciding.gather import Gathered, PartitionTriage, Record, TriageRules
from streams.deciding.models import Models
from streams.wire import BucketRecord, Marker, TriageState, encode_bucket_record, encode_heartbeat

#: A moment at the start of a bucket, on a Monday morning.
T0 = 1_767_603_600_000
S = 1_000
MIN = 60 * S
HOUR = 60 * MIN
DAY = 24 * HOUR

RULES = TriageRules(
    brands=frozenset({"acme", "bolt"}),
    future_ms=5 * MIN,
    horizon_ms=7 * DAY,
    recent_ids=1_000,
    runs_at_once=4,
    run_idle_ms=10 * MIN,
)


class Sent(NamedTuple):
    """A record before it has an offset. `recorded_ms` is the Kafka time."""

    recorded_ms: int
    key: bytes | None
    value: bytes | None


def said(number: int, at_ms: int = T0, recorded_ms: int | None = None, **more: object) -> Sent:
    """A mention; without `recorded_ms` Kafka got it when it was made."""
    body = {"id": str(number), "platform": "x", "brand": "acme", "text": "hm", "created_at": rfc3339(at_ms)} | more
    value = json.dumps({key: value for key, value in body.items() if value is not None}).encode()
    return Sent(at_ms if recorded_ms is None else recorded_ms, b"k", value)


def beat(at_ms: int, run: str = "", final: bool = False, recorded_ms: int | None = None) -> Sent:
    """A heartbeat."""
    return Sent(at_ms if recorded_ms is None else recorded_ms, *encode_heartbeat(run, at_ms, final))


def on_tape(sent: Iterable[Sent], first: int = 0) -> list[Record]:
    """The records with their offsets."""
    return [Record(first + place, *one) for place, one in enumerate(sent)]


def triage(state: TriageState | None = None, rules: TriageRules = RULES, partition: int = 0) -> PartitionTriage:
    """Triage of a partition with the text model that is shipped."""
    return PartitionTriage(partition, rules, Models().at, state)


def gathered(*sent: Sent, rules: TriageRules = RULES) -> Gathered:
    """What one fold of these records brings."""
    return triage(rules=rules).fold(on_tape(sent))


def joined(parts: Iterable[Gathered]) -> Gathered:
    """What several folds brought, as one."""
    whole = Gathered()
    for part in parts:
        whole.cells += part.cells
        whole.markers += part.markers
        whole.dead += part.dead
        whole.samples += part.samples
        whole.outcomes += part.outcomes
        whole.faults += part.faults
        whole.late += part.late
    return whole


def folded(records: Sequence[Record], sizes: Iterable[int], rules: TriageRules = RULES) -> Gathered:
    """What the records bring in folds of these sizes; what is left over comes in one."""
    made, at = triage(rules=rules), 0
    out = []
    for size in sizes:
        out.append(made.fold(records[at : at + size]))
        at += size
    return joined([*out, made.fold(records[at:])])


@dataclass
class Accepting:
    """One partition of `buckets` as watch takes it: the first cell of a key, and none at or below its marker."""

    cells: dict[tuple[str, int, str, str, int], bytes] = field(default_factory=dict)
    markers: dict[tuple[str, int], int] = field(default_factory=dict)

    def take(self, record: BucketRecord) -> None:
        """Take in a record."""
        place = record.run, record.partition
        if isinstance(record, Marker):
            self.markers[place] = max(self.markers.get(place, record.at_ms), record.at_ms)
        elif record.start_ms + BUCKET_MS + GRACE_MS > self.markers.get(place, 0):
            key = (*place, record.brand, record.platform, record.start_ms)
            self.cells.setdefault(key, encode_bucket_record(record))


def accepted(parts: Iterable[Gathered]) -> Accepting:
    """What watch accepts of what these folds brought."""
    watch = Accepting()
    for part in parts:
        records: list[BucketRecord] = [*part.cells, *part.markers]
        for record in records:
            watch.take(record)
    return watch


def cell(start_ms: int = T0, partition: int = 0, brand: str = "acme", platform: str = "x", run: str = "") -> Cell:
    """A cell with one mention that nobody scored."""
    return Cell(run, partition, brand, platform, start_ms, mentions=1)
