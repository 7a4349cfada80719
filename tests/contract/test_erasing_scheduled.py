"""Your own posts in schedulers: erased when their end has come, kept while they wait to be restored."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from playbooks.schedulers.decisions import Verdict
from playbooks.schedulers.kept import Stage
from playbooks.schedulers.post import Found, Spot
from playbooks.settings import StoreSettings
from playbooks.store.engine import migrate, open_store, reading, writing
from playbooks.store.incidents.erasing import Author, Before, OnePost, What, erase, not_erased
from playbooks.store.schedules.posts import keep, kept_posts, settle
from playbooks.store.schema import erasures
from streams.cli import main

NOW_MS = 1_800_000_000_000
SAYS = "Thank you @Ada_L, we have read it"


def found(store: Engine, post: str, stage: Stage, text: str = SAYS, scheduler: str = "main") -> None:
    """A post that stands so since `NOW_MS`."""
    body = {"media": [{"caption": text}]}
    kept = keep(store, scheduler, "hold-1", [Found(post, Spot.SCHEDULED, NOW_MS + 60_000, text, body)], NOW_MS)
    if stage is not Stage.FOUND:
        with writing(store) as conn:
            settle(conn, scheduler, kept, {post: Verdict(stage)}, NOW_MS)


def words(store: Engine) -> dict[str, str]:
    """What is left of each post's words."""
    kept = kept_posts(store, "main")
    assert all(bool(each.text) == bool(each.body) for each in kept.values())
    return {post: each.text for post, each in kept.items()}


@pytest.mark.parametrize(
    "what",
    [OnePost("main", "p1"), Author("@ada_l"), Author("ADA_L"), Before(NOW_MS + 1)],
    ids=["by post", "by whom it names", "by whom it names, in capitals", "by age"],
)
@pytest.mark.parametrize("stage", list(Stage))
def test_only_a_post_whose_end_has_come_is_erased(store: Engine, stage: Stage, what: What) -> None:
    found(store, "p1", stage)
    ended = stage in (Stage.LEAKED, Stage.GONE, Stage.RESTORED, Stage.DROPPED)
    assert erase(store, what, "cy", "asked for", NOW_MS + 5) == int(ended)
    assert words(store) == {"p1": "" if ended else SAYS}
    assert not_erased(store, what) == ([] if ended else [("main", "p1")])
    with reading(store) as conn:
        assert [row.posts for row in conn.execute(select(erasures))] == ([1] if ended else [])


@pytest.mark.parametrize(
    "what",
    [
        OnePost("main", "p2"),
        OnePost("other", "p1"),
        Author("ada"),
        Author("ada_l2"),
        Author("a"),
        Author("ada_l", "x"),
        Before(NOW_MS),
    ],
)
def test_nothing_else_is_erased(store: Engine, what: What) -> None:
    found(store, "p1", Stage.RESTORED)
    assert erase(store, what, "cy", "why", NOW_MS + 5) == 0
    assert words(store) == {"p1": SAYS}


def test_the_command_says_which_posts_are_kept_and_how_they_go(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/fb.db"
    (tmp_path / "firebreak.yaml").write_text(f"store: {{url: '{place}'}}\npeople: {{cy: {{name: Cy}}}}\n")
    store = open_store(StoreSettings(url=place))
    migrate(store)
    found(store, "p1", Stage.RESTORED)
    found(store, "p2", Stage.DELETED)
    words_of = ["--config", str(tmp_path), "erase", "--author", "ada_l", "--by", "cy", "--reason", "asked for"]
    done = CliRunner().invoke(main, words_of)
    assert (done.exit_code, "1 post is erased" in done.output) == (0, True)
    assert "main:p2 is kept: it is a post of yours that waits in a scheduler" in done.output
    assert "firebreak schedulers drop main p2" in done.output
    again = CliRunner().invoke(main, words_of)
    assert (again.exit_code, "nothing was erased" in again.output) == (1, True)
    assert words(store) == {"p1": "", "p2": SAYS}
    store.dispose()
