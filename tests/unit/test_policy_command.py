"""``firebreak policy``: what it writes, what it learns first, by whose rules, and what it says of wrong files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from playbooks.policy.editors import macro_f1, taught
from playbooks.policy.finding import PolicyReason
from playbooks.policy.limits import LIMITS
from playbooks.policy.tone import COLD, ToneModel
from streams.cli import main
from tests.parts.documents import rows
from tests.parts.require import CHECKOUT

DOCUMENT = CHECKOUT / "docs" / "policy.md"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def a_file(folder: Path, text: str, name: str = "posts.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def decisions(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as read:
        return list(csv.reader(read))


def test_each_row_has_its_decision_and_reasons_under_its_id_in_order(tmp_path: Path) -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    posts = a_file(tmp_path, f'id,text\n7,Good morning\n"a,b",you damn idiot\n,"moron, it is {key}"\nx,\n')
    result = run("policy", posts, "--out", tmp_path / "checked.csv")
    assert result.exit_code == 0, result.output
    assert decisions(tmp_path / "checked.csv") == [
        ["id", "decision", "reasons"],
        ["7", "allow", ""],
        ["a,b", "hold", "obscenity harassment"],
        ["", "reject", "harassment secret"],
        ["x", "allow", ""],
    ]
    assert "4 texts in " in result.stderr
    assert "allow 2, hold 1, reject 1" in result.stderr


def test_the_columns_may_have_other_names(tmp_path: Path) -> None:
    posts = a_file(tmp_path, "\ufeffnumber,post\n1,moron\n")
    args = ("--text-column", "post", "--id-column", "number", "--out", tmp_path / "checked.csv")
    assert run("policy", posts, *args).exit_code == 0
    assert decisions(tmp_path / "checked.csv")[1] == ["1", "hold", "harassment"]


def test_editors_decisions_are_learned_first_and_move_both_ways(tmp_path: Path) -> None:
    learn = a_file(tmp_path, "text,label\n" + "bouncy zorbs,not_ok\ndamn good coffee,OK \n" * 40, "decisions.csv")
    posts = a_file(tmp_path, "id,text\n1,our bouncy zorbs\n2,damn good coffee\n3,faggots and damn good coffee\n")
    for args, out in (((), "cold.csv"), (("--learn", learn), "learned.csv")):
        assert run("policy", posts, "--out", tmp_path / out, *args).exit_code == 0
    cold, learned = ([row[1:] for row in decisions(tmp_path / out)[1:]] for out in ("cold.csv", "learned.csv"))
    assert cold == [["allow", ""], ["hold", "obscenity"], ["reject", "slur"]]
    assert learned == [["hold", "like_refused"], ["allow", ""], ["reject", "slur"]]


def test_a_platforms_limits_and_a_brands_rules_count_where_they_are_named(tmp_path: Path) -> None:
    a_file(
        tmp_path,
        "people: {ada: {name: Ada}}\nbrands:\n  acme:\n    policy:\n      words: {cheap: we say affordable}\n"
        "      languages: [de]\n      topics: {tea: {words: [cures*], approvers: [ada]}}\n",
        "firebreak.yaml",
    )
    posts = a_file(tmp_path, f"id,text\n1,cheap\n2,{'x' * 281}\n3,du arschloch\n4,it cures all\n")
    out = tmp_path / "checked.csv"
    assert run("policy", posts, "--out", out).exit_code == 0
    assert [row[2] for row in decisions(out)[1:]] == ["", "", "", ""]
    assert run("policy", posts, "--out", out, "--config", tmp_path, "--brand", "acme", "--platform", "x").exit_code == 0
    assert [row[2] for row in decisions(out)[1:]] == ["brand_word", "too_long", "obscenity", "topic_not_approved"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("domains: ['https://acme.example/']", "firebreak.yaml:4: 'https://acme.example/' is no domain"),
        ("editors: [eve]", "'eve' is neither a person nor a role; there are ada"),
        ("topics: {tea: {words: [tea], approvers: [law]}}", "'law' is neither a person nor a role"),
        ("topics: {tea: {words: [], approvers: [ada]}}", "brands.acme.policy.topics.tea.words"),
        ("words: {'*': no}", "brands.acme.policy.words"),
        ("languages: [tlh]", "Invalid enum value 'tlh'"),
    ],
)
def test_rules_that_cannot_be_kept_stop_the_start(tmp_path: Path, rules: str, said: str) -> None:
    a_file(tmp_path, f"people: {{ada: {{name: Ada}}}}\nbrands:\n  acme:\n    policy: {{{rules}}}\n", "firebreak.yaml")
    posts = a_file(tmp_path, "id,text\n1,x\n")
    result = run("policy", posts, "--out", tmp_path / "out.csv", "--config", tmp_path, "--brand", "acme")
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\nfine,ok\nhm,negative\n", "decisions.csv:3: label 'negative'; allowed are not_ok, ok"),
        ("text,label\n", "decisions.csv: there is no post in it"),
    ],
)
def test_decisions_that_cannot_be_learned_are_told_with_their_line(tmp_path: Path, content: str, said: str) -> None:
    learn = a_file(tmp_path, content, "decisions.csv")
    posts = a_file(tmp_path, "id,text\n1,x\n")
    result = run("policy", posts, "--out", tmp_path / "out.csv", "--learn", learn)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    posts = a_file(tmp_path, "id,text\n1,x\n")
    assert "none.csv cannot be read" in run("policy", tmp_path / "none.csv", "--out", tmp_path / "out.csv").stderr
    assert "cannot be used" in run("policy", posts, "--out", tmp_path / "none" / "out.csv").stderr
    assert "is the same file" in run("policy", posts, "--out", posts).stderr
    assert "no brand is called so" in run("policy", posts, "--out", tmp_path / "out.csv", "--brand", "acme").stderr


# --- learning ---------------------------------------------------------------------------------------------------------


def test_the_same_decisions_teach_the_same_and_the_share_done_only_grows() -> None:
    posts = [(f"zorb number {number}", number % 3 == 0) for number in range(240)]
    told: list[float] = []
    once = taught(posts, told.append)
    assert once == taught(posts)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_where_few_are_refused_the_post_is_held_from_a_lower_probability_on() -> None:
    refused = ["bouncy zorbs"] * 20
    passed = ["blue boats", "bouncy boats", "blue zorbs"] * 80
    posts = [*((text, True) for text in refused), *((text, False) for text in passed)]
    model = ToneModel(taught(posts))
    assert [bool(model.findings(model.read(text))) for text in ("bouncy zorbs", "blue boats")] == [True, False]


def test_nothing_learned_is_the_lists_alone() -> None:
    model = ToneModel(COLD)
    reading = model.read("a damn shame")
    learned = ToneModel(taught([("boats", False)]))
    assert model.probability(reading) > 0.5
    assert not model.learned
    assert learned.learned


@pytest.mark.parametrize(("decided", "wanted"), [([(True, True)], 0.5), ([(False, True)], 0.0), ([], 0.0)])
def test_macro_f1_of_one_kind_alone_is_a_half_at_most(decided: list[tuple[bool, bool]], wanted: float) -> None:
    assert macro_f1(decided) == wanted


# --- the document -----------------------------------------------------------------------------------------------------


def test_every_reason_is_explained_and_no_other() -> None:
    assert [row[0].strip("`") for row in rows(DOCUMENT, "| reason |")] == [reason.value for reason in PolicyReason]


def test_the_limits_that_are_shown_are_those_that_count() -> None:
    shown = {row[0]: (int(row[1].replace(",", "")), int(row[2]) if row[2] else None)
             for row in rows(DOCUMENT, "| platform |")}  # fmt: skip
    assert shown == {name: (limit.chars, limit.tags) for name, limit in LIMITS.items()}
