"""Triage is a function of the records: how they are folded and where it is killed makes no difference to the cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.bucket import Cell
from streams.deciding.gather import Gathered, PartitionTriage, Record
from streams.wire import (
    HEARTBEAT_KEY,
    BucketRecord,
    TriageState,
    decode_triage_state,
    encode_triage_state,
    partition_of,
)
from tests.parts.stream_records import (
    DAY,
    RULES,
    T0,
    Accepting,
    S,
    Sent,
    accepted,
    beat,
    folded,
    on_tape,
    said,
    triage,
)

TIGHT = replace(RULES, recent_ids=6, runs_at_once=3, run_idle_ms=60 * S, horizon_ms=DAY)
RUNS = ("", "", "", "drill-1", "replay-1", "replay-2")
BRAND_PARTITIONS = 2


@pytest.fixture(autouse=True, scope="module")
def forgetful() -> Iterator[None]:
    """Memory that is let go of at once where it may be, and not in steps that no test here would reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.deciding.recent_ids._TRIM_AT", 1)
        yield


@st.composite
def tapes(draw: st.DrawFn) -> list[Record]:
    """What may stand in a partition: several runs, repeats, late and bad mentions, heartbeats, ends, idle times."""
    now_ms, sent = T0, []
    for _ in range(draw(st.integers(1, 60))):
        now_ms += draw(st.sampled_from([0, 0, 1, 300, S, 3 * S, 11 * S, 50 * S]))
        sent.append(draw(_record(now_ms)))
    return on_tape(sent)


@st.composite
def _record(draw: st.DrawFn, now_ms: int) -> Sent:
    run = draw(st.sampled_from(RUNS))
    # A replay's times are its own, and come faster than life's.
    base_ms = now_ms if not run else T0 - 100 * DAY + (now_ms - T0) * 7
    at_ms = base_ms - draw(st.sampled_from([0, 0, 0, 500, 9 * S, 12 * S, 40 * S, 2 * DAY, -2 * DAY]))
    match draw(st.sampled_from(["said"] * 8 + ["beat", "beat", "final", "junk", "bad beat"])):
        case "beat":
            return beat(at_ms, run, recorded_ms=now_ms)
        case "final":
            return beat(at_ms, run, final=True, recorded_ms=now_ms)
        case "junk":
            return Sent(now_ms, b"k", draw(st.sampled_from([None, b"", b"{}", b"[]", b"\xff"])))
        case "bad beat":
            return Sent(now_ms, HEARTBEAT_KEY, b"\xff")
    return said(
        draw(st.integers(0, 9)),
        at_ms,
        recorded_ms=now_ms,
        run=run or None,
        brand=draw(st.sampled_from(["acme", "bolt", "unknown"])),
        platform=draw(st.sampled_from(["x", "y"])),
        deleted=draw(st.sampled_from([False, False, False, True])),
        own=draw(st.sampled_from([False, False, True])),
        author={"id": draw(st.sampled_from("abc"))},
        text=draw(st.sampled_from(["hm", "awful \U0001f621", "lovely"])),
    )


@given(tapes(), st.lists(st.integers(1, 9)))
@settings(max_examples=80, deadline=None)
def test_where_folds_end_makes_no_difference(tape: list[Record], sizes: list[int]) -> None:
    whole, cut = folded(tape, [], TIGHT), folded(tape, sizes, TIGHT)
    assert accepted([cut]) == accepted([whole])
    assert (cut.dead, cut.samples, cut.outcomes, cut.late) == (whole.dead, whole.samples, whole.outcomes, whole.late)
    assert len(cut.cells) == len(whole.cells)


@given(tapes())
@settings(max_examples=60, deadline=None)
def test_no_mention_is_lost_and_none_counts_twice(tape: list[Record]) -> None:
    whole = folded([*tape, *_ends(tape)], [3] * 30, TIGHT)
    counted = sum(cell.mentions + cell.own + len(cell.deleted) for cell in whole.cells)
    taken = {name.value: number for name, number in whole.outcomes.items()}
    assert counted == taken.get("accepted", 0) + taken.get("deleted", 0)
    assert sum(taken.values()) == counted + taken.get("repeat", 0) + taken.get("dead", 0)
    keys = Counter((c.run, c.brand, c.platform, c.start_ms) for c in whole.cells)
    assert set(keys.values()) <= {1}


def _ends(tape: list[Record]) -> list[Record]:
    after_ms = tape[-1].recorded_ms + DAY
    return on_tape([beat(after_ms), *(beat(0, run, True, after_ms) for run in set(RUNS) - {""})], len(tape))


