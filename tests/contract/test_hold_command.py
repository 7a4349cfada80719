"""``firebreak hold``: what is held is shown, placed and released, and each held post gets its word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from streams.cli import main
from tests.parts.gate import a_gate

SETTINGS = """
brands:
  acme: {name: Acme}
people:
  ada: {name: Ada, email: ada@acme.example}
  bo: {name: Bo, email: bo@acme.example}
roles: {on-call: [ada, bo], ops: [bo], posting-team: [bo]}
gate: {break_glass: {roles: [ops]}}
"""
BY = ("--by", "ada", "--reason", "A recall")


class Desk:
    """A folder with settings and a store."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.folder), "hold", *words])

    def ask(self, number: int) -> str:
        post = OutgoingPost(id=f"post-{number}", text=f"Text {number}")
        answer = asyncio.run(a_gate(self.engine).decide(GateRequest(brand="acme", platform="x", post=post)))
        return answer.reasons[0].code.value

    def listed(self) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        told = json.loads(self.run("list", "--posts", "--json").output)
        return told["holds"], told["posts"]


@pytest.fixture
def desk(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Desk]:
    path = tmp_path / "store.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    (tmp_path / "firebreak.yaml").write_text(f"store: {{url: 'sqlite:///{path}'}}\n{SETTINGS}")
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    yield Desk(tmp_path, engine)
    engine.dispose()


def test_a_hold_is_placed_shown_released_and_its_posts_get_their_word(desk: Desk) -> None:
    assert desk.run("list").output == "Nothing is held.\n"
    placed = desk.run("place", "--brand", "acme", *BY)
    assert placed.exit_code == 0, placed.output
    assert desk.ask(1) == "hold_in_force"
    holds, posts = desk.listed()
    hold, post = str(holds[0]["id"]), str(posts[0]["key"])
    assert posts[0]["text"] == "Text 1"
    assert "every automated post for acme" in desk.run("list", "--posts").output
    unlooked = desk.run("release", hold, *BY)
    assert (unlooked.exit_code, "--looked" in unlooked.output) == (1, True)
    assert "Released" in desk.run("release", hold, "--looked", "1", *BY).output
    assert desk.ask(1) == "was_held"
    assert desk.run("pass", post, *BY).exit_code == 0
    assert desk.ask(1) == "passed_by_person"


def test_a_narrow_hold_says_what_it_holds(desk: Desk) -> None:
    desk.run("place", "--every-brand", "--platform", "x", "--account", "acme_news", "--tag", "sale", *BY)
    said = desk.run("list").output
    assert "every automated post for every brand, on x, of the account acme_news, tagged sale" in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["place", *BY], 2, "--every-brand"),
        (["place", "--brand", "acme"], 2, "--by PERSON"),
        (["place", "--brand", "acme", "--by", "nobody", "--reason", "x"], 2, "not under people"),
        (["place", "--brand", "nobody", *BY], 1, "no such brand"),
        (["place", "--brand", "acme", "--released-by", "nobody", *BY], 1, "no such role"),
        (["place", "--brand", "acme", "--platform", "twitter.com", *BY], 1, "cannot be a platform"),
        (["place", "--brand", "acme", "--platform", "", *BY], 1, "cannot be a platform"),
        (["place", "--brand", "acme", "--account", "", *BY], 1, "no name"),
        (["place", "--brand", "acme", "--tag", "#", *BY], 1, "no name"),
        (["release", "nothing", *BY], 1, "no such hold"),
        (["drop", "nothing", *BY], 1, "no such post"),
        (["reschedule", "nothing", "--at", "tomorrow", *BY], 2, "is no moment"),
        (["reschedule", "nothing", "--at", "2026-01-01T10:00:00", *BY], 2, "offset"),
        (["reschedule", "nothing", "--at", "2026-01-01T10:00:00Z", *BY], 1, "still to come"),
        (["edit", "nothing", "--text", " ", *BY], 1, "--text"),
        (["break-glass", "--brand", "acme", "--platform", "x", "--post", "1", *BY], 1, "not in a role"),
    ],
)
def test_what_is_wrong_is_one_message(desk: Desk, words: list[str], code: int, says: str) -> None:
    came = desk.run(*words)
    assert came.exit_code == code, came.output
    assert says in came.output


def test_each_word_does_what_it_says(desk: Desk) -> None:
    desk.run("place", "--brand", "acme", *BY)
    for number in range(4):
        desk.ask(number)
    posts = {str(post["post"]): str(post["key"]) for post in desk.listed()[1]}
    assert desk.run("drop", posts["post-0"], *BY).exit_code == 0
    assert desk.run("edit", posts["post-1"], "--text", "Text 9", *BY).exit_code == 0
    assert desk.run("reschedule", posts["post-2"], "--at", "2099-01-01T00:00:00Z", *BY).exit_code == 0
    glass = ("break-glass", "--brand", "acme", "--platform", "x", "--post", "post-3")
    assert desk.run(*glass, "--by", "bo", "--reason", "A warning").exit_code == 0
    assert desk.ask(3) == "break_glass"
    desk.run("release", str(desk.listed()[0][0]["id"]), "--looked", "4", *BY)
    assert [desk.ask(number) for number in range(3)] == ["dropped", "text_changed", "not_yet"]


def test_a_hold_on_a_platform_that_nobody_asked_about_says_so_and_names_those_that_are_known(desk: Desk) -> None:
    assert "Careful" not in desk.run("place", "--brand", "acme", "--platform", "x", *BY).output
    desk.ask(1)
    strange = desk.run("place", "--brand", "acme", "--platform", "Twitter", *BY)
    assert "Held, from now on" in strange.stdout
    assert "nothing here has asked about the platform 'twitter'" in strange.stderr
    assert "Known here: x." in strange.stderr
    assert desk.run("place", "--brand", "acme", "--platform", "X", *BY).stderr == ""


def test_a_hold_that_too_few_could_open_says_so(desk: Desk) -> None:
    few = desk.run("place", "--brand", "acme", "--releasers", "5", "--released-by", "on-call", *BY)
    assert "it takes 5 people to let go, and only 2 may: ada, bo" in few.stderr
    two = ("place", "--brand", "acme", "--releasers", "2", "--released-by", "on-call")
    assert desk.run(*two, *BY).stderr == ""
    assert "only 1 may: ada" in desk.run(*two, "--protects", "bo", *BY).stderr


def test_a_look_at_more_posts_than_were_held_is_none(desk: Desk) -> None:
    desk.run("place", "--brand", "acme", *BY)
    desk.ask(1)
    hold = str(desk.listed()[0][0]["id"])
    more = desk.run("release", hold, "--looked", "99", *BY)
    assert (more.exit_code, "it has held 1 so far" in more.output) == (1, True)
    assert desk.ask(2) == "hold_in_force"
    assert "Released" in desk.run("release", hold, "--looked", "2", *BY).output


def test_the_list_of_held_posts_has_what_their_scheduler_calls_them_their_account_and_when_they_were_due(
    desk: Desk,
) -> None:
    desk.run("place", "--brand", "acme", *BY)
    post = OutgoingPost(id="post-7", text="Text", scheduled_at=datetime(2026, 11, 23, 9, tzinfo=UTC))
    request = GateRequest(brand="acme", platform="x", post=post, account="acme_news")
    asyncio.run(a_gate(desk.engine).decide(request))
    desk.ask(8)
    said = desk.run("list", "--posts").output
    assert "post post-7, acme on x of acme_news, due 2026-11-23T09:00:00.000Z, no word yet: Text" in said
    assert "post post-8, acme on x, no time given, no word yet: Text 8" in said
