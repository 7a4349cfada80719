"""The bench's figures: what the JSON holds, how rounds become one figure, and what is said where it cannot run."""

from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner

from streams.bench.cells import Cells
from streams.bench.command import bench
from streams.bench.job import BRANDS, READERS, Job, Reader, ReaderName, Reading, Sample
from streams.bench.mentions import bench_mentions
from streams.bench.report import memory_report, report
from streams.bench.runner import Outcome, Plan
from streams.bench.work import Stopwatch
from streams.cli import main

ALL = tuple(ReaderName)
SAME = Cells(320, "00000000000000aa")


def outcome(reader: ReaderName, seconds: float, round_number: int = 0, cells: Cells = SAME) -> Outcome:
    return Outcome(reader, round_number, Reading(1000, seconds, seconds / 2, 100.0 + round_number), cells)


def test_the_json_has_the_five_readers_with_their_rate_and_memory() -> None:
    found = report(Plan(ALL, 1000, 4, 1), [outcome(reader, 2.0) for reader in ALL])
    readers = json.loads(msgspec.json.encode(found))["readers"]
    assert readers == {
        name: {"mentions_per_s": 500, "rss_mb": 100.0} for name in ("faust", "quix", "bytewax", "aiokafka", "firebreak")
    }


def test_a_rate_is_the_median_of_the_rounds_and_memory_the_highest() -> None:
    rounds = [outcome(ReaderName.FAUST, seconds, number) for number, seconds in enumerate((1.0, 4.0, 2.0))]
    figures = report(Plan((ReaderName.FAUST,), 1000, 4, 3), rounds).readers[ReaderName.FAUST]
    assert (figures.mentions_per_s, figures.rss_mb) == (500, 102.0)


def test_readers_are_compared_within_a_round() -> None:
    quick_round = [outcome(ReaderName.FAUST, 9.0, 0), outcome(ReaderName.FIREBREAK, 1.0, 0)]
    slow_round = [outcome(ReaderName.FIREBREAK, 4.0, 1), outcome(ReaderName.FAUST, 40.0, 1)]
    plan = Plan((ReaderName.FAUST, ReaderName.FIREBREAK), 1000, 4, 2)
    times = report(plan, quick_round + slow_round).firebreak_times
    assert list(times) == [ReaderName.FAUST]
    assert (times[ReaderName.FAUST].low, times[ReaderName.FAUST].high) == (9.0, 10.0)


@pytest.mark.parametrize("other", [Cells(319, SAME.checksum), Cells(SAME.count, "00000000000000ab")])
def test_a_reader_with_other_cells_is_noticed(other: Cells) -> None:
    outcomes = [outcome(ReaderName.FAUST, 1.0, cells=other), outcome(ReaderName.FIREBREAK, 1.0)]
    plan = Plan((ReaderName.FAUST, ReaderName.FIREBREAK), 1000, 4, 1)
    assert not report(plan, outcomes).same_cells
    assert report(plan, [outcome(name, 1.0) for name in plan.readers]).same_cells


@pytest.mark.parametrize(
    ("peak_mb", "resident_mb", "well"),
    [
        (180.0, [90.0 + 6.0 * number for number in range(10)] + [150.0] * 10, True),
        (180.0, [90.0 + 4.0 * number for number in range(20)], False),
        (301.0, [150.0] * 20, False),
    ],
)
def test_memory_is_well_below_the_limit_and_flat_in_the_second_half(
    peak_mb: float, resident_mb: list[float], well: bool
) -> None:
    samples = tuple(Sample(50_000 * (number + 1), rss_mb) for number, rss_mb in enumerate(resident_mb))
    reading = Reading(1_000_000, 30.0, 30.0, peak_mb, samples)
    plan = Plan((ReaderName.FIREBREAK,), 1_000_000, 4, 1, 50_000)
    assert memory_report(plan, Outcome(ReaderName.FIREBREAK, 0, reading, SAME)).well is well


def watch(records: int, sample_every: int = 0) -> Stopwatch:
    return Stopwatch(Job(ReaderName.FAUST, "127.0.0.1:9092", 4, records, "g", "s", sample_every))


def test_the_first_quarter_is_not_measured() -> None:
    counting = watch(100)
    for _ in range(10):
        counting.count(10)
    counting.end()
    assert counting.all_read
    assert counting.reading().records == 70


def test_a_reader_that_ends_early_has_no_reading() -> None:
    counting = watch(10)
    counting.count(9)
    assert not counting.all_read
    with pytest.raises(RuntimeError, match="9 of 10"):
        counting.reading()


def test_a_reader_that_takes_all_records_at_once_has_no_reading() -> None:
    counting = watch(10)
    counting.count(10)
    counting.end()
    with pytest.raises(RuntimeError, match="nothing was measured"):
        counting.reading()


def test_memory_is_sampled_as_the_records_pass() -> None:
    counting = watch(100, sample_every=30)
    for _ in range(10):
        counting.count(10)
    counting.end()
    assert [sample.records for sample in counting.reading().samples] == [30, 60, 90]


def test_the_mentions_are_as_large_as_real_ones_and_about_every_brand() -> None:
    mentions = list(bench_mentions(2000))
    assert {mention.brand for mention in mentions} == set(BRANDS)
    assert len({mention.id for mention in mentions}) == 2000
    assert 250 < len(msgspec.json.encode(mentions)) / 2000 < 350
    assert mentions == sorted(mentions, key=lambda mention: mention.created_at)


def test_every_reader_can_be_chosen() -> None:
    choice = next(option for option in bench.params if option.name == "names").type
    assert [*choice.to_info_dict()["choices"]] == [*ReaderName] == [*READERS]


def test_a_package_that_is_not_there_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READERS, ReaderName.QUIX, Reader("streams.bench.quix_reader", "no_such_package", "Quix"))
    ended = CliRunner().invoke(main, ["bench", "--json", "--reader", "quix"])
    assert ended.exit_code == 2
    assert "no_such_package" in ended.output
    assert "make bench" in ended.output


def test_memory_over_a_few_mentions_is_refused() -> None:
    ended = CliRunner().invoke(main, ["bench", "--memory", "--mentions", "5000"])
    assert ended.exit_code == 2
    assert "--memory" in ended.output
