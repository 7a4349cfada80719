"""What people see of schedulers on the pages of holds and of an incident: how far it is held, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.console.scheduler_card import scheduler_cards
from playbooks.schedulers.kept import Wish
from playbooks.settings import PlaybookSettings
from playbooks.settings.gate import GateSettings
from playbooks.store.holds.holds import holds_of_incident
from tests.parts.console import SETTINGS, browsing, crisis, page, send
from tests.parts.due_actions import INCIDENT
from tests.parts.schedulers.every import NAME, SPACING_MS, World
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


# --- what becomes of what was held back -------------------------------------------------------------------------------

AT = f"/schedulers/{NAME}"


@pytest.mark.parametrize(("spacing_min", "says"), [(1.0, "keeps 1 minute between"), (10.0, "keeps 10 minutes between")])
async def test_the_page_says_how_far_apart_posts_go(world: World, spacing_min: float, says: str) -> None:
    around = replace(settings(world), gate=GateSettings(spacing_min=spacing_min))
    await world.look()
    async with browsing(world.store, "ada", world.server.clock, around) as client:
        assert says in await page(client, AT)


async def test_what_was_held_back_is_looked_at_and_given_back_with_a_word_from_the_page(world: World) -> None:
    (post,) = world.server.add(30, text="Spring sale")
    crisis(world.store)
    await world.look()
    async with browsing(world.store, "ada", world.server.clock, settings(world)) as client:
        assert f'href="{AT}"' in await page(client, "/holds")
        shown = await page(client, AT)
        assert "Spring sale" in shown
        assert "nothing goes back before" in shown
        said = await send(client, f"{AT}/posts", post=post, word="schedule", at="2026-09-22T09:00", reason="Fits")
        assert said == (303, f"{AT}?said=done")
        assert "it goes out again" in await page(client, AT)
    world.release_all()
    await world.look()
    await world.look()
    assert world.server.state(post) == "scheduled"
    assert world.told() == []


async def test_all_of_it_is_given_back_at_once_after_a_look_and_never_nearer_than_the_spacing(world: World) -> None:
    ids = world.server.add(30, 31, 32)
    crisis(world.store)
    await world.look()
    async with browsing(world.store, "ada", world.server.clock, settings(world)) as client:
        assert "All 3 that nobody has said anything of" in await page(client, AT)
        fields = {"word": "schedule", "at": "", "reason": "It is over"}
        assert (await send(client, f"{AT}/all", looked="2", **fields))[1] == f"{AT}?said=not_looked"
        assert (await send(client, f"{AT}/all", looked="3", **fields))[1] == f"{AT}?said=done"
        assert (await send(client, f"{AT}/all", looked="3", **fields))[1] == f"{AT}?said=not_held_back"
    world.release_all()
    await world.look()
    await world.look()
    times = sorted(world.server.posts[post].due_ms for post in ids)
    assert {world.server.state(post) for post in ids} == {"scheduled"}
    assert all(later - sooner >= SPACING_MS for sooner, later in pairwise(times))


async def test_five_thousand_posts_are_looked_at_and_decided_at_once(world: World) -> None:
    ids = world.server.add(*[30 + number / 10 for number in range(5_000)])
    crisis(world.store)
    await world.look()
    async with browsing(world.store, "ada", world.server.clock, settings(world)) as client:
        shown = await page(client, AT)
        assert "And 4950 more" in shown
        assert all(f"<code>{post}</code>" in shown for post in ids)
        said = await send(client, f"{AT}/all", looked="5000", word="draft", reason="It is over")
        assert said[1] == f"{AT}?said=done"
    assert {post.wish for post in world.kept().values()} == {Wish.DRAFT}


async def test_a_word_on_what_was_held_back_needs_a_role_a_reason_and_a_time(world: World) -> None:
    (post,) = world.server.add(30)
    crisis(world.store)
    await world.look()
    async with browsing(world.store, "ada", world.server.clock, settings(world)) as client:
        for fields, word in (
            ({"post": post, "word": "schedule", "reason": " ", "at": "2030-01-01T10:00"}, "no_reason"),
            ({"post": post, "word": "schedule", "reason": "x"}, "no_time"),
            ({"post": post, "word": "schedule", "reason": "x", "at": "2001-01-01T10:00"}, "no_time"),
            ({"post": "another", "word": "draft", "reason": "x"}, "no_such_post"),
        ):
            assert (await send(client, f"{AT}/posts", **fields))[1] == f"{AT}?said={word}"
        assert (await send(client, f"{AT}/posts", post=post, word="burn", reason="x"))[0] == 400
        assert (await send(client, "/schedulers/nothing/posts", post=post, word="drop", reason="x"))[0] == 404
        await page(client, "/schedulers/nothing", status=404)
    async with browsing(world.store, "cy", world.server.clock, settings(world)) as client:
        shown = await page(client, AT)
        assert "What becomes of it?" not in shown
        assert "Who may say what becomes of these posts: Ada Lovelace, Bo Diddley." in shown
        said = await send(client, f"{AT}/posts", post=post, word="draft", reason="x")
        assert said[1] == f"{AT}?said=not_in_the_roles"
    assert world.kept()[post].wish is None


async def test_after_the_release_the_page_of_holds_leads_to_what_waits_in_schedulers(world: World) -> None:
    world.server.add(30)
    world.hold()
    await world.look()
    assert "held back in acme on x" not in await shown(world), "it stands with its hold"
    world.release()
    await world.look()
    html = await shown(world)
    assert "1 post held back in acme on x, in WordPress (ours)" in html
    assert f'href="{AT}"' in html
