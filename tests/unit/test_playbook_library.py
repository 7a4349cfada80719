"""The library: every playbook in it is one that may be released, and what is wrong with others is said."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from playbooks.content.catalog import OWN_LIBRARY, Library, Pinned, load_library, parse_playbook
from playbooks.content.examples import signal_of, surprises
from playbooks.content.lock_file import hash_of
from playbooks.content.rules.triggers import COUNTED
from playbooks.content.schema import Audience, Playbook, PlaybookError
from playbooks.content.trigger import EvidenceField, Match, match
from playbooks.labels import ActionKind
from tests.parts.signals import DATA, PLAIN

BAD = sorted((DATA / "bad" / "playbooks").glob("*.yaml"))
LIBRARY = load_library()
#: The roles that the settings' documents speak of.
ROLES = {"on-call", "executives", "posting-team", "ops"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of one released playbook."""
    place = tmp_path / "library" / "plain"
    place.mkdir(parents=True)
    shutil.copy(PLAIN, place / "1.2.0.yaml")
    _lock(place.parent, {"plain/1.2.0.yaml": hash_of(PLAIN.read_bytes())})
    return place.parent


def _lock(folder: Path, files: dict[str, str]) -> None:
    (folder / "lock.json").write_text(json.dumps(files))


def _with_version(folder: Path, version: str) -> str:
    """Add a copy of the playbook as another version; its hash."""
    text = PLAIN.read_text().replace("1.2.0", version)
    (folder / "plain" / f"{version}.yaml").write_text(text)
    return hash_of(text.encode())


def test_every_example_of_the_library_does_what_it_says() -> None:
    faults = [
        f"{one.playbook.id} {one.playbook.version}, {where}: {surprise}"
        for one in LIBRARY.all()
        for where, surprise in surprises(one.playbook)
    ]
    assert faults == []


#: What was released before playbooks had tasks, words and approvals.
FIRST = {("complaint-storm", "1.0.0"), ("dead-letters", "1.0.0"), ("source-silence", "1.0.0")}
#: Where nobody outside has to hear anything.
OWN_TROUBLES = {"dead-letters", "source-silence"}
LATER = [one.playbook for one in LIBRARY.all() if (one.playbook.id, one.playbook.version) not in FIRST]


def test_the_eleven_playbooks_are_there() -> None:
    assert {playbook.id for playbook in LATER} == {
        "account-takeover", "backlash", "bot-flood", "complaint-storm", "employee-post", "impersonation",
        "safety-incident", "source-silence", "tone-shift", "unanswered-complaints", "viral-outrage",
    }  # fmt: skip


@pytest.mark.parametrize("one", LIBRARY.all(), ids=lambda one: f"{one.playbook.id}-{one.playbook.version}")
def test_every_runbook_has_the_first_hour_and_a_half_and_an_end(one: Pinned) -> None:
    headings = re.findall(r"^## (.+)$", one.playbook.runbook, re.MULTILINE)
    wanted = ("0 to 15 minutes", "15 to 60 minutes", "60 to 90 minutes", "What not to", "When to stop")
    assert [part for part in wanted if not any(heading.startswith(part) for heading in headings)] == []
    assert any(step.action in (ActionKind.PAGE, ActionKind.NOTIFY) for step in one.playbook.steps)


@pytest.mark.parametrize("playbook", LATER, ids=lambda one: one.id)
def test_every_playbook_is_something_a_communications_lead_would_sign(playbook: Playbook) -> None:
    assert list(_unsigned(playbook)) == []


