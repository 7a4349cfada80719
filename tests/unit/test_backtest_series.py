"""``firebreak backtest-series``: a row for each row, strictly online, and what is wrong is said with its line."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.backtest_series import THRESHOLD, Row, read_series, scores
from streams.cli import main
from streams.settings import SettingsError

START = datetime(2026, 1, 5, tzinfo=UTC)


def written(path: Path, counts: list[object], step_s: int = 300, head: str = "timestamp,value") -> Path:
    times = [(START + timedelta(seconds=place * step_s)).strftime("%Y-%m-%d %H:%M:%S") for place in range(len(counts))]
    rows = [f"{time},{count}" for time, count in zip(times, counts, strict=True)]
    path.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["backtest-series", *map(str, words)])


def scored(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def peak(at: int, rows: int, high: int = 90) -> list[object]:
    return [high if place == at else 3 + place % 2 for place in range(rows)]


def test_each_row_has_its_row_in_order_and_a_peak_is_one_alarm(tmp_path: Path) -> None:
    source, out = written(tmp_path / "in.csv", peak(700, 800)), tmp_path / "out.csv"
    assert run(source, "--out", out).exit_code == 0
    given, rows = scored(source), scored(out)
    assert list(rows[0]) == ["timestamp", "value", "anomaly_score"]
    assert [(row["timestamp"], row["value"]) for row in rows] == [(row["timestamp"], row["value"]) for row in given]
    assert all(0.0 <= float(row["anomaly_score"]) <= 1.0 for row in rows)
    assert [place for place, row in enumerate(rows) if float(row["anomaly_score"]) >= THRESHOLD] == [700]


def test_the_threshold_is_printed_without_a_file() -> None:
    told = run("--threshold")
    assert told.exit_code == 0
    assert float(told.output) == THRESHOLD


def test_a_score_is_made_of_the_past_alone(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    run(written(tmp_path / "a.csv", peak(600, 800)), "--out", whole)
    run(written(tmp_path / "b.csv", peak(600, 800)[:640]), "--out", cut)
    assert whole.read_text(encoding="utf-8").splitlines()[:641] == cut.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("step_s", [10, 60, 420, 900, 3600, 6 * 3600, 86_400])
def test_any_even_step_from_ten_seconds_to_a_day_will_do(tmp_path: Path, step_s: int) -> None:
    rows = max(40, min(1500, 30 * 86_400 // step_s))
    out = tmp_path / "out.csv"
    assert run(written(tmp_path / "in.csv", peak(rows - 5, rows, 900), step_s), "--out", out).exit_code == 0
    alarms = [place for place, row in enumerate(scored(out)) if float(row["anomaly_score"]) >= THRESHOLD]
    assert alarms
    assert alarms[0] >= rows - 5


def test_an_offset_counts_and_times_without_one_are_utc(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("timestamp,value\n2026-01-05T01:00:00+01:00,1\n2026-01-05 00:05:00,2\n", encoding="utf-8")
    first, second = read_series(path)
    assert second.at_ms - first.at_ms == 300_000
    assert (first.timestamp, second.count) == ("2026-01-05T01:00:00+01:00", 2.0)


@pytest.mark.parametrize(
    ("counts", "line", "told"),
    [
        ([1, "nan", 2], 3, ("'nan'", "0 or more")),
        ([1, 2, "inf"], 4, ("'inf'", "0 or more")),
        ([1, "", 2], 3, ("''", "0 or more")),
        ([-1, 2, 3], 2, ("'-1'", "0 or more")),
        ([1, "many", 3], 3, ("'many'", "0 or more")),
    ],
)
def test_a_count_that_is_none_is_told_with_its_line(
    tmp_path: Path, counts: list[object], line: int, told: tuple[str, ...]
) -> None:
    path = written(tmp_path / "in.csv", counts)
    with pytest.raises(SettingsError) as wrong:
        read_series(path)
    assert all(part in str(wrong.value) for part in (f"in.csv:{line}:", *told))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["2026-01-05 00:00:00,1", "yesterday,2"], (":3:", "'yesterday'", "ISO 8601")),
        (
            ["2026-01-05 00:00:00,1", "2026-01-05 00:05:00,2", "2026-01-05 00:15:00,2"],
            (":4:", "600 s", "one even step"),
        ),
        (["2026-01-05 00:00:00,1", "2026-01-05 00:05:00,2", "2026-01-05 00:05:00,2"], (":4:", "0 s", "one even step")),
        (["2026-01-05 00:05:00,1", "2026-01-05 00:00:00,2"], (":3:", "-300 s", "from 10 to 86400")),
        (["2026-01-05 00:00:00,1", "2026-01-05 00:00:05,2"], (":3:", "5 s", "from 10 to 86400")),
        (["2026-01-05 00:00:00,1", "2026-01-07 00:00:00,2"], (":3:", "from 10 to 86400")),
        (["2026-01-05 00:00:00,1"], ("1 rows", "at least 2")),
        ([], ("0 rows", "at least 2")),
    ],
)
def test_times_that_make_no_even_step_are_told_with_their_line(
    tmp_path: Path, rows: list[str], told: tuple[str, ...]
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["timestamp,value", *rows, ""]), encoding="utf-8")
    with pytest.raises(SettingsError) as wrong:
        read_series(path)
    assert all(part in str(wrong.value) for part in ("in.csv", *told))


def test_what_is_wrong_is_one_message_and_exit_code_2(tmp_path: Path) -> None:
    good = written(tmp_path / "good.csv", [1, 2, 3])
    other = written(tmp_path / "other.csv", [1, 2, 3], head="time,count")
    out = tmp_path / "out.csv"
    for words, told in (
        ((tmp_path / "nowhere.csv", "--out", out), "nowhere.csv cannot be read"),
        ((other, "--out", out), "other.csv:1: the column 'timestamp' is missing"),
        ((good, "--out", tmp_path / "no" / "out.csv"), "out.csv cannot be written"),
        ((good,), "--out"),
        ((), "--out"),
    ):
        result = run(*words)
        assert result.exit_code == 2, words
        assert told in result.output
        assert "Traceback" not in result.output
    assert not out.exists(), "nothing is written where the input is wrong"


def alarms_of(counts: list[float], step_s: int) -> list[int]:
    rows = [
        Row("", "", round(START.timestamp() * 1000) + place * step_s * 1000, one) for place, one in enumerate(counts)
    ]
    return [place for place, score in enumerate(scores(rows, step_s)) if score >= THRESHOLD]


@pytest.mark.parametrize("step_s", [300, 3600, 2 * 3600, 6 * 3600, 86_400])
def test_the_start_of_a_series_is_no_alarm_however_long_its_step_is(step_s: int) -> None:
    assert alarms_of([1000.0] * 40, step_s) == []
    assert alarms_of([30.0, 60.0, 20.0, 90.0, 40.0, 25.0] * 7, step_s) == []


@pytest.mark.parametrize("step_s", [300, 900, 3600, 6 * 3600])
def test_a_step_that_lasts_is_one_alarm(step_s: int) -> None:
    assert alarms_of([100.0] * 400 + [1000.0] * 400, step_s) == [400]


def test_a_second_peak_after_the_first_is_over_is_a_second_alarm() -> None:
    calm = [100.0] * 60
    assert alarms_of([*calm * 10, 1000.0, *calm, 1000.0, *calm], 300) == [600, 661]
