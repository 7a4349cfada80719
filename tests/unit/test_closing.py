"""Watch's decisions about cells and markers: when a bucket closes, what is a repeat, what is remembered."""

from __future__ import annotations

import msgspec
import pytest

from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, Cell
from detectors.signal import TakenDown
from streams.deciding.closing import PartitionWatch
from streams.deciding.watch_state import (
    SNAPSHOT_VERSION,
    BrandSnapshot,
    RunSnapshot,
    Snapshot,
    decode_snapshot,
    encode_snapshot,
    part_key,
)
from streams.wire import BadRecord, BucketRecord, Marker, StateMismatch
from tests.parts.stream_records import DAY, HOUR, MIN, T0, cell

CLOSES = T0 + BUCKET_MS + GRACE_MS
#: How a record of this version begins.
THIS = b'{"version":%d' % SNAPSHOT_VERSION


def marker(partition: int, at_ms: int = CLOSES, run: str = "") -> Marker:
    return Marker(run, partition, at_ms)


class Watched:
    """A watch of two input partitions, its records numbered as they come."""

    def __init__(self, *snapshots: Snapshot, first: int = 0, forget_ms: int = 60 * DAY) -> None:
        self.watch = PartitionWatch(2, [decode_snapshot(encode_snapshot(one)) for one in snapshots], forget_ms)
        self.offset = first
        self.ended: list[str] = []

    def take(self, *records: BucketRecord) -> int:
        """Take in records; how many buckets that closed."""
        closed = 0
        for record in records:
            out = self.watch.take(self.offset, record)
            self.offset += 1
            self.ended += out.ended
            closed += out.buckets
        return closed

    def snapshot(self, brand: str = "acme", run: str = "") -> RunSnapshot | BrandSnapshot:
        """A snapshot, as it is delivered."""
        found = self.watch.snapshot(run, brand)
        self.watch.snapshot_delivered(found)
        return found

    def spoken_ms(self, brand: str = "acme", run: str = "") -> int:
        """When a brand was last spoken of."""
        return next(one.last_spoken_ms for one in self.watch.watches() if (one.run, one.brand) == (run, brand))


def test_a_bucket_closes_when_every_input_partition_is_beyond_it() -> None:
    made = Watched()
    assert made.take(cell(), marker(0), marker(0, CLOSES + HOUR)) == 0
    assert made.take(marker(1, CLOSES - 1)) == 0
    assert made.take(marker(1)) == 1
    assert made.watch.watermark_ms() == CLOSES


def test_buckets_close_in_order_with_the_cells_of_all_partitions() -> None:
    made = Watched()
    later = T0 + BUCKET_MS
    made.take(cell(later), cell(T0, 1), cell(T0), marker(0, CLOSES + BUCKET_MS))
    assert made.take(marker(1, CLOSES + BUCKET_MS)) == 2
    assert made.spoken_ms() == later


def test_what_is_gone_from_its_platform_is_told_when_its_bucket_closes() -> None:
    watch = PartitionWatch(1)
    gone = msgspec.structs.replace(cell(), deleted=["7", "9"])
    assert watch.take(0, gone).taken_down == []
    assert watch.take(1, cell(T0 + BUCKET_MS)).taken_down == []
    told = watch.take(2, marker(0, CLOSES + BUCKET_MS))
    assert told.taken_down == [TakenDown("", "acme", gone.platform, ("7", "9"), T0 + BUCKET_MS)]


def test_the_first_cell_of_a_key_counts() -> None:
    made = Watched()
    made.take(cell(), Cell("", 0, "acme", "x", T0, mentions=99))
    [kept] = made.snapshot().cells  # type: ignore[union-attr]
    assert kept.mentions == 1


def test_a_cell_at_or_below_its_own_partitions_marker_is_a_repeat() -> None:
    made = Watched()
    made.take(marker(0), cell(), cell(T0, 1), cell(T0 + BUCKET_MS))
    assert {(one.partition, one.start_ms) for one in made.snapshot().cells} == {(1, T0), (0, T0 + BUCKET_MS)}  # type: ignore[union-attr]


def test_a_marker_behind_another_changes_nothing() -> None:
    made = Watched()
    made.take(cell(), marker(0, CLOSES + HOUR), marker(1, CLOSES + HOUR), marker(0), marker(1))
    assert made.watch.watermark_ms() == CLOSES + HOUR


def test_where_nobody_speaks_a_brand_is_taken_along() -> None:
    made = Watched()
    made.take(cell(), marker(0, CLOSES + HOUR), marker(1, CLOSES + HOUR))
    [only] = made.watch.watches()
    assert only.next_ms == T0 + HOUR + BUCKET_MS