def _unsigned(playbook: Playbook) -> Iterator[str]:
    asked = [step for step in playbook.steps if step.action.is_for_people]
    deadlines = [step.deadline_min or 0 for step in asked]
    first = 60 if playbook.id == "bot-flood" else 15  # nobody is woken for a flood
    for since, until in ((0, first), (first, 60), (60, 90)):
        if since < until and not any(since < minutes <= until for minutes in deadlines):
            yield f"nobody has anything to do between {since} and {until} minutes"
    kinds = {ActionKind.TASK, ActionKind.DECISION, ActionKind.STATEMENT}
    if playbook.id == "tone-shift":
        kinds.remove(ActionKind.STATEMENT)  # it asks for a decision first; saying nothing may be right
    if not kinds <= {step.action for step in asked}:
        yield "there is not something to do, to decide and to say"
    for step in playbook.steps:
        if step.action is ActionKind.PAGE and step.escalation is None:
            yield f"nobody is paged where {step.to} does not answer"
        if step.to and step.to not in ROLES:
            yield f"{step.to} is a role that a small house does not have"
    for escalation in playbook.escalations.values():
        if escalation.last_resort != "executives":
            yield "the last resort may be a rota"
    audiences = {statement.audience for statement in playbook.statements}
    wanted = {Audience.STAFF} if playbook.id in OWN_TROUBLES else set(Audience)
    if playbook.id in ("tone-shift", "unanswered-complaints"):
        wanted = wanted - {Audience.PRESS}  # nothing has happened that the press could ask about
    yield from (f"there are no approved words for {audience}" for audience in sorted(wanted - audiences))
    for statement in playbook.statements:
        if set(statement.platforms) & {"x", "bluesky", "mastodon"} and len(statement.words) > 260:
            yield f"{statement.id} is too long for where it is to be said, with its gaps filled"
    parts = re.split(r"^## ", playbook.runbook, flags=re.MULTILINE)
    for part in parts[1:]:
        if len(re.findall(r"^(?:\d+\.|-) ", part, re.MULTILINE)) < (2 if part.startswith("What not to say") else 3):
            yield f"too little under {part.splitlines()[0]}"
    if len(playbook.approvals) < 2 or len(playbook.examples.fires) < 2 or len(playbook.examples.quiet) < 2:
        yield "too few who stand by it, or too few examples"


def test_every_playbook_that_a_runbook_names_is_there() -> None:
    named = {
        (playbook.id, name)
        for playbook in LATER
        for text in (playbook.runbook, *(option for step in playbook.steps for option in step.options))
        for name in re.findall(r"`([a-z]+-[a-z]+)`|([a-z]+-[a-z]+) is opened", text)
    }
    known = {playbook.id for playbook in LATER}
    assert {(id, a or b) for id, (a, b) in named if (a or b) not in known} == set()
    assert named, "the pattern finds names"


def test_every_file_of_the_library_is_released() -> None:
    assert [one.playbook.id for one in LIBRARY.all() if not one.released] == []


@pytest.mark.parametrize(
    "bought",
    [
        {
            EvidenceField.TAIL: 300,
            EvidenceField.MENTIONS: 1e6,
            EvidenceField.AUTHORS: 1e6,
            EvidenceField.NEGATIVE_SHARE: 0,
        },
        {
            EvidenceField.TAIL: 300,
            EvidenceField.MENTIONS: 1e6,
            EvidenceField.AUTHORS: 1,
            EvidenceField.NEGATIVE_SHARE: 1,
        },
    ],
    ids=["a million cheerful mentions", "a million complaints by one author"],
)
def test_what_money_can_buy_fires_nothing(bought: dict[EvidenceField, float]) -> None:
    fired = [
        f"{one.playbook.id}: {example.what}"
        for one in LIBRARY.all()
        for example in one.playbook.examples.fires
        if example.signal.kind in COUNTED
        and match(one.playbook.trigger, signal_of(replace(example.signal, evidence=bought))) is Match.FIRES
    ]
    assert fired == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_playbook_is_told_what_and_where(path: Path) -> None:
    source = path.read_text()
    said = re.match(r"# says, at line (\d+): (.+)\n", source)
    assert said, "the first line says which message is wanted"
    with pytest.raises(PlaybookError, match=said[2]) as caught:
        parse_playbook(source, path)
    assert caught.value.line == int(said[1])
    assert str(caught.value).startswith(f"{path}:{said[1]}: ")


def test_the_plain_playbook_is_right() -> None:
    playbook = parse_playbook(PLAIN.read_text(), PLAIN)
    assert playbook.review_by == date(2027, 1, 31)
    assert playbook.trigger.quiet_h == 2


