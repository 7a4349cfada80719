"""The file that a backtest writes and the words it ends with: nothing that is read is lost, counts are right."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from detectors.signal import Post
from playbooks.incidents.decisions import encode, signal_line
from streams.cli import main
from streams.whole_file import written_whole
from tests.parts.mentions import line
from tests.parts.signals import a_signal


def backtest(*words: object, given: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["backtest", *map(str, words)], input=given)


@pytest.fixture
def mentions(tmp_path: Path) -> Path:
    path = tmp_path / "mentions.jsonl"
    path.write_bytes(b"\n".join(line(number) for number in range(3)))
    return path


def test_decisions_are_never_written_over_the_mentions_they_come_from(mentions: Path) -> None:
    before = mentions.read_bytes()
    ended = backtest(mentions, "--out", mentions)
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert "is the same file as the input" in ended.stderr
    assert mentions.read_bytes() == before


def test_nor_over_them_by_another_name_or_over_the_labelled_posts(mentions: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(mentions)
    twin = tmp_path / "twin.jsonl"
    twin.hardlink_to(mentions)
    learned = tmp_path / "learned.csv"
    learned.write_text("text,label\nhm,neutral\n")
    for words in (
        (mentions, "--out", link),
        (mentions, "--out", twin),
        (mentions, "--learn", learned, "--out", learned),
    ):
        assert backtest(*words).exit_code == 2
    assert learned.read_text() == "text,label\nhm,neutral\n"


@pytest.mark.parametrize("command", ["negativity", "backtest-series"])
def test_nor_are_scores_written_over_what_is_scored(tmp_path: Path, command: str) -> None:
    scored = tmp_path / "scored.csv"
    scored.write_text("id,text\n1,late again\n")
    ended = CliRunner().invoke(main, [command, str(scored), "--out", str(scored)])
    assert ended.exit_code == 2
    assert "is the same file as the input" in ended.stderr
    assert scored.read_text() == "id,text\n1,late again\n"


def test_the_decisions_are_there_whole_and_nothing_else_is(mentions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "decisions.jsonl"
    out.parent.mkdir()
    out.write_text("older\n")
    assert backtest(mentions, "--out", out).exit_code == 0
    assert json.loads(out.read_text().splitlines()[-1])["type"] == "summary"
    assert list(out.parent.iterdir()) == [out]


def test_what_stood_there_stays_where_writing_breaks_off(tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    out.write_text("older\n")
    with suppress(KeyboardInterrupt), written_whole(out) as target:
        target.write(b"half")
        raise KeyboardInterrupt
    assert out.read_text() == "older\n"
    assert list(tmp_path.iterdir()) == [out]


def test_a_device_is_written_to_and_not_replaced(mentions: Path) -> None:
    assert backtest(mentions, "--out", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_lines_are_counted_in_words_that_are_right(mentions: Path, tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    assert "3 mentions, every line was one" in backtest(mentions, "--out", out).stderr
    mentions.write_bytes(line(1) + b"\n{}\n")
    assert "1 mention, 1 line was none" in backtest(mentions, "--out", out).stderr


@pytest.mark.parametrize(("held", "says"), [(b"{}\n[]\n", "2 lines were none"), (b"", "the input has no lines")])
def test_a_file_without_one_mention_is_something_wrong(tmp_path: Path, held: bytes, says: str) -> None:
    wrong = tmp_path / "mentions.jsonl"
    wrong.write_bytes(held)
    ended = backtest(wrong, "--out", tmp_path / "decisions.jsonl")
    assert ended.exit_code == 1
    assert says in ended.stderr


def test_a_line_of_a_signal_names_its_posts_and_quotes_none() -> None:
    plain = a_signal()
    post = Post("1", "x", 0, 0.9, "Never again!", "ada")
    signal = msgspec.structs.replace(plain, evidence=msgspec.structs.replace(plain.evidence, posts=(post,)))
    told = json.loads(encode(signal_line(signal)))
    assert told["evidence"]["posts"] == [{"id": "1", "platform": "x", "at_ms": 0, "negativity": 0.9}]


def hourly(order: list[int]) -> bytes:
    """A mention for each of these hours, in this order."""
    return b"\n".join(line(hour, created_at=f"2026-01-05T{hour:02}:30:00Z") for hour in order)


def test_what_came_too_late_is_counted_and_what_to_do_is_said(tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    newest_first = backtest("-", "--out", out, given=hourly([*range(20, 0, -1)]))
    assert newest_first.exit_code == 1
    assert "18 of 20 mentions came more than an hour after a newer one" in newest_first.stderr
    assert "sort_by(.created_at)" in newest_first.stderr
    assert json.loads(out.read_text().splitlines()[-1])["mentions"] == 20


def test_a_few_that_came_late_are_told_of_and_no_fault(tmp_path: Path) -> None:
    late = backtest("-", "--out", tmp_path / "decisions.jsonl", given=hourly([1, 2, 3, 4, 5, 6, 2, 7]))
    assert late.exit_code == 0
    assert "1 of 8 mentions came more than an hour after" in late.stderr
    in_order = backtest("-", "--out", tmp_path / "other.jsonl", given=hourly([*range(20)]))
    assert (in_order.exit_code, in_order.stderr.count("\n")) == (0, 1)
