"""What people see of schedulers on the pages of holds and of an incident: how far it is held, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.console.scheduler_card import scheduler_cards
from playbooks.settings import PlaybookSettings
from playbooks.store.holds.holds import holds_of_incident
from tests.parts.console import SETTINGS, browsing, crisis, page
from tests.parts.due_actions import INCIDENT
from tests.parts.schedulers.every import NAME, World
from tests.parts.schedulers.server import BEGIN_MS, MINUTE_MS, TOKEN, TOKEN_VARIABLE, serving
from tests.parts.schedulers.wordpress import WordPressServer


@pytest.fixture
async def world(store: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    async with serving(WordPressServer()) as server:
        made = World(store, server)
        yield made
        made.close()


def settings(world: World) -> PlaybookSettings:
    return replace(SETTINGS, schedulers={NAME: world.server.settings()})


async def shown(world: World, path: str = "/holds") -> str:
    async with browsing(world.store, "ada", world.server.clock, settings(world)) as client:
        return await page(client, path)


async def test_a_held_account_says_that_it_was_read_back_and_what_is_held_back(world: World) -> None:
    world.server.add(30, text="Spring <script>sale</script>")
    world.hold()
    await world.look()
    html = await shown(world)
    assert "Scheduled posts of acme on x, in WordPress (ours)" in html
    assert "nothing that is scheduled there goes out. 1 post is held back" in html
    assert "Spring &lt;script&gt;sale&lt;/script&gt;" in html
    assert "<script>sale" not in html


async def test_what_still_goes_and_what_went_out_are_listed_with_their_times(world: World) -> None:
    world.server.add(2, text="Too late")
    world.server.add(60, text="In time")
    world.server.locked_s = 180.0
    world.hold()
    await world.look()
    html = await shown(world)
    assert "held in part" in html
    assert "Still scheduled" in html
    assert "Too late" in html.split("Held back")[0]
    world.server.until(BEGIN_MS + 3 * MINUTE_MS)
    await world.look()
    assert "Went out while it was held" in await shown(world)


async def test_an_account_that_cannot_be_read_says_so(world: World) -> None:
    world.hold()
    world.server.revoked_after = 0
    await world.look()
    html = await shown(world)
    assert "Not all of it could be read back" in html
    assert "WordPress: HTTP 401" in html
    assert "all of it never read yet" in html


async def test_without_a_hold_there_is_nothing_about_schedulers(world: World) -> None:
    world.server.add(30)
    await world.look()
    assert "Scheduled posts of" not in await shown(world)


async def test_after_the_release_the_incident_still_shows_what_waits(world: World) -> None:
    world.server.add(30)
    world.hold()
    await world.look()
    world.release()
    await world.look()
    cards = await shown(world, "/holds")
    assert "Scheduled posts of" not in cards
    (card,) = scheduler_cards(world.store, settings(world).schedulers, holds_of_incident(world.store, INCIDENT))
    assert (card.state, card.stopped) == ("not held", 1)
    assert "until a person says what becomes of each" in card.sentence


async def test_the_incidents_page_shows_the_accounts_that_its_hold_covers(world: World) -> None:
    world.server.add(30, text="Spring sale")
    incident = crisis(world.store)
    await world.look()
    assert "1 post is held back" in await shown(world, f"/incidents/{incident}")