@given(tapes(), st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_what_is_decided_does_not_change_when_the_rest_of_the_records_is_cut_off(tape: list[Record], at: int) -> None:
    sizes = [1] * len(tape)
    early, whole = folded(tape[:at], sizes, TIGHT), folded(tape, sizes, TIGHT)
    assert whole.cells[: len(early.cells)] == early.cells
    assert whole.markers[: len(early.markers)] == early.markers
    assert whole.dead[: len(early.dead)] == early.dead


@given(st.lists(st.one_of(st.binary(max_size=60), st.none(), st.text(max_size=30).map(str.encode)), max_size=30))
@settings(max_examples=80, deadline=None)
def test_arbitrary_bytes_are_dead_letters_and_nothing_else(values: list[bytes | None]) -> None:
    keyed = [Sent(T0, HEARTBEAT_KEY if place % 3 == 0 else b"k", value) for place, value in enumerate(values)]
    found = folded(on_tape(keyed), [])
    assert [(letter.offset, letter.original) for letter in found.dead] == [
        (offset, value or b"") for offset, value in enumerate(values)
    ]


@given(st.binary(max_size=12), st.integers(0, 400), st.integers(0, 12))
@settings(max_examples=80, deadline=None)
def test_a_mention_with_bytes_of_it_changed_is_taken_or_a_dead_letter(noise: bytes, at: int, over: int) -> None:
    value = said(1, author={"id": "a", "name": "n"}, links=["https://x.y"], lang="en", reach=5).value or b""
    at = min(at, len(value))
    found = folded(on_tape([Sent(T0, b"k", value[:at] + noise + value[at + over :])]), [])
    assert sum(found.outcomes.values()) == 1


# --- killed anywhere ---------------------------------------------------------------------------------------------


@dataclass
class Worker:
    """A triage worker that is killed and started again; what it delivers goes to every partition of `buckets`."""

    tape: list[Record]
    made: PartitionTriage
    buckets: tuple[Accepting, ...]
    dead: set[tuple[int, str]]
    state: TriageState | None = None
    at: int = 0

    def __post_init__(self) -> None:
        self.waiting: list[tuple[Gathered, TriageState | None]] = []

    def fold(self, size: int, with_checkpoint: bool) -> None:
        """Gather a fold; its outcome waits for delivery."""
        found = self.made.fold(self.tape[self.at : self.at + size])
        self.at += size
        self.waiting.append((found, self.made.checkpoint() if with_checkpoint else None))

    def deliver(self) -> None:
        """Deliver the oldest outcome whole."""
        if self.waiting:
            found, checkpoint = self.waiting.pop(0)
            self._send([*_spread(found.cells), *_everywhere(found)])
            self.dead |= {(letter.offset, letter.reason) for letter in found.dead}
            self.state = checkpoint or self.state

    def die(self, some: list[bool]) -> None:
        """Be killed in the middle of a delivery, which some of its records have survived, and start again."""
        if self.waiting:
            found = self.waiting[0][0]
            cells, markers = _spread(found.cells), _everywhere(found)
            reached = [one for one, there in zip(cells, some, strict=False) if there]
            # Markers go when every cell is acknowledged.
            if len(some) > len(cells) and all(some[: len(cells)]):
                reached = cells + [one for one, there in zip(markers, some[len(cells) :], strict=False) if there]
            self._send(reached)
        self.waiting.clear()
        state = decode_triage_state(encode_triage_state(self.state)) if self.state else None
        self.made = triage(state, TIGHT)
        # Kafka goes on from where was committed, which is never behind the checkpoint.
        self.at = max(0, (state.offset if state else 0) - len(some) % 3)

    def _send(self, records: list[tuple[int, BucketRecord]]) -> None:
        for place, record in records:
            self.buckets[place].take(record)


def _spread(cells: list[Cell]) -> list[tuple[int, BucketRecord]]:
    return [(partition_of(cell.brand.encode(), BRAND_PARTITIONS), cell) for cell in cells]


def _everywhere(found: Gathered) -> list[tuple[int, BucketRecord]]:
    return [(place, marker) for marker in found.markers for place in range(BRAND_PARTITIONS)]


STEPS = st.one_of(
    st.tuples(st.just("fold"), st.integers(1, 12), st.booleans()),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("work"), st.integers(1, 6)),
    st.tuples(st.just("die"), st.lists(st.booleans() | st.just(True), max_size=40)),
)


@given(tapes(), st.lists(STEPS, max_size=40))
@example(on_tape([said(1), said(2, T0 + 30 * S)]), [("fold", 1, True), ("deliver",), ("die", [])])
@settings(max_examples=200, deadline=None)
def test_killed_anywhere_the_cells_that_watch_accepts_are_those_of_an_unbroken_run(
    tape: list[Record], steps: list[tuple[object, ...]]
) -> None:
    buckets = tuple(Accepting() for _ in range(BRAND_PARTITIONS))
    worker = Worker(tape, triage(rules=TIGHT), buckets, set())
    for step in steps:
        match step:
            case ("fold", int(size), bool(with_checkpoint)):
                worker.fold(size, with_checkpoint)
            case ("deliver",):
                worker.deliver()
            case ("work", int(size)):
                worker.fold(size, True)
                worker.deliver()
            case ("die", list(some)):
                worker.die(some)
    worker.fold(len(tape), False)
    while worker.waiting:
        worker.deliver()
    whole = folded(tape, [], TIGHT)
    unbroken = tuple(Accepting() for _ in range(BRAND_PARTITIONS))
    for place, record in [*_spread(whole.cells), *_everywhere(whole)]:
        unbroken[place].take(record)
    assert buckets == unbroken
    assert worker.dead == {(letter.offset, letter.reason) for letter in whole.dead}