def test_a_library_is_read_from_a_folder(folder: Path) -> None:
    (one,) = load_library(folder).newest()
    assert (one.playbook.id, one.playbook.version, one.hash) == ("plain", "1.2.0", hash_of(PLAIN.read_bytes()))


def test_the_latest_released_version_counts_by_number_and_not_by_letter(folder: Path) -> None:
    hashes = {f"plain/{version}.yaml": _with_version(folder, version) for version in ("1.2.0", "1.10.0", "1.9.9")}
    _lock(folder, hashes)
    assert [one.playbook.version for one in load_library(folder).newest()] == ["1.10.0"]
    assert [one.playbook.version for one in load_library(folder).all()] == ["1.2.0", "1.9.9", "1.10.0"]


def test_a_draft_is_read_but_nothing_opens_with_it(folder: Path) -> None:
    _with_version(folder, "2.0.0")
    library = load_library(folder)
    assert [one.playbook.version for one in library.newest()] == ["1.2.0"]
    draft = library.version("plain", "2.0.0")
    assert draft
    assert not draft.released


def test_an_edited_release_is_refused_with_both_hashes(folder: Path) -> None:
    path = folder / "plain" / "1.2.0.yaml"
    path.write_text(path.read_text() + "# only a comment\n")
    with pytest.raises(
        PlaybookError, match=r"1\.2\.0\.yaml:1: is released and was edited: hash \w{64}, in the lock \w"
    ):
        load_library(folder)


def test_a_release_that_is_gone_is_refused(folder: Path) -> None:
    (folder / "plain" / "1.2.0.yaml").unlink()
    with pytest.raises(PlaybookError, match=r"lock\.json:1: plain/1\.2\.0\.yaml is released but not there"):
        load_library(folder)


@pytest.mark.parametrize("name", ["stray.yaml", "plain/1.3.0.yml", "plain/old/1.0.0.yaml"])
def test_a_file_in_the_wrong_place_is_refused_and_not_left_out(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copy(PLAIN, folder / name)
    with pytest.raises(PlaybookError, match=r"is not where a playbook stands; allowed is <id>/<version>\.yaml"):
        load_library(folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other/1.2.0.yaml", r":1: id is 'plain', but the file is 'other'"),
        ("plain/1.3.0.yaml", r":2: version is '1.2.0', but the file is '1.3.0'"),
    ],
)
def test_a_file_is_named_after_what_it_holds(folder: Path, name: str, said: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copy(PLAIN, folder / name)
    with pytest.raises(PlaybookError, match=said):
        load_library(folder)


@pytest.mark.parametrize(
    ("lock", "said"),
    [(None, "cannot be read: .*; a library has a lock"), ("[1]", "is not a lock"), ("{", "is not a lock")],
)
def test_a_lock_that_is_none_is_refused(folder: Path, lock: str | None, said: str) -> None:
    (folder / "lock.json").unlink()
    if lock is not None:
        (folder / "lock.json").write_text(lock)
    with pytest.raises(PlaybookError, match=said):
        load_library(folder)


def test_a_playbook_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "plain" / "1.4.0.yaml").write_bytes(b"title: \xff\n")
    with pytest.raises(PlaybookError, match="cannot be read"):
        load_library(folder)


def test_an_incident_keeps_the_very_file_it_was_opened_with(folder: Path) -> None:
    library = load_library(folder)
    (one,) = library.newest()
    assert library.pinned("plain", "1.2.0", one.hash) is one
    with pytest.raises(PlaybookError, match=r"of hash abc, but it has the hash \w{64}; put that file back"):
        library.pinned("plain", "1.2.0", "abc")
    with pytest.raises(PlaybookError, match="but it is not there; put that file back"):
        Library([]).pinned("plain", "1.2.0", one.hash)


def test_the_lock_names_every_file_that_firebreak_brings() -> None:
    files = {path.relative_to(OWN_LIBRARY).as_posix() for path in OWN_LIBRARY.glob("*/*.yaml")}
    assert set(json.loads((OWN_LIBRARY / "lock.json").read_text())) == files
