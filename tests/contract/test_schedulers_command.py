"""``firebreak schedulers`` on a store in which an account was held."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from playbooks.schedulers.kept import Stage, Wish
from playbooks.settings import StoreSettings
from playbooks.store.engine import migrate, open_store
from streams.cli import main
from tests.parts.schedulers.every import NAME, World
from tests.parts.schedulers.server import BEGIN_MS, TOKEN, TOKEN_VARIABLE, serving
from tests.parts.schedulers.wordpress import WordPressServer

SETTINGS = """brands: {{acme: {{}}}}
store: {{url: "{store}"}}
people: {{ada: {{name: Ada}}, cy: {{name: Cy}}}}
roles: {{on-call: [ada], posting-team: [cy]}}
schedulers:
  ours: {{kind: wordpress, brand: acme, platform: x, url: "{url}", user: editor, token: {{env: {token}}}}}
"""


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    url = f"sqlite:///{tmp_path}/firebreak.db"
    engine = open_store(StoreSettings(url=url))
    migrate(engine)
    async with serving(WordPressServer()) as server:
        (tmp_path / "firebreak.yaml").write_text(SETTINGS.format(store=url, url=server.url, token=TOKEN_VARIABLE))
        made = World(engine, server)
        yield made
        made.close()


async def run(folder: Path, *words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, ["--config", str(folder), "schedulers", *words])


async def test_before_the_first_look_it_says_so(world: World, tmp_path: Path) -> None:
    result = await run(tmp_path, "list")
    assert (result.exit_code, result.output) == (0, "ours: never looked at; is a runner there?\n")


async def test_a_held_account_and_its_posts_are_listed(world: World, tmp_path: Path) -> None:
    (post,) = world.server.add(30, text="Spring sale")
    world.hold()
    await world.look()
    result = await run(tmp_path, "list", "--posts")
    assert result.exit_code == 0
    assert "ours: held; 0 still go, 1 held back, 0 went out" in result.output
    assert f"{post}: Spring sale" in result.output
    (row,) = json.loads((await run(tmp_path, "list", "--json", "--posts")).output)
    assert (row["state"], row["posts"][0]["stage"], "body" in row["posts"][0]) == ("held", "stopped", False)


async def test_what_is_not_held_is_exit_code_1(world: World, tmp_path: Path) -> None:
    world.server.add(30)
    world.server.no_effect = True
    world.hold()
    await world.look()
    result = await run(tmp_path, "list")
    assert result.exit_code == 1
    assert "ours: partial" in result.output


async def test_a_post_is_given_back_by_who_may_release_and_by_nobody_else(world: World, tmp_path: Path) -> None:
    (post,) = world.server.add(30)
    world.hold()
    await world.look()
    words = ("give-back", NAME, post, "--at", "2026-11-24T09:00:00+01:00", "--reason", "Fits")
    refused = await run(tmp_path, *words, "--by", "cy")
    assert (refused.exit_code, world.kept()[post].wish) == (1, None)
    assert (await run(tmp_path, *words, "--by", "ada")).exit_code == 0
    assert (world.kept()[post].wish, world.kept()[post].wish_by) == (Wish.SCHEDULE, "ada")


async def test_a_dropped_post_is_dropped_by_the_runner(world: World, tmp_path: Path) -> None:
    (post,) = world.server.add(30)
    world.hold()
    await world.look()
    assert (await run(tmp_path, "drop", NAME, post, "--by", "ada", "--reason", "Not now")).exit_code == 0
    world.release()
    world.server.now_ms = BEGIN_MS + 1
    await world.look()
    assert world.stage(post) is Stage.DROPPED


@pytest.mark.parametrize("at", ["tomorrow", "2026-11-24T09:00:00"])
async def test_a_time_without_its_offset_is_refused(world: World, tmp_path: Path, at: str) -> None:
    result = await run(tmp_path, "give-back", NAME, "1", "--at", at, "--by", "ada", "--reason", "Fits")
    assert result.exit_code == 2
    assert "say a moment with its offset" in result.output


async def test_a_post_that_is_not_there_is_told(world: World, tmp_path: Path) -> None:
    result = await run(tmp_path, "drop", NAME, "77", "--by", "ada", "--reason", "Not now")
    assert result.exit_code == 1
    assert "77: no such post was found" in result.output
