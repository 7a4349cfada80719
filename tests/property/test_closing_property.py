"""Watch is a function of what each input partition sent: neither their interleaving, nor repeats, nor a stop anywhere
makes a difference."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.bucket import Cell
from detectors.signal import Signal
from streams.deciding.closing import PartitionWatch
from streams.deciding.watch_state import (
    ENDED_KEY,
    SNAPSHOT_VERSION,
    EndedRuns,
    decode_snapshot,
    encode_snapshot,
    part_key,
)
from streams.wire import BucketRecord, Marker
from tests.parts.bucket_tapes import INPUTS, ended, in_order, in_turn, interleaved, spoken, watched

SEEDS = st.integers(0, 10_000)
LIFE = spoken()
DRILL = ended(spoken("drill-1", 2), "drill-1")


@pytest.fixture(autouse=True, scope="module")
def soon_warm() -> Iterator[None]:
    """Detectors that judge after ten minutes, so that twenty minutes hold a baseline and a crisis."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detectors.estimators.seasonal._WARM_UP_STEPS", 2)
        yield


def states(watch: PartitionWatch) -> dict[tuple[str, str], object]:
    """Everything a watch knows, apart from positions."""
    found: dict[tuple[str, str], object] = {}
    for run, brand in watch.parts():
        plain = msgspec.json.decode(encode_snapshot(watch.snapshot(run, brand)))
        found[run, brand] = {key: value for key, value in plain.items() if key not in ("position", "heard")}
    return found


class Told(NamedTuple):
    """What a watch has signalled and knows in the end."""

    signals: list[Signal]
    knows: dict[tuple[str, str], object]


def told(tape: list[BucketRecord]) -> Told:
    watch, signals = watched(tape)
    return Told(signals, states(watch))


@pytest.fixture(scope="module")
def life() -> Told:
    """What comes of life where the input partitions are equally fast and nothing is repeated."""
    return told(in_turn(LIFE))


@pytest.fixture(scope="module")
def both(life: Told) -> Told:
    """What comes of life and of the drill, each watched alone."""
    drill = told(in_turn(DRILL))
    return Told(in_order([*life.signals, *drill.signals]), life.knows | drill.knows)


def test_the_crisis_in_the_tapes_gives_signals(life: Told, both: Told) -> None:
    assert {(one.brand, one.kind.value) for one in life.signals} == {("acme", "negativity"), ("acme", "volume")}
    assert len({one.platform for one in life.signals}) > 1
    assert {one.run for one in both.signals} == {"", "drill-1"}


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_any_interleaving_of_the_input_partitions_gives_the_same(life: Told, seed: int) -> None:
    assert told(interleaved(LIFE, random.Random(seed), ahead=400)) == life


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_runs_do_not_touch_each_other(both: Told, seed: int) -> None:
    chance = random.Random(seed)
    assert told(interleaved([interleaved(LIFE, chance), interleaved(DRILL, chance)], chance)) == both


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_repeats_whole_or_in_part_change_nothing(life: Told, seed: int) -> None:
    chance = random.Random(seed)
    assert told(with_repeats(interleaved(LIFE, chance), chance)) == life


def with_repeats(tape: list[BucketRecord], chance: random.Random) -> list[BucketRecord]:
    """What a triage that was killed and started again sends: records once more, late and with mentions missing."""
    out: list[BucketRecord] = []
    for place, record in enumerate(tape):
        out.append(record)
        if chance.random() < 0.2:
            again = tape[max(0, place - chance.choice((0, 3, 50, 1_000)))]
            if isinstance(again, Cell) and chance.random() < 0.5:
                again = msgspec.structs.replace(again, mentions=0, digests=again.digests[1:])
            out.append(again)
    return out


# --- stopped anywhere --------------------------------------------------------------------------------------------


