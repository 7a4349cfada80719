"""On the console: one post let go although it is held, posts that were held while nobody watched, and what waits."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.gate.service import Gate
from playbooks.holds.held_post import post_key
from playbooks.settings.gate import BreakGlassSettings, GateSettings
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.incidents.incidents import incident_history
from tests.parts.console import SETTINGS, Clock, browsing, crisis, page, send
from tests.parts.gate import a_gate, rules

TERMS = BreakGlassSettings(roles=("executives",), valid_min=15)
WITH_GLASS = replace(SETTINGS, gate=GateSettings(break_glass=TERMS))
MINUTE_MS = 60_000


class Life:
    """A store with a crisis in it, its gate and its clock."""

    def __init__(self, store: Engine) -> None:
        self.store, self.clock = store, Clock()
        self.gate: Gate = a_gate(store, self.clock)

    async def ask(self, number: int) -> str:
        post = OutgoingPost(id=f"post-{number}", text=f"Please leave the building {number}")
        answer = await self.gate.decide(GateRequest(brand="acme", platform="x", post=post))
        return answer.reasons[0].code.value

    async def held(self) -> str:
        """The page of what the hold of a crisis has held."""
        self.incident = crisis(self.store)
        await self.ask(1)
        (hold,) = await asyncio.to_thread(holds_in_force, self.store)
        return f"/holds/{quote(hold.id, safe='')}/posts"


def key(number: int) -> str:
    return post_key("", "acme", "x", f"post-{number}")


async def test_one_named_person_lets_one_post_go_once_and_the_page_says_who_and_when(store: Engine) -> None:
    life = Life(store)
    path = await life.held()
    async with browsing(store, "bo", life.clock, WITH_GLASS) as browser:
        shown = await page(browser, path)
        assert "Only for the one post that cannot wait" in shown
        assert "within 15 minutes" in shown
        done = await send(browser, f"{path}/{key(1)}/break-glass", reason="Keeps people safe", sure="yes")
        assert done == (303, f"{path}?said=done")
        shown = await page(browser, path)
        assert "<strong>Bo Diddley broke the glass</strong>" in shown
        assert "The glass was broken once" in shown
        assert "it has not been asked for yet" in shown
        assert "break-glass" not in shown, "there is a word that is good; another is not needed"
        assert await life.ask(1) == "break_glass"
        assert "The post went by it at" in await page(browser, path)
        assert await life.ask(1) != "break_glass", "once"
        assert "lets the held post post-1 on x go once" in await page(browser, f"/incidents/{life.incident}")


async def test_a_word_that_was_not_used_says_so_when_it_is_over(store: Engine) -> None:
    life = Life(store)
    path = await life.held()
    async with browsing(store, "bo", life.clock, WITH_GLASS) as browser:
        await send(browser, f"{path}/{key(1)}/break-glass", reason="Keeps people safe", sure="yes")
        life.clock.now_ms += 16 * MINUTE_MS
        shown = await page(browser, path)
        assert "It was not used" in shown
        assert "break-glass" in shown, "it may be needed again"
    assert await life.ask(1) != "break_glass"


async def test_the_glass_is_for_who_is_named_for_it_with_a_reason_and_a_tick(store: Engine) -> None:
    life = Life(store)
    path = await life.held()
    before = len(incident_history(store, life.incident))
    async with browsing(store, "ada", life.clock, WITH_GLASS) as browser:
        assert "break-glass" not in await page(browser, path)
        told = await send(browser, f"{path}/{key(1)}/break-glass", reason="I want", sure="yes")
        assert told[1].endswith("said=not_in_the_roles")
    async with browsing(store, "bo", life.clock, WITH_GLASS) as browser:
        assert (await send(browser, f"{path}/{key(1)}/break-glass", reason="Safety"))[0] == 400
        assert (await send(browser, f"{path}/{key(1)}/break-glass", reason=" ", sure="yes"))[1].endswith("no_reason")
        assert (await send(browser, f"{path}/{key(9)}/break-glass", reason="Safety", sure="yes"))[0] == 404
    async with browsing(store, "bo", life.clock) as browser:
        assert "break-glass" not in await page(browser, path), "nobody is named for it in these settings"
    assert len(incident_history(store, life.incident)) == before
    assert await life.ask(1) == "hold_in_force"


async def test_posts_that_were_held_while_nobody_watched_have_a_page_and_get_their_words(store: Engine) -> None:
    life = Life(store)
    life.gate = a_gate(store, life.clock, rules(dead_after_ms=600_000))
    assert await life.ask(1) == "detection_dead"
    assert await life.ask(2) == "detection_dead"
    async with browsing(store, "ada", life.clock) as browser:
        assert "2 posts held while detection was dead" in await page(browser, "/holds")
        shown = await page(browser, "/held")
        assert "Please leave the building 1" in shown
        assert (await send(browser, f"/held/posts/{key(1)}", word="pass", reason="It fits"))[1] == "/held?said=done"
        assert "<strong>Ada Lovelace</strong> said: pass" in await page(browser, "/held")
        late = {"word": "reschedule", "reason": "Later", "at": "2030-01-01T10:00"}
        assert (await send(browser, f"/held/posts/{key(2)}", **late))[1] == "/held?said=done"
        assert (await send(browser, f"/held/posts/{key(2)}", word="drop", reason="Not now"))[1] == "/held?said=done"
        assert "Please leave the building 2" not in await page(browser, "/held"), "it was dropped"
    life.gate = a_gate(store, life.clock)
    assert [await life.ask(1), await life.ask(2)] == ["passed_by_person", "dropped"]
    async with browsing(store, "ada", life.clock) as browser:
        assert "Nothing waits here" in await page(browser, "/held")
        assert "held while detection was dead" not in await page(browser, "/holds")


async def test_who_may_not_release_sees_what_waits_and_who_may(store: Engine) -> None:
    life = Life(store)
    life.gate = a_gate(store, life.clock, rules(dead_after_ms=600_000))
    await life.ask(1)
    async with browsing(store, "bo", life.clock, WITH_GLASS) as browser:
        shown = await page(browser, "/held")
        assert "What becomes of it?" not in shown
        assert "Who may say what becomes of them: Ada Lovelace." in shown
        told = await send(browser, f"/held/posts/{key(1)}", word="pass", reason="It fits")
        assert told[1] == "/held?said=not_in_the_roles"
        assert "break-glass" in shown
        await send(browser, f"/held/posts/{key(1)}/break-glass", reason="Safety", sure="yes")
    assert await life.ask(1) == "break_glass"


async def test_what_waits_after_a_release_is_found_from_the_page_of_holds(store: Engine) -> None:
    life = Life(store)
    path = await life.held()
    async with browsing(store, "ada", life.clock) as browser:
        assert "after the release" not in await page(browser, "/holds")
        await send(browser, path.removesuffix("/posts") + "/release", reason="calm", looked="1")
        shown = await page(browser, "/holds")
        assert "1 post of Acme Airways, after the release" in shown
        assert path in shown
        await send(browser, f"{path}/{key(1)}", word="drop", reason="Old")
        assert "after the release" not in await page(browser, "/holds")