def test_a_bucket_is_not_taken_for_a_quiet_one_before_its_grace_is_over() -> None:
    made = Watched()
    made.take(cell(), marker(0, CLOSES + BUCKET_MS - 1), marker(1, CLOSES + BUCKET_MS - 1))
    assert made.take(cell(T0 + BUCKET_MS), marker(0, CLOSES + HOUR), marker(1, CLOSES + HOUR)) == 1


def test_an_input_partition_that_does_not_exist_is_passed_over() -> None:
    made = Watched()
    made.take(cell(partition=2), cell(partition=-1), marker(7, END_OF_RUN_MS))
    assert made.watch.parts() == []


# --- runs --------------------------------------------------------------------------------------------------------


def test_a_run_ends_when_every_input_partition_has_ended_it_and_does_not_come_back() -> None:
    made = Watched()
    drill = cell(run="drill-1")
    made.take(drill, marker(0, END_OF_RUN_MS, "drill-1"))
    assert made.ended == []
    assert made.take(marker(1, END_OF_RUN_MS, "drill-1")) == 1
    assert made.ended == ["drill-1"]
    made.take(drill, cell(T0 + HOUR, run="drill-1"))
    assert made.watch.runs() == []
    again = Watched(made.watch.ended())
    again.take(drill)
    assert again.watch.runs() == []


def test_life_does_not_end() -> None:
    made = Watched()
    made.take(cell(), marker(0, END_OF_RUN_MS), marker(1, END_OF_RUN_MS))
    assert (made.watch.runs(), made.watch.watermark_ms()) == ([""], 0)


def test_the_snapshots_of_a_run_that_has_ended_are_passed_over() -> None:
    made = Watched()
    made.take(cell(run="drill-1"))
    brand, run = made.snapshot(run="drill-1"), made.snapshot("", "drill-1")
    made.take(marker(0, END_OF_RUN_MS, "drill-1"), marker(1, END_OF_RUN_MS, "drill-1"))
    assert Watched(brand, run, made.watch.ended()).watch.parts() == []


def test_ended_runs_are_remembered_up_to_a_bound() -> None:
    made = Watched()
    for number in range(100):
        made.take(*(marker(part, END_OF_RUN_MS, f"replay-{number}") for part in (0, 1)))
    assert made.watch.ended().runs == [f"replay-{number}" for number in range(36, 100)]


def test_runs_that_nobody_ends_are_given_up_the_longest_silent_first_and_life_never() -> None:
    made = Watched()
    made.take(cell(), *(cell(run=f"replay-{number}") for number in range(64)), cell(run="replay-0"))
    made.take(*(cell(run=f"replay-{number}") for number in range(64, 70)))
    assert made.ended == [f"replay-{number}" for number in range(1, 7)]
    assert "" in made.watch.runs()


# --- snapshots ---------------------------------------------------------------------------------------------------


def test_a_restart_begins_at_the_oldest_record_that_any_part_needs() -> None:
    made = Watched()
    made.take(marker(0, CLOSES - BUCKET_MS), cell(), cell(brand="bolt"))
    assert made.watch.restart_offset() == 0
    made.snapshot("")
    assert made.watch.restart_offset() == 1
    made.snapshot("acme")
    assert made.watch.restart_offset() == 2
    made.snapshot("bolt")
    assert made.watch.restart_offset() == 3


def test_before_anything_came_nothing_is_needed() -> None:
    assert Watched().watch.restart_offset() == 0


def test_the_end_of_a_fast_partition_is_not_lost_where_a_brand_is_first_spoken_of_after_it() -> None:
    run = "replay-1"
    ends = marker(1, END_OF_RUN_MS, run)
    made = Watched()
    made.take(ends, cell(run=run))
    first = made.watch.restart_offset()
    again = Watched(first=first)
    tape: list[BucketRecord] = [ends, cell(run=run)]
    again.take(*tape[first:])
    assert again.take(marker(0, END_OF_RUN_MS, run)) == 1
    assert again.ended == [run]


def test_the_end_of_a_fast_partition_is_not_lost_when_only_the_run_has_a_snapshot() -> None:
    run = "replay-1"
    made = Watched()
    made.take(marker(1, END_OF_RUN_MS, run), cell(run=run))
    saved = made.snapshot("", run)
    assert made.watch.restart_offset() == 1
    again = Watched(saved, first=1)
    again.take(cell(run=run))
    assert again.take(marker(0, END_OF_RUN_MS, run)) == 1


