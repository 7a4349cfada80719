"""What watch writes to the compacted topic `watch-state`, and how it is read: versioned plain data."""

from __future__ import annotations

from typing import Final

import msgspec

from detectors.bucket import Cell
from detectors.watch.brand_watch import BrandState
from streams.wire import check_version, read_record

SNAPSHOT_VERSION: Final = 2


class BrandSnapshot(msgspec.Struct, tag="brand"):
    """One brand of one run, whole, as it was before the record at `position`."""

    version: int
    position: int
    cells: list[Cell]
    state: BrandState

    @property
    def run(self) -> str:
        """The run it belongs to."""
        return self.state.run

    @property
    def brand(self) -> str:
        """The brand it is of."""
        return self.state.brand


class RunSnapshot(msgspec.Struct, frozen=True, tag="run"):
    """How far each input partition of a run was before the record at `position`; `heard` is the run's last record.

    `through` are the partitions that had ended the run.
    """

    version: int
    run: str
    position: int
    heard: int
    markers: dict[int, int]
    through: list[int] = []


class EndedRuns(msgspec.Struct, frozen=True, tag="ended"):
    """Runs that are over: a record of theirs that comes again is a repeat."""

    version: int
    runs: list[str]


Snapshot = BrandSnapshot | RunSnapshot | EndedRuns
_snapshot: msgspec.json.Decoder[Snapshot] = msgspec.json.Decoder(Snapshot)

ENDED_KEY: Final = b"ended"


def part_key(run: str, brand: str) -> bytes:
    """Key of a part's snapshot; the run itself has an empty brand.

    >>> part_key("", "acme"), part_key("drill-1", "")
    (b'|acme', b'drill-1|')
    """
    return f"{run}|{brand}".encode()


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Value of a record in `watch-state`."""
    return msgspec.json.encode(snapshot)


def decode_snapshot(value: bytes) -> Snapshot:
    """What `encode_snapshot` wrote; raises `BadRecord`, and `StateMismatch` for another version's."""
    check_version(value, SNAPSHOT_VERSION, "watch-state")
    return read_record(_snapshot, value)