@dataclass
class Worker:
    """A watch worker that is killed and started again. `kept` is the compacted topic, `committed` is Kafka's."""

    tape: list[BucketRecord]
    watch: PartitionWatch = field(default_factory=lambda: PartitionWatch(INPUTS))
    kept: dict[bytes, bytes] = field(default_factory=dict)
    older: list[dict[bytes, bytes]] = field(default_factory=list)
    committed: int = 0
    at: int = 0
    signals: dict[str, Signal] = field(default_factory=dict)

    def work(self, records: int) -> None:
        """Take in records; signals are delivered first, then the end of runs."""
        until, over = min(self.at + records, len(self.tape)), False
        for offset in range(self.at, until):
            if offset < self.watch.next_offset:
                continue
            closed = self.watch.take(offset, self.tape[offset])
            over = over or bool(closed.ended)
            for signal in closed.signals:
                assert self.signals.setdefault(signal.id, signal) == signal
        self.at = max(self.at, until)
        if over:
            self.kept[ENDED_KEY] = encode_snapshot(self.watch.ended())
            watched = {part_key(*part) for part in self.watch.parts()}
            self.kept = {key: value for key, value in self.kept.items() if key in watched or key == ENDED_KEY}

    def snapshot(self, which: int, told: bool) -> None:
        """Write one part's snapshot, which Kafka may have taken without the worker hearing of it."""
        parts = self.watch.parts()
        if parts:
            run, brand = parts[which % len(parts)]
            snapshot = self.watch.snapshot(run, brand)
            self.older.append(dict(self.kept))
            self.kept[part_key(run, brand)] = encode_snapshot(snapshot)
            if told:
                self.watch.snapshot_delivered(snapshot)

    def acknowledge(self) -> None:
        """Commit what no restart needs."""
        self.committed = max(self.committed, min(self.at, self.watch.restart_offset()))

    def die(self, back: int) -> None:
        """Be killed and start again, perhaps where somebody who had lost the partition wrote an older snapshot last."""
        if back and len(self.older) >= back:
            for key, value in self.older[-back].items():
                self.kept[key] = value if key in self.kept else self.kept.get(key, value)
        found = [decode_snapshot(value) for value in self.kept.values()]
        self.watch = PartitionWatch(INPUTS, found)
        self.at = min(self.committed, self.watch.restart_offset()) if found else self.committed


STEPS = st.one_of(
    st.tuples(st.just("work"), st.sampled_from([1, 7, 60, 300])),
    st.tuples(st.just("snapshot"), st.integers(0, 5), st.booleans() | st.just(True)),
    st.tuples(st.just("acknowledge")),
    st.tuples(st.just("die"), st.sampled_from([0, 0, 0, 1, 4])),
)


# Not fewer than ten steps: of lists that may be short most are, and a few steps go wrong in no interesting way.
@given(SEEDS, st.lists(STEPS, min_size=10, max_size=60))
@example(3, [("work", 300), ("work", 300), ("acknowledge",), ("die", 0)])
@settings(max_examples=30, deadline=None)
def test_stopped_anywhere_and_restored_it_is_as_if_it_had_never_stopped(
    both: Told, seed: int, steps: list[tuple[object, ...]]
) -> None:
    chance = random.Random(seed)
    tape = with_repeats(interleaved([interleaved(LIFE, chance), interleaved(DRILL, chance, 2_000)], chance), chance)
    worker = Worker(tape)
    for step in steps:
        match step:
            case ("work", int(records)):
                worker.work(records)
            case ("snapshot", int(which), bool(told)):
                worker.snapshot(which, told)
            case ("acknowledge",):
                worker.acknowledge()
            case ("die", int(back)):
                worker.die(back)
    worker.work(len(tape))
    assert Told(in_order(worker.signals.values()), states(worker.watch)) == both
    assert worker.watch.ended() == EndedRuns(SNAPSHOT_VERSION, ["drill-1"])


def test_what_is_signalled_does_not_change_when_the_rest_of_the_records_is_cut_off(life: Told) -> None:
    watch = PartitionWatch(INPUTS)
    early: list[Signal] = []
    heard_ms = [0] * INPUTS
    for offset, record in enumerate(in_turn(LIFE)):
        early += watch.take(offset, record).signals
        if isinstance(record, Marker):
            heard_ms[record.partition] = record.at_ms
        assert in_order(early) == [one for one in life.signals if one.at_ms <= min(heard_ms)]
