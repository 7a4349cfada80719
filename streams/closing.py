"""Watch's decisions, without Kafka: from the records of one partition of `buckets` to signals, snapshots and a place to
restart.

A bucket closes at the smallest marker over the input partitions: then every cell of it has come. The first cell of a
key wins, and a cell at or below its partition's marker is a repeat; so what triage sends twice counts once. Signals are
a function of the records in their order; a brand restored from its snapshot goes on from the snapshot's position, and
records before it are passed over for that brand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from detectors.brand_watch import BrandState, BrandWatch
from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, Cell
from detectors.signal import Signal
from streams.wire import BucketRecord, Marker

SNAPSHOT_VERSION: Final = 1
_ENDED_KEPT: Final = 64


class BrandSnapshot(msgspec.Struct):
    """One brand of one run, whole, as it was before the record at `position`."""

    version: int
    position: int
    markers: dict[int, int]
    cells: list[Cell]
    state: BrandState


class EndedRuns(msgspec.Struct):
    """Runs that are over: a record of theirs that comes again is a repeat."""

    version: int
    runs: list[str]


class SnapshotMismatch(Exception):
    """A snapshot of another version than this program reads; the message says both and what to do."""


@dataclass(slots=True)
class _Brand:
    watch: BrandWatch
    #: Records before this are known already.
    position: int
    #: The oldest record that a restart must read for this brand.
    needed_from: int
    markers: dict[int, int] = field(default_factory=dict)
    cells: dict[tuple[int, str, int], Cell] = field(default_factory=dict)
    asleep: bool = False


@dataclass(slots=True)
class _Run:
    markers: dict[int, int] = field(default_factory=dict)
    closed_ms: int = 0
    #: Restored brands whose position is not reached yet.
    asleep: int = 0
    brands: dict[str, _Brand] = field(default_factory=dict)


@dataclass(slots=True)
class Closed:
    """What came of a record: signals to deliver, runs that ended, and how many buckets were closed."""

    signals: list[Signal] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    buckets: int = 0


class PartitionWatch:
    """Watch of one partition of `buckets`: hand in its records in order.

    `input_partitions` is the number of partitions of `mentions`: a bucket waits for a marker from each.
    """

    def __init__(
        self,
        input_partitions: int,
        snapshots: Iterable[BrandSnapshot] = (),
        ended: EndedRuns | None = None,
        forget_ms: int = 60 * 86_400_000,
    ) -> None:
        self._inputs = range(input_partitions)
        self._forget_ms = forget_ms
        self._runs: dict[str, _Run] = {}
        self._ended: dict[str, None] = dict.fromkeys(ended.runs if ended else ())
        self.next_offset = 0
        for snapshot in snapshots:
            if snapshot.state.run not in self._ended:
                self._restore(snapshot)

    def take(self, offset: int, record: BucketRecord) -> Closed:
        """Take in the record at `offset`."""
        self.next_offset = offset + 1
        out = Closed()
        if record.run in self._ended:
            return out
        run = self._runs.setdefault(record.run, _Run())
        self._awaken(run, offset)
        if isinstance(record, Marker):
            if record.at_ms > run.markers.get(record.partition, 0):
                run.markers[record.partition] = record.at_ms
                self._close(record.run, run, offset, out)
        else:
            self._keep(run, offset, record)
        return out

    def brands(self) -> list[tuple[str, str]]:
        """Run and brand of everything watched here."""
        return [(run_id, brand) for run_id, run in self._runs.items() for brand in run.brands]

    def runs(self) -> list[str]:
        """The runs that go on here; the empty name is life."""
        return list(self._runs)

    def watches(self) -> Iterator[BrandWatch]:
        """Every brand's watch."""
        return (brand.watch for run in self._runs.values() for brand in run.brands.values())

    def snapshot(self, run_id: str, brand: str) -> BrandSnapshot:
        """A brand as it is now; `snapshot_delivered` tells when it is safe in Kafka."""
        run = self._runs[run_id]
        found = run.brands[brand]
        return BrandSnapshot(
            SNAPSHOT_VERSION,
            max(self.next_offset, found.position),
            dict(found.markers if found.asleep else run.markers),
            [found.cells[key] for key in sorted(found.cells)],
            found.watch.snapshot(),
        )

    def snapshot_delivered(self, run_id: str, brand: str, position: int) -> None:
        """A restart needs nothing of this brand from before `position` any more."""
        run = self._runs.get(run_id)
        if run and brand in run.brands:
            run.brands[brand].needed_from = position

    def ended(self) -> EndedRuns:
        """The runs that are over, the latest so many."""
        return EndedRuns(SNAPSHOT_VERSION, list(self._ended)[-_ENDED_KEPT:])

    def restart_offset(self) -> int:
        """The oldest record that a restart must read."""
        needed = (brand.needed_from for run in self._runs.values() for brand in run.brands.values())
        return min(needed, default=self.next_offset)

    def watermark_ms(self, run_id: str = "") -> int:
        """Up to where every input partition of a run has spoken; 0 while one has not."""
        run = self._runs.get(run_id)
        return min((run.markers.get(part, 0) for part in self._inputs), default=0) if run else 0

    def _restore(self, snapshot: BrandSnapshot) -> None:
        if snapshot.version != SNAPSHOT_VERSION:
            raise SnapshotMismatch(
                f"a watch snapshot has version {snapshot.version}, this program reads {SNAPSHOT_VERSION}: run the "
                "version that wrote it, or delete the topic watch-state to learn every baseline anew"
            )
        state = snapshot.state
        run = self._runs.setdefault(state.run, _Run())
        run.asleep += 1
        run.brands[state.brand] = _Brand(
            watch=BrandWatch(state.run, state.brand, state),
            position=snapshot.position,
            needed_from=snapshot.position,
            markers=snapshot.markers,
            asleep=True,
            cells={(cell.start_ms, cell.platform, cell.partition): cell for cell in snapshot.cells},
        )

    def _awaken(self, run: _Run, offset: int) -> None:
        """A restored brand's markers are the run's as they were at its position."""
        if not run.asleep:
            return
        for brand in run.brands.values():
            if brand.asleep and offset >= brand.position:
                for partition, at_ms in brand.markers.items():
                    run.markers[partition] = max(run.markers.get(partition, 0), at_ms)
                brand.asleep = False
                run.asleep -= 1

    def _keep(self, run: _Run, offset: int, cell: Cell) -> None:
        if cell.start_ms + BUCKET_MS + GRACE_MS <= run.markers.get(cell.partition, 0):
            return
        brand = run.brands.get(cell.brand)
        if brand is None:
            brand = run.brands[cell.brand] = _Brand(BrandWatch(cell.run, cell.brand), offset, offset)
        if offset >= brand.position:
            brand.cells.setdefault((cell.start_ms, cell.platform, cell.partition), cell)

    def _close(self, run_id: str, run: _Run, offset: int, out: Closed) -> None:
        reached_ms = self.watermark_ms(run_id)
        if reached_ms <= run.closed_ms:
            return
        run.closed_ms = reached_ms
        for name in sorted(run.brands):
            if offset >= run.brands[name].position:
                self._close_brand(run.brands[name], reached_ms, out)
        if reached_ms >= END_OF_RUN_MS:
            del self._runs[run_id]
            self._ended[run_id] = None
            out.ended.append(run_id)
        else:
            self._forget(run, reached_ms)

    def _close_brand(self, brand: _Brand, reached_ms: int, out: Closed) -> None:
        due: dict[int, list[Cell]] = {}
        for key in sorted(brand.cells):
            if key[0] + BUCKET_MS + GRACE_MS <= reached_ms:
                due.setdefault(key[0], []).append(brand.cells.pop(key))
        for start_ms, cells in due.items():
            out.signals.extend(brand.watch.close(start_ms, cells))
            out.buckets += 1
        if reached_ms < END_OF_RUN_MS and brand.watch.next_ms:
            brand.watch.quiet_until(reached_ms - GRACE_MS)

    def _forget(self, run: _Run, reached_ms: int) -> None:
        """A brand nobody has spoken of for weeks leaves the memory; its snapshot is deleted by whoever writes them."""
        for name, brand in list(run.brands.items()):
            spoken_ms = brand.watch.last_spoken_ms
            if not brand.cells and spoken_ms and spoken_ms + self._forget_ms < reached_ms:
                del run.brands[name]
