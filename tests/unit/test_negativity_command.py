"""``firebreak negativity`` and ``firebreak correct``: what they write, and what they say of files that are wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from detectors.text.features import features
from detectors.text.model import START, Scorer
from playbooks.labels import SampleOrigin
from streams.cli import main
from streams.commands.correct import correction
from streams.labelled import learned_from
from streams.wire import Topic, decode_sample


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def a_file(folder: Path, text: str | bytes, name: str = "posts.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def scores(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as read:
        return list(csv.reader(read))


def test_each_row_has_the_live_score_under_its_id_in_order(tmp_path: Path) -> None:
    posts = a_file(tmp_path, 'id,text\n7,"awful, and late"\nseven,thank you\n"a,b","two\nlines"\n')
    result = run("negativity", posts, "--out", tmp_path / "scores.csv")
    assert result.exit_code == 0, result.output
    live = Scorer(START).score
    assert scores(tmp_path / "scores.csv") == [
        ["id", "negativity"],
        *([id, str(live(features(text)))] for id, text in
          (("7", "awful, and late"), ("seven", "thank you"), ("a,b", "two\nlines"))),
    ]  # fmt: skip
    assert "3 texts in " in result.stderr


def test_the_columns_may_have_other_names(tmp_path: Path) -> None:
    posts = a_file(tmp_path, "\ufeffnumber,label,post\n1,x,awful\n")
    args = ("--text-column", "post", "--id-column", "number", "--out", tmp_path / "scores.csv")
    assert run("negativity", posts, *args).exit_code == 0
    assert scores(tmp_path / "scores.csv")[1][0] == "1"


def test_labelled_posts_are_learned_first(tmp_path: Path) -> None:
    learn = a_file(tmp_path, "text,label\n" + "gate lice,negative\nlounge snacks,Positive \n" * 20, "labelled.csv")
    posts = a_file(tmp_path, "id,text\n1,gate lice\n2,lounge snacks\n")
    for args, out in (((), "cold.csv"), (("--learn", learn), "learned.csv")):
        assert run("negativity", posts, "--out", tmp_path / out, *args).exit_code == 0
    cold, learned = ([float(row[1]) for row in scores(tmp_path / out)[1:]] for out in ("cold.csv", "learned.csv"))
    assert learned[0] > cold[0]
    assert learned[1] < cold[1]
    live = Scorer(learned_from(learn)).score
    assert learned == [live(features("gate lice")), live(features("lounge snacks"))]


def test_texts_that_no_word_list_reads_have_a_number_as_all_and_are_counted(tmp_path: Path) -> None:
    texts = (
        "\u043e\u043f\u044f\u0442\u044c",
        "Das ist eine Frechheit",
        "late again",
        "C'est nul et je ne reviendrai pas",
    )
    posts = a_file(tmp_path, "id,text\n" + "".join(f'{place},"{text}"\n' for place, text in enumerate(texts)))
    result = run("negativity", posts, "--out", tmp_path / "scores.csv")
    found = [float(row[1]) for row in scores(tmp_path / "scores.csv")[1:]]
    assert found[:2] == [Scorer(START).score([])] * 2
    assert min(found[2:]) >= 0.5
    assert "2 of them in a language that no word list reads" in result.stderr


def test_nothing_is_said_of_languages_where_all_are_read(tmp_path: Path) -> None:
    result = run("negativity", a_file(tmp_path, "id,text\n1,late\n"), "--out", tmp_path / "scores.csv")
    assert "language" not in result.stderr


@pytest.mark.parametrize("command", ["negativity", "policy", "backtest-series"])
def test_what_a_file_held_stays_where_the_new_one_cannot_be_made(tmp_path: Path, command: str) -> None:
    rows = "timestamp,value\n2026-01-01,1\n2026-01-02,2\n2026-01-03\n" if "series" in command else "id,text\n1,x\n2\n"
    out = a_file(tmp_path, "yesterday's\n", "scores.csv")
    assert run(command, a_file(tmp_path, rows), "--out", out).exit_code == 2
    assert out.read_text("utf-8") == "yesterday's\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["posts.csv", "scores.csv"]


@pytest.mark.parametrize("command", ["negativity", "policy"])
def test_a_long_text_is_cut_and_the_others_are_read(tmp_path: Path, command: str) -> None:
    posts = a_file(tmp_path, "id,text\n1,awful\n2," + "late " * 40_000 + "\n3,awful\n")
    assert run(command, posts, "--out", tmp_path / "scores.csv").exit_code == 0
    assert [row[0] for row in scores(tmp_path / "scores.csv")] == ["id", "1", "2", "3"]


@pytest.mark.parametrize("text", ["", "  ", "\u2003\n"])
def test_a_correction_of_nothing_is_refused_before_anything_is_looked_for(text: str) -> None:
    result = run("correct", "negative", text)
    assert result.exit_code == 2
    assert "TEXT is empty" in result.stderr


def test_hostile_texts_are_scored_like_others(tmp_path: Path) -> None:
    texts = ("a\x00b", "\U0001f621" * 10_000, "awful" + "\u0300" * 500, "x" * 50_000, "")
    with (tmp_path / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(texts)])
    result = run("negativity", tmp_path / "posts.csv", "--out", tmp_path / "scores.csv")
    assert result.exit_code == 0, result.output
    assert all(0.0 <= float(row[1]) <= 1.0 for row in scores(tmp_path / "scores.csv")[1:])


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"id,body\n1,x\n", 1, "the column 'text' is missing; the first line has id, body"),
        (b"", 1, "the column 'id' is missing; the first line has nothing"),
        (b"id,text\n1,x\n2\n", 3, "this line ends before the column 'text'"),
        (b"id,text\n1,x\n2,\xff\n", 3, "the column 'text' is not UTF-8"),
        (b'id,text\n1,x\n2,"never closed\n', 3, "this is no CSV"),
        (b"id,text\n1," + b"x" * 10_000_001 + b"\n", 2, "this is no CSV"),
    ],
)
def test_a_file_that_cannot_be_scored_is_told_with_its_line(
    tmp_path: Path, content: bytes, line: int, said: str
) -> None:
    result = run("negativity", a_file(tmp_path, content), "--out", tmp_path / "scores.csv")
    assert result.exit_code == 2
    assert f"posts.csv:{line}: {said}" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "text,label\nfine,positive\nhm,angry\n",
            "labelled.csv:3: label 'angry'; allowed are negative, neutral, positive",
        ),
        ("text,label\nhello, world,negative\n", "labelled.csv:2: label ' world'"),
        ("text\nx\n", "labelled.csv:1: the column 'label' is missing"),
        ("text,label\n", "labelled.csv: there is no post in it"),
    ],
)
@pytest.mark.parametrize("command", ["negativity", "backtest", "correct"])
def test_labels_that_cannot_be_learned_are_told_with_their_line(
    tmp_path: Path, content: str, said: str, command: str
) -> None:
    learn = a_file(tmp_path, content, "labelled.csv")
    posts = a_file(tmp_path, "id,text\n1,x\n")
    rest = ("--file", learn) if command == "correct" else (posts, "--out", tmp_path / "out", "--learn", learn)
    result = run(command, *rest)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = run("negativity", tmp_path / "none.csv", "--out", tmp_path / "scores.csv")
    assert result.exit_code == 2
    assert "none.csv cannot be read: No such file or directory" in result.stderr
    posts = a_file(tmp_path, "id,text\n1,x\n")
    assert "cannot be used" in run("negativity", posts, "--out", tmp_path / "none" / "scores.csv").stderr


def test_a_correction_is_an_analysts_sample_in_the_topic_of_corrections() -> None:
    sent = correction("late \ud800 again", True)
    sample = decode_sample(sent.value)
    assert (sent.topic, sample.text, sample.negative) == (Topic.CORRECTIONS, "late ? again", True)
    assert sample.origin is SampleOrigin.ANALYST


@pytest.mark.parametrize("args", [(), ("negative",), ("--file", "x.csv", "negative", "text"), ("angry", "text")])
def test_a_correction_is_a_label_and_a_text_or_a_file(args: tuple[str, ...]) -> None:
    result = run("correct", *args)
    assert result.exit_code == 2
    assert "Usage" in result.stderr
