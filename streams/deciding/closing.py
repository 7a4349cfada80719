"""Watch's decisions, without Kafka: from the records of one partition of `buckets` to signals, snapshots and a place to
restart.

A bucket closes at the smallest marker over the input partitions: then every cell of it has come. The first cell of a
key wins, and a cell at or below its partition's marker is a repeat; so what triage sends twice counts once.

A restart begins at the oldest position of all snapshots, or at the first record of what has none yet. Each brand
passes over what is before its own position. A run's markers count from the position of the run's snapshot; before that
they are gathered anew and may be behind, so that buckets close later than they did, but with the same cells and in the
same order: signals are a function of the records alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, Cell
from detectors.rules import NO_RULES, WatchRules
from detectors.signal import Signal, TakenDown
from detectors.watch.brand_watch import BrandWatch
from streams.deciding.watch_state import SNAPSHOT_VERSION, BrandSnapshot, EndedRuns, RunSnapshot, Snapshot
from streams.wire import BucketRecord, Marker

_ENDED_KEPT: Final = 64
#: Runs at once; beyond it the one silent for longest is taken for abandoned.
_RUNS_MOST: Final = 64


@dataclass(slots=True)
class _Brand:
    watch: BrandWatch
    #: Records before this are known already.
    position: int
    #: The oldest record that a restart must read for this brand.
    needed_from: int
    cells: dict[tuple[int, str, int], Cell] = field(default_factory=dict)


@dataclass(slots=True)
class _Run:
    #: The oldest record that a restart must read for the markers; they are in Kafka where `saved`.
    needed_from: int
    heard: int
    saved: bool = False
    markers: dict[int, int] = field(default_factory=dict)
    #: Input partitions that have ended the run; their markers stay where they were before.
    through: set[int] = field(default_factory=set)
    #: Restored markers, which count from a position that is not reached yet.
    asleep: RunSnapshot | None = None
    closed_ms: int = 0
    quiet_ms: int = 0
    brands: dict[str, _Brand] = field(default_factory=dict)


@dataclass(slots=True)
class Closed:
    """What came of a record: signals to deliver, runs that ended, and how many buckets were closed.

    `taken_down` is to be told after the signals, which may quote what is gone by now.
    """

    signals: list[Signal] = field(default_factory=list)
    taken_down: list[TakenDown] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    buckets: int = 0


class PartitionWatch:
    """Watch of one partition of `buckets`: hand in its records in order.

    `input_partitions` is the number of partitions of `mentions`: a bucket waits for a marker from each. A brand nobody
    has spoken of for `forget_ms` is forgotten, and begins anew when somebody does. `rules` are what the settings say
    of campaigns and of how late sources may be. `on_closed` is shown a brand after each of its buckets.
    """

    def __init__(
        self,
        input_partitions: int,
        snapshots: Iterable[Snapshot] = (),
        forget_ms: int = 60 * 86_400_000,
        rules: WatchRules = NO_RULES,
        on_closed: Callable[[BrandWatch], None] | None = None,
    ) -> None:
        self._inputs = range(input_partitions)
        self._rules = rules
        self._on_closed = on_closed
        self._forget_ms = forget_ms
        self._runs: dict[str, _Run] = {}
        self._ended: dict[str, None] = {}
        self.next_offset = 0
        found = list(snapshots)
        for ended in found:
            if isinstance(ended, EndedRuns):
                self._ended = dict.fromkeys(ended.runs)
        for snapshot in found:
            if not isinstance(snapshot, EndedRuns) and snapshot.run not in self._ended:
                self._restore(snapshot)

    def take(self, offset: int, record: BucketRecord) -> Closed:
        """Take in the record at `offset`."""
        self.next_offset = offset + 1
        out = Closed()
        if record.run in self._ended or record.partition not in self._inputs:
            return out
        run = self._run(record.run, offset, out)
        if isinstance(record, Marker):
            if not record.run and record.at_ms >= END_OF_RUN_MS:
                return out  # life does not end
            if self._mark(run, record):
                self._close(record.run, run, out)
        else:
            self._keep(run, offset, record)
        return out

    def runs(self) -> list[str]:
        """The runs that go on here; the empty name is life."""
        return list(self._runs)

    def parts(self) -> list[tuple[str, str]]:
        """What there is to take a snapshot of: run and brand, with an empty brand for the run itself."""
        return [(run_id, brand) for run_id, run in self._runs.items() for brand in ("", *run.brands)]

    def watches(self) -> Iterator[BrandWatch]:
        """Every brand's watch."""
        return (brand.watch for run in self._runs.values() for brand in run.brands.values())

    def snapshot(self, run_id: str, brand: str) -> RunSnapshot | BrandSnapshot:
        """One of the `parts` as it is now, to be encoded at once; `snapshot_delivered` tells when it is in Kafka."""
        run = self._runs[run_id]
        if not brand:
            if run.asleep is not None:
                return run.asleep
            markers, through = dict(run.markers), sorted(run.through)
            return RunSnapshot(SNAPSHOT_VERSION, run_id, self.next_offset, run.heard, markers, through)
        found = run.brands[brand]
        return BrandSnapshot(
            SNAPSHOT_VERSION,
            max(self.next_offset, found.position),
            [found.cells[key] for key in sorted(found.cells)],
            found.watch.snapshot(),
        )

    def snapshot_delivered(self, snapshot: RunSnapshot | BrandSnapshot) -> None:
        """A restart needs nothing of this part from before the snapshot's position any more."""
        run = self._runs.get(snapshot.run)
        if run is None:
            return
        if isinstance(snapshot, RunSnapshot):
            run.needed_from, run.saved = snapshot.position, True
        elif brand := run.brands.get(snapshot.brand):
            brand.needed_from = snapshot.position

    def ended(self) -> EndedRuns:
        """The runs that are over, the latest so many."""
        return EndedRuns(SNAPSHOT_VERSION, list(self._ended))

    def restart_offset(self) -> int:
        """The oldest record that a restart must read."""
        brands = (brand.needed_from for run in self._runs.values() for brand in run.brands.values())
        return min(chain((run.needed_from for run in self._runs.values()), brands), default=self.next_offset)

    def watermark_ms(self, run_id: str = "") -> int:
        """Up to where every input partition of a run has spoken; 0 while one has not."""
        run = self._runs.get(run_id)
        return min((_reached(run, part) for part in self._inputs), default=0) if run else 0

    # --- runs ---------------------------------------------------------------------------------------------------

    def _restore(self, snapshot: RunSnapshot | BrandSnapshot) -> None:
        run = self._runs.setdefault(snapshot.run, _Run(snapshot.position, snapshot.position))
        if isinstance(snapshot, RunSnapshot):
            run.needed_from, run.heard = snapshot.position, max(run.heard, snapshot.heard)
            run.saved, run.asleep = True, snapshot
        else:
            run.brands[snapshot.brand] = _Brand(
                BrandWatch(snapshot.run, snapshot.brand, snapshot.state, self._rules),
                snapshot.position,
                snapshot.position,
                {(cell.start_ms, cell.platform, cell.partition): cell for cell in snapshot.cells},
            )

    def _run(self, run_id: str, offset: int, out: Closed) -> _Run:
        run = self._runs.get(run_id)
        if run is None:
            if len(self._runs) > _RUNS_MOST:
                self._end(min(filter(None, self._runs), key=lambda known: self._runs[known].heard), out)
            run = self._runs[run_id] = _Run(offset, offset)
        run.heard = max(run.heard, offset)
        if not run.saved:
            run.needed_from = min(run.needed_from, offset)
        if run.asleep is not None and offset >= run.asleep.position:
            for partition, at_ms in run.asleep.markers.items():
                run.markers[partition] = max(run.markers.get(partition, 0), at_ms)
            run.through.update(run.asleep.through)
            run.asleep = None
        return run

    def _end(self, run_id: str, out: Closed) -> None:
        """A run is over: a record of it that comes after is a repeat, or a straggler."""
        del self._runs[run_id]
        self._ended[run_id] = None
        if len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
        out.ended.append(run_id)

    # --- cells --------------------------------------------------------------------------------------------------

    @staticmethod
    def _mark(run: _Run, marker: Marker) -> bool:
        """Take in how far a partition came; whether that is any further."""
        if marker.at_ms <= _reached(run, marker.partition):
            return False
        if marker.at_ms >= END_OF_RUN_MS:
            run.through.add(marker.partition)
        else:
            run.markers[marker.partition] = marker.at_ms
        return True

    def _quiet_ms(self, run: _Run) -> int:
        """Up to where every partition saw that nobody spoke: a run's end is not a silence.

        One that ended is known up to its last word before that, one that ended without a word says nothing. So the last
        of it is the same in whatever order the partitions end.
        """
        known = [run.markers[part] for part in self._inputs if part in run.markers]
        waited_for = any(part not in run.markers and part not in run.through for part in self._inputs)
        return 0 if waited_for else min(known, default=0)

    def _keep(self, run: _Run, offset: int, cell: Cell) -> None:
        if cell.start_ms + BUCKET_MS + GRACE_MS <= _reached(run, cell.partition):
            return
        brand = run.brands.get(cell.brand)
        if brand is None:
            brand = run.brands[cell.brand] = _Brand(BrandWatch(cell.run, cell.brand, rules=self._rules), offset, offset)
        # Where the markers are still behind, a repeat shows in that its bucket was closed before.
        if offset >= brand.position and cell.start_ms >= brand.watch.next_ms:
            brand.cells.setdefault((cell.start_ms, cell.platform, cell.partition), cell)

    def _close(self, run_id: str, run: _Run, out: Closed) -> None:
        reached_ms = self.watermark_ms(run_id)
        quiet_ms = self._quiet_ms(run)
        if reached_ms <= run.closed_ms and quiet_ms <= run.quiet_ms:
            return
        run.closed_ms, run.quiet_ms = reached_ms, quiet_ms
        for name in sorted(run.brands):
            self._close_brand(run.brands[name], reached_ms, quiet_ms, out)
        if reached_ms >= END_OF_RUN_MS:
            self._end(run_id, out)
        else:
            self._forget(run, reached_ms)

    def _close_brand(self, brand: _Brand, reached_ms: int, quiet_ms: int, out: Closed) -> None:
        due: dict[int, list[Cell]] = {}
        for key in sorted(brand.cells):
            if key[0] + BUCKET_MS + GRACE_MS <= reached_ms:
                due.setdefault(key[0], []).append(brand.cells.pop(key))
        for start_ms, cells in due.items():
            if 0 < brand.watch.last_spoken_ms < start_ms - self._forget_ms:
                brand.watch = BrandWatch(brand.watch.run, brand.watch.brand, rules=self._rules)
            out.signals.extend(brand.watch.close(start_ms, cells))
            out.taken_down.extend(_taken_down(cells))
            out.buckets += 1
            if self._on_closed:
                self._on_closed(brand.watch)
        if brand.watch.next_ms:
            out.signals.extend(brand.watch.quiet_until(quiet_ms - GRACE_MS))

    def _forget(self, run: _Run, reached_ms: int) -> None:
        """A brand nobody has spoken of for weeks leaves the memory; its snapshot is deleted by whoever writes them.

        It does so when no cell can come any more that would still be a word to the old brand, so that it makes no
        difference when exactly buckets closed.
        """
        before_ms = reached_ms - self._forget_ms - BUCKET_MS - GRACE_MS
        for name, brand in list(run.brands.items()):
            if not brand.cells and 0 < brand.watch.last_spoken_ms < before_ms:
                del run.brands[name]


def _taken_down(cells: Iterable[Cell]) -> Iterator[TakenDown]:
    for cell in cells:
        if cell.deleted:
            end_ms = cell.start_ms + BUCKET_MS
            yield TakenDown(cell.run, cell.brand, cell.platform, tuple(cell.deleted), end_ms)


def _reached(run: _Run, partition: int) -> int:
    """Up to where an input partition's cells have come."""
    return END_OF_RUN_MS if partition in run.through else run.markers.get(partition, 0)
