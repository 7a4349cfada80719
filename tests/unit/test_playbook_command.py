"""``firebreak playbook``: a house's own library, from the form to the release of its second version."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from playbooks.content.catalog import OWN_LIBRARY, Pinned, library_of, load_library, parse_playbook, path_of
from playbooks.content.drafting import first_version, next_version
from playbooks.content.lock_file import add_to_lock, hash_of, read_lock
from playbooks.content.schema import PlaybookError
from playbooks.content.unfilled import unfilled
from streams.cli import main
from streams.commands import playbook as playbook_command
from streams.settings import read_settings
from tests.parts.signals import DATA, PLAIN

TODAY = date(2026, 6, 1)
APPROVALS = """approvals:
  - {name: Ada Lovelace, role: communications, on: 2026-05-30}
  - {name: Grace Hopper, role: operations, on: 2026-05-31}
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with nothing in it, on a day of its own."""
    monkeypatch.setattr(playbook_command, "_today", lambda: TODAY)
    (tmp_path / "lock.json").write_text("{}\n")
    return tmp_path


def run(house: Path, *words: str, answer: str = "") -> Result:
    command, *rest = words
    return CliRunner().invoke(main, ["playbook", command, *rest, "--library", str(house)], input=answer)


FORM = (
    "Say in one line",
    "What it is for,",
    "What is expected",
    "What they",
    "Why posts",
    "What has happened, and",
    "That their queue",
    "A few words",
    "What to find",
    "What has to be",
    "Where it is said",
)


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def approved(path: Path) -> None:
    edit(path, ("changelog:\n", APPROVALS + "changelog:\n"))
    filled(path)


def filled(path: Path) -> None:
    """Where the form's words stand, a house's own do."""
    text = path.read_text(encoding="utf-8")
    for words in FORM if "Ours. " not in text else ():
        text = text.replace(f" {words}", f" Ours. {words}")
    path.write_text(text.replace("[This, That]", "[Answer, Wait]").replace("# The title again", "# A storm"))


def released(house: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((house / "lock.json").read_text())
    return found


def first(house: Path) -> Path:
    """A first version, released."""
    assert run(house, "new", "my-storm").exit_code == 0
    path = house / "my-storm" / "1.0.0.yaml"
    approved(path)
    assert run(house, "release", "my-storm", "1.0.0", "--yes").exit_code == 0
    return path


def test_a_form_that_nobody_filled_in_is_not_released_and_each_place_is_named(house: Path) -> None:
    run(house, "new", "my-storm")
    path = house / "my-storm" / "1.0.0.yaml"
    edit(path, ("changelog:\n", APPROVALS + "changelog:\n"))
    found = run(house, "release", "my-storm", "1.0.0", "--yes")
    assert (found.exit_code, released(house)) == (1, {})
    lines = found.output.splitlines()
    source = path.read_text().splitlines()
    for where, words in (
        ("title", "Say in one line what has happened"),
        ("roles.on-call", "What is expected of them, in the first hour."),
        ("steps[5].options[0]", "This"),
        ("runbook", "# The title again"),
    ):
        (line,) = (one for one in lines if f": {where} still says what the form does, “{words}”" in one)
        assert line.startswith(f"{path}:")
        assert words in "".join(source[int(line.split(":")[1]) - 1 :][:2])
    assert len(lines) == 15
    filled(path)
    assert run(house, "release", "my-storm", "1.0.0", "--yes").exit_code == 0
    run(house, "new", "my-storm")
    approved(house / "my-storm" / "1.1.0.yaml")
    assert "Say what changed, and why." in run(house, "release", "my-storm", "1.1.0", "--yes").output


def test_no_playbook_of_ours_has_words_of_the_form() -> None:
    for one in load_library().all():
        path = path_of(OWN_LIBRARY, one.playbook)
        assert unfilled(path.read_text(), path, one.playbook) == []


@pytest.mark.parametrize("name", ['"ada  lovelace"', '"Ada Lovelace\\u200b"', '"\uff21da LOVELACE "'])
def test_one_person_who_is_written_twice_is_one(house: Path, name: str) -> None:
    run(house, "new", "my-storm")
    path = house / "my-storm" / "1.0.0.yaml"
    approved(path)
    edit(path, ("name: Grace Hopper", f"name: {name}"))
    found = run(house, "release", "my-storm", "1.0.0", "--yes")
    assert "approves it twice; it takes different people" in found.output + str(found.exception)
    assert released(house) == {}


def test_a_playbook_from_the_form_to_its_second_version(house: Path) -> None:
    path = first(house)
    assert released(house) == {"my-storm/1.0.0.yaml": hash_of(path.read_bytes())}
    assert run(house, "new", "my-storm", "--bump", "major", "--why", "It's later: paged").exit_code == 0
    second = house / "my-storm" / "2.0.0.yaml"
    assert "approvals:\n  - {name: Ada" not in second.read_text()
    edit(second, ("min_severity: 3", "min_severity: 4"))
    told = run(house, "diff", "my-storm").output
    assert "my-storm: what 2.0.0 changes since 1.0.0" in told
    assert "fires less often: from severity 4 on, not 3" in told
    assert "asks for 2.0.0 or higher" in told
    assert run(house, "release", "my-storm", "2.0.0", "--yes").exit_code == 1
    approved(second)
    done = run(house, "release", "my-storm", "2.0.0", answer="y\n")
    assert done.exit_code == 0
    assert "is released, by the word of Ada Lovelace (communications), Grace Hopper (operations)" in done.output
    assert [one.playbook.version for one in load_library(house).newest()] == ["2.0.0"]
    assert load_library(house).newest()[0].playbook.changelog[0].change == "It's later: paged"


def test_the_form_is_right_as_it_stands_and_every_part_is_in_it(house: Path) -> None:
    assert run(house, "new", "my-storm", "--owner", "Ada: head of it").exit_code == 0
    assert run(house, "check").output.splitlines()[1:] == [
        "0 playbooks released, 1 versions, 1 drafts",
        "draft: my-storm 1.0.0",
    ]
    playbook = parse_playbook((house / "my-storm" / "1.0.0.yaml").read_text(), house)
    assert playbook.owner == "Ada: head of it"
    assert {step.action.value for step in playbook.steps} == {
        "hold", "page", "notify", "annotate", "task", "decision", "statement",
    }  # fmt: skip


def test_a_playbook_that_has_a_draft_gets_no_second_one_on_top_and_is_told_where_it_is(house: Path) -> None:
    assert run(house, "new", "my-storm").exit_code == 0
    found = run(house, "new", "my-storm")
    assert found.exit_code == 2
    assert f"my-storm has a draft already: {house / 'my-storm' / '1.0.0.yaml'}" in "".join(found.output.splitlines())
    assert [path.name for path in (house / "my-storm").iterdir()] == ["1.0.0.yaml"]


@pytest.mark.parametrize("id", ["My-Storm", "storm/../../x", "7", "x" * 65])
def test_a_name_that_is_none_makes_no_file(house: Path, id: str) -> None:
    found = run(house, "new", id)
    assert found.exit_code == 2
    assert "1 to 64 of a-z, 0-9 and -, the first a letter" in found.output
    assert [path.name for path in house.rglob("*")] == ["lock.json"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ((APPROVALS, ""), "0 of 2 people stand by it"),
        (("  - {name: Grace Hopper, role: operations, on: 2026-05-31}\n", ""), "1 of 2 people stand by it"),
        (("on: 2026-05-31", "on: 2026-06-02"), "Grace Hopper approved it on 2026-06-02, which is still to come"),
        (("review_by: 2026-11-28", "review_by: 2026-06-01"), ":1: review_by|found 2026-06-01|its review was due"),
        (("day: 2026-06-01", "day: 2026-06-02"), "the changelog says 2026-06-02, which is still to come"),
        (("approved_on: 2026-06-01", "approved_on: 2026-06-02"), "the words 'we-know' are approved on 2026-06-02"),
    ],
)
def test_what_stands_in_the_way_of_a_release_is_said(house: Path, changed: tuple[str, str], says: str) -> None:
    run(house, "new", "my-storm")
    path = house / "my-storm" / "1.0.0.yaml"
    approved(path)
    edit(path, changed)
    found = run(house, "release", "my-storm", "1.0.0", "--yes")
    assert found.exit_code != 0
    assert re.search(says, found.output + str(found.exception))
    assert released(house) == {}


def test_an_overdue_draft_is_not_released(house: Path) -> None:
    text = PLAIN.read_text().replace("review_by: 2027-01-31", "review_by: 2026-05-31")
    (house / "plain").mkdir()
    (house / "plain" / "1.2.0.yaml").write_text(text + APPROVALS)
    found = run(house, "release", "plain", "1.2.0", "--yes")
    assert "its review was due on 2026-05-31; read it again and say when next" in found.output
    assert run(house, "check").exit_code == 0


def test_a_number_that_promises_less_than_it_changes_is_refused(house: Path) -> None:
    first(house)
    run(house, "new", "my-storm", "--bump", "patch", "--why", "It is longer.")
    path = house / "my-storm" / "1.0.1.yaml"
    approved(path)
    assert run(house, "release", "my-storm", "1.0.1", "--yes").exit_code == 0
    run(house, "new", "my-storm", "--bump", "patch", "--why", "It is longer.")
    path = house / "my-storm" / "1.0.2.yaml"
    approved(path)
    edit(path, ("deadline_min: 15", "deadline_min: 20"))
    said = run(house, "release", "my-storm", "1.0.2", "--yes").output
    assert "people are asked for something else since 1.0.1, so it is at least 1.1.0" in said
    edit(path, ("min_severity: 3", "min_severity: 2"))
    said = run(house, "release", "my-storm", "1.0.2", "--yes").output
    assert "something else happens by itself since 1.0.1, so it is at least 2.0.0" in said


def test_an_older_number_than_the_newest_release_is_refused(house: Path) -> None:
    path = first(house)
    older = house / "my-storm" / "0.9.0.yaml"
    older.write_text(path.read_text().replace("1.0.0", "0.9.0"))
    said = run(house, "release", "my-storm", "0.9.0", "--yes").output
    assert "1.0.0 is released and newer; give this one a higher version" in said


def test_what_is_released_is_released_once_and_never_changes(house: Path) -> None:
    path = first(house)
    again = run(house, "release", "my-storm", "1.0.0", "--yes")
    assert again.exit_code == 1
    assert "is released already, and never changes; make a new version" in again.output
    with pytest.raises(PlaybookError, match="released already"):
        add_to_lock(house, "my-storm/1.0.0.yaml", "0" * 64)
    edit(path, ("What to find out first", "What to find out last"))
    checked = run(house, "check")
    assert checked.exit_code == 1
    assert re.search(r"1\.0\.0\.yaml:1: is released and was edited: hash \w{64}, in the lock \w{64}", checked.output)
    assert run(house, "diff", "my-storm").exit_code == 2, "nothing is done with a library that is wrong"


def test_whoever_says_no_releases_nothing(house: Path) -> None:
    run(house, "new", "my-storm")
    approved(house / "my-storm" / "1.0.0.yaml")
    assert run(house, "release", "my-storm", "1.0.0", answer="n\n").exit_code == 1
    assert released(house) == {}


def test_a_release_that_would_set_two_playbooks_against_each_other_is_refused(house: Path) -> None:
    first(house)
    for name in ("one", "two"):
        run(house, "new", name)
        path = house / name / "1.0.0.yaml"
        approved(path)
        edit(path, ("trigger:\n", "cause: shared\ntrigger:\n"))
    assert run(house, "release", "one", "1.0.0", "--yes").exit_code == 0
    found = run(house, "release", "two", "1.0.0", "--yes")
    assert found.exit_code == 1
    assert "one and two have the cause 'shared' and the precedence 0" in found.output
    assert run(house, "check").exit_code == 1, "a check says it before the release does"


def test_everything_that_is_wrong_is_said_at_once(house: Path) -> None:
    first(house)
    for name in ("a", "b"):
        run(house, "new", name)
        edit(house / name / "1.0.0.yaml", ("to: on-call", "to: interns"), ("deadline_min: 15", "deadline_min: 0"))
    (house / "stray.yaml").write_text("{}")
    found = run(house, "check")
    assert found.exit_code == 1
    places = [re.match(rf"{house}/(\S+?):(\d+): ", line) for line in found.output.splitlines()]
    assert [place[1] for place in places if place] == ["stray.yaml", "a/1.0.0.yaml", "b/1.0.0.yaml"]


def test_single_files_are_checked_wherever_they_are(house: Path) -> None:
    right, wrong = DATA / "playbooks" / "full.yaml", DATA / "bad" / "playbooks" / "task-without-deadline.yaml"
    assert run(house, "check", str(right)).output == "1 files, nothing wrong\n"
    found = run(house, "check", str(right), str(wrong))
    assert found.exit_code == 1
    assert found.output == f"{wrong}:46: the task 'look' has no deadline; say deadline_min, in minutes\n"


def test_examples_are_tried_against_the_whole_library(house: Path) -> None:
    first(house)
    run(house, "new", "higher")
    edit(house / "higher" / "1.0.0.yaml", ("trigger:\n", "cause: my-storm\nprecedence: 5\ntrigger:\n"))
    found = run(house, "test")
    assert found.exit_code == 1
    assert "fires: a signal that must fire it (opens higher)" in found.output
    said = "WRONG, fires, but another playbook of its cause comes before it: higher: a signal that must fire it"
    assert said in found.output
    assert run(house, "test", "higher").exit_code == 0


def test_last_months_signals_are_tried(house: Path, tmp_path: Path) -> None:
    first(house)
    line = {
        "type": "signal", "at": "2026-05-01T10:00:00.000Z", "brand": "acme", "platform": "x", "kind": "negativity",
        "severity": 4, "score": 2.0, "observed": 30.0, "expected": 2.0, "since": "2026-05-01T09:50:00.000Z",
        "evidence": {"window_s": 600, "tail": 9.0, "threshold": 6.0, "expected_low": 0, "expected_high": 4,
                     "mentions": 40, "negative": 30, "negative_share": 0.75, "expected_negative_share": 0.2,
                     "authors": 28, "baseline_days": 20},
    }  # fmt: skip
    mild = {**line, "severity": 1}
    decisions = tmp_path / "decisions.jsonl"
    lines = [line, mild, {"type": "summary", "mentions": 1, "seconds": 1, "signals": 2, "incidents": 1, "pages": 1}]
    decisions.write_text("".join(json.dumps(one) + "\n" for one in lines))
    told = run(house, "test", "--signals", str(decisions)).output
    assert "1 signals of decisions.jsonl open my-storm" in told
    assert "1 signals of decisions.jsonl open nothing" in told
    decisions.write_text('{"type": "signal"}\n')
    assert run(house, "test", "--signals", str(decisions)).exit_code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("diff", "my-strom"), "there is no playbook 'my-strom'; there are my-storm"),
        (("diff", "my-storm"), "my-storm 1.0.0 is the first version: nothing was released before it"),
        (("diff", "my-storm", "1.0.0", "3.0.0"), "there is no my-storm 3.0.0; there are 1.0.0"),
        (("release", "my-storm", "3.0.0"), "there is no my-storm 3.0.0; there are 1.0.0"),
    ],
)
def test_what_is_not_there_is_answered_by_what_is(house: Path, words: tuple[str, ...], says: str) -> None:
    first(house)
    found = run(house, *words)
    assert found.exit_code == 2
    assert says in found.output


def test_each_part_teaches() -> None:
    for name in ("new", "check", "diff", "release", "test"):
        found = CliRunner().invoke(main, ["playbook", name, "--help"])
        assert found.exit_code == 0
        assert len(found.output.split()) > 40, name


@pytest.mark.parametrize(
    "source",
    [
        PLAIN.read_text(),
        (DATA / "playbooks" / "full.yaml").read_text(),
        PLAIN.read_text().replace("  - {version", "- {version"),
        PLAIN.read_text().replace("changelog:\n", "changelog:   # newest first\n"),
        PLAIN.read_text() + APPROVALS,
        first_version("plain", "Ada", TODAY).replace(
            "# approvals:\n#   - {name: Ada Example", "# - {name: Ada Example"
        ),
    ],
    ids=["plain", "full", "no indentation", "a comment behind", "approvals last", "the form"],
)
def test_a_next_version_keeps_all_but_the_approvals(source: str) -> None:
    old = parse_playbook(source, Path("old.yaml"))
    new = parse_playbook(next_version(source, old, "7.0.0", "# it's: so", TODAY), Path("new.yaml"))
    assert (new.version, new.approvals) == ("7.0.0", ())
    assert (new.changelog[0].version, new.changelog[0].day, new.changelog[0].change) == ("7.0.0", TODAY, "# it's: so")
    assert new.changelog[1:] == old.changelog
    assert (new.steps, new.trigger, new.runbook, new.examples) == (old.steps, old.trigger, old.runbook, old.examples)


@pytest.mark.parametrize("one", load_library().newest(), ids=lambda one: one.playbook.id)
def test_every_playbook_of_ours_can_have_a_next_version(one: Pinned) -> None:
    path = path_of(OWN_LIBRARY, one.playbook)
    new = parse_playbook(next_version(path.read_text(), one.playbook, "9.0.0", "x", date(2026, 12, 1)), path)
    assert new.statements == one.playbook.statements


def test_a_draft_that_is_there_is_not_written_over(house: Path) -> None:
    run(house, "new", "my-storm")
    path = house / "my-storm" / "1.0.0.yaml"
    path.write_text("mine, and not right yet: [")
    found = run(house, "new", "my-storm")
    assert found.exit_code == 2
    assert "is there already; mend it, or take it away" in found.output
    assert path.read_text() == "mine, and not right yet: ["


def test_the_settings_name_the_houses_own_library(house: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    first(house)
    config = tmp_path_factory.mktemp("config")
    (config / "firebreak.yaml").write_text("library: own\n")
    (config / "own").symlink_to(house)
    found = CliRunner().invoke(main, ["--config", str(config), "playbook", "test"])
    assert found.output.startswith("my-storm 1.0.0\n")
    assert [one.playbook.id for one in library_of(read_settings(config)).newest()] == ["my-storm"]
    (config / "firebreak.yaml").write_text("")
    assert "complaint-storm" in [one.playbook.id for one in library_of(read_settings(config)).newest()]


def test_a_library_that_was_released_against_itself_is_not_loaded(house: Path) -> None:
    first(house)
    other = house / "other" / "1.0.0.yaml"
    other.parent.mkdir()
    text = (house / "my-storm" / "1.0.0.yaml").read_text()
    other.write_text(text.replace("id: my-storm", "id: other\ncause: my-storm"))
    assert load_library(house)
    add_to_lock(house, "other/1.0.0.yaml", hash_of(other.read_bytes()))
    with pytest.raises(PlaybookError, match="have the cause 'my-storm' and the precedence 0"):
        load_library(house)


def test_the_next_version_of_an_overdue_playbook_has_a_new_day_of_review() -> None:
    old = parse_playbook(PLAIN.read_text(), PLAIN)
    late = date(2027, 3, 1)
    assert parse_playbook(next_version(PLAIN.read_text(), old, "1.3.0", "x", late), PLAIN).review_by == date(
        2027, 8, 28
    )


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ("{on-call: [ada], executives: [ada], posting-team: [ada], ops: [ada]}", None),
        ("{on-call: [ada], executives: [ada], posting-team: [ada]}", "nobody has the role 'ops' in the settings"),
        (
            "{on-call: [ada], executives: [], posting-team: [ada], ops: [ada]}",
            "the last resort is the role 'executives'",
        ),
        ("{on-call: {rota: week}, executives: [ada], posting-team: [ada], ops: [ada]}", None),
        (
            "{on-call: [ada], executives: [ada, {rota: week}], posting-team: [ada], ops: [ada]}",
            "the last resort is the role 'executives', which is empty or has a rota; name people in it",
        ),
    ],
)
def test_the_settings_have_the_people_that_the_library_asks_for(tmp_path: Path, roles: str, says: str | None) -> None:
    week = "zone: UTC\nlayers: [{id: all, people: [ada], starts: 2026-01-05 09:00, hand_over: {at: ['09:00']}}]\n"
    (tmp_path / "week.yaml").write_text(week)
    people = "people: {ada: {name: Ada, email: ada@example.org}}\nrotas: {week: {file: week.yaml}}\n"
    (tmp_path / "firebreak.yaml").write_text(f"{people}roles: {roles}\n")
    found = CliRunner().invoke(main, ["--config", str(tmp_path), "playbook", "check"])
    assert (says or "playbooks released") in found.output
    assert found.exit_code == (1 if says else 0), found.output


def test_releases_at_once_lose_none_of_each_other(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text("{}\n")
    names = [f"storm-{n}/1.0.0.yaml" for n in range(60)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: add_to_lock(tmp_path, name, "0" * 64), names))
    assert sorted(read_lock(tmp_path)) == sorted(names)