def test_the_end_of_a_fast_partition_is_not_lost_when_only_the_brand_has_a_snapshot() -> None:
    run = "replay-1"
    made = Watched()
    made.take(marker(1, END_OF_RUN_MS, run), cell(run=run))
    saved = made.snapshot("acme", run)
    assert made.watch.restart_offset() == 0
    again = Watched(saved)
    assert again.watch.restart_offset() == 2
    again.take(marker(1, END_OF_RUN_MS, run))
    assert again.watch.restart_offset() == 0
    again.take(cell(run=run))
    assert again.take(marker(0, END_OF_RUN_MS, run)) == 1


def test_restored_markers_do_not_count_before_their_position() -> None:
    made = Watched()
    made.take(cell(), marker(0), marker(1))
    ahead = made.snapshot("")
    again = Watched(ahead)
    again.take(cell())
    assert again.spoken_ms() == 0
    assert again.take(marker(0), marker(1)) == 1


def test_a_repeat_of_what_was_closed_before_the_snapshot_is_known_where_the_markers_are_behind() -> None:
    made = Watched()
    made.take(cell(), marker(0), marker(1))
    brand = made.snapshot("acme")
    assert isinstance(brand, BrandSnapshot)
    again = Watched(brand, first=brand.position)
    again.take(cell())
    assert again.snapshot().cells == []  # type: ignore[union-attr]


def test_what_a_brand_passed_over_before_its_snapshot_it_passes_over_again() -> None:
    made = Watched()
    tape: list[BucketRecord] = [marker(0), cell(), cell(T0 + BUCKET_MS)]
    made.take(*tape)
    again = Watched(made.snapshot("acme"), first=1)
    again.take(*tape[1:])
    assert [one.start_ms for one in again.snapshot().cells] == [T0 + BUCKET_MS]  # type: ignore[union-attr]


def test_what_is_not_awake_yet_has_the_snapshot_that_it_came_from() -> None:
    made = Watched()
    made.take(cell(), marker(0), cell(T0 + MIN))
    brand, run = made.snapshot("acme"), made.snapshot("")
    again = Watched(brand, run)
    again.take(cell())
    assert encode_snapshot(again.watch.snapshot("", "acme")) == encode_snapshot(brand)
    assert encode_snapshot(again.watch.snapshot("", "")) == encode_snapshot(run)


def test_a_snapshot_of_another_version_is_refused_with_both() -> None:
    with pytest.raises(
        StateMismatch, match=f"watch-state holds state of version 9, this program reads {SNAPSHOT_VERSION}"
    ):
        decode_snapshot(encode_snapshot(RunSnapshot(9, "", 0, 0, {})))


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"\xff", THIS + b"}", THIS + b',"type":"else"}'])
def test_what_is_no_snapshot_says_so(value: bytes) -> None:
    with pytest.raises(BadRecord):
        decode_snapshot(value)


def test_a_part_has_one_key_that_no_other_has() -> None:
    keys = [part_key(run, brand) for run in ("", "a", "ended") for brand in ("", "a", "ended")]
    assert len({*keys, b"ended"}) == len(keys) + 1


# --- forgetting --------------------------------------------------------------------------------------------------


def test_a_brand_that_nobody_speaks_of_is_forgotten() -> None:
    made = Watched(forget_ms=DAY)
    last = CLOSES + DAY
    made.take(cell(), marker(0), marker(1), marker(0, last), marker(1, last))
    assert made.watch.parts() == [("", ""), ("", "acme")]
    made.take(marker(0, last + 1), marker(1, last + 1))
    assert made.watch.parts() == [("", "")]


def test_a_brand_with_an_open_cell_is_not_forgotten() -> None:
    made = Watched(forget_ms=DAY)
    made.take(
        cell(), marker(0), marker(1), cell(T0 + 2 * DAY), marker(0, CLOSES + DAY + 1), marker(1, CLOSES + DAY + 1)
    )
    assert ("", "acme") in made.watch.parts()


@pytest.mark.parametrize("seen_meanwhile", [True, False])
def test_a_brand_begins_anew_after_so_long_whether_it_was_seen_to_be_forgotten_or_not(seen_meanwhile: bool) -> None:
    made = Watched(forget_ms=DAY)
    again_ms = T0 + DAY + BUCKET_MS
    made.take(cell(platform="x"))
    if seen_meanwhile:
        made.take(*(marker(part, CLOSES + DAY + 1) for part in (0, 1)))
        assert made.watch.parts() == [("", "")]
    made.take(cell(again_ms, platform="y"), *(marker(part, again_ms + MIN) for part in (0, 1)))
    [only] = made.watch.watches()
    assert only.platforms == [None, "y"]
