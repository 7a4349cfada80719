"""The page of what was held: posts with their texts, a word on each, and the release under them; holds by hand."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from sqlalchemy import Engine

from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.holds.held_post import post_key
from playbooks.store.holds.holds import holds_in_force
from tests.parts.console import NOW_MS, Clock, browsing, crisis, page, send
from tests.parts.gate import a_gate

HOSTILE = "<script>alert(1)</script>"


async def ask(store: Engine, number: int) -> str:
    post = OutgoingPost(id=f"post-{number}", text=f"Good morning {number} {HOSTILE}")
    answer = await a_gate(store, lambda: NOW_MS).decide(GateRequest(brand="acme", platform="x", post=post))
    return answer.reasons[0].code.value


def key(number: int) -> str:
    return post_key("", "acme", "x", f"post-{number}")


async def test_what_was_held_is_looked_at_decided_and_then_released(store: Engine) -> None:
    incident = crisis(store)
    await ask(store, 1)
    (hold,) = await asyncio.to_thread(holds_in_force, store)
    path = f"/holds/{quote(hold.id, safe='')}/posts"
    async with browsing(store, "ada", Clock()) as browser:
        assert path in await page(browser, f"/incidents/{incident}")
        shown = await page(browser, path)
        assert "Good morning 1" in shown
        assert HOSTILE not in shown
        assert 'name="looked" value="1"' in shown
        said = await send(browser, f"{path}/{key(1)}", word="pass", reason="It fits")
        assert said == (303, f"{path}?said=done")
        assert "<strong>Ada Lovelace</strong> said: pass" in await page(browser, path)
        await ask(store, 2)
        early = await send(browser, f"/holds/{hold.id}/release", reason="calm", looked="1")
        assert early[1].endswith("said=not_looked")
        await send(browser, f"/holds/{hold.id}/release", reason="calm", looked="2")
    assert [await ask(store, 1), await ask(store, 2)] == ["passed_by_person", "was_held"]


async def test_a_word_needs_a_reason_a_role_and_what_it_speaks_of(store: Engine) -> None:
    crisis(store)
    await ask(store, 1)
    (hold,) = await asyncio.to_thread(holds_in_force, store)
    path = f"/holds/{quote(hold.id, safe='')}/posts"
    async with browsing(store, "ada", Clock()) as browser:
        for fields, word in (
            ({"word": "pass"}, "no_reason"),
            ({"word": "edit", "reason": "x"}, "no_text"),
            ({"word": "reschedule", "reason": "x"}, "no_time"),
            ({"word": "reschedule", "reason": "x", "at": "2001-01-01T10:00"}, "no_time"),
        ):
            assert (await send(browser, f"{path}/{key(1)}", **fields))[1] == f"{path}?said={word}"
        assert (await send(browser, f"{path}/{key(1)}", word="burn", reason="x"))[0] == 400
        assert (await send(browser, f"{path}/{key(9)}", word="pass", reason="x"))[0] == 404
    async with browsing(store, "cy", Clock()) as browser:
        assert "What becomes of it?" not in await page(browser, path)
        assert (await send(browser, f"{path}/{key(1)}", word="pass", reason="x"))[1].endswith("not_in_the_roles")


async def test_posts_are_held_by_hand_from_the_page_of_holds(store: Engine) -> None:
    async with browsing(store, "cy", Clock()) as browser:
        assert "Hold posts by hand" in await page(browser, "/holds")
        placed = await send(
            browser, "/holds/place", brand="acme", reason="A recall", accounts="@acme_news, acme_jobs", tags=""
        )
        assert placed == (303, "/holds?said=done")
        assert "of the account @acme_news or acme_jobs" in await page(browser, "/holds")
        assert (await send(browser, "/holds/place", brand="acme", reason=" "))[1] == "/holds?said=no_reason"
        assert (await send(browser, "/holds/place", brand="nobody", reason="x"))[1] == "/holds?said=no_such_brand"
    (hold,) = await asyncio.to_thread(holds_in_force, store)
    assert (hold.placed_by, hold.only.accounts) == ("cy", ("@acme_news", "acme_jobs"))
    assert await ask(store, 1) == "hold_in_force", "who leaves the account out is held"


async def test_the_incident_of_a_hold_by_hand_offers_no_runbook_and_is_not_opened_again(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        await send(browser, "/holds/place", brand="acme", reason="A recall", accounts="", tags="")
        (hold,) = await asyncio.to_thread(holds_in_force, store)
        at = f"/incidents/{hold.incident}"
        assert "Posts are held by hand" in await page(browser, at)
        assert "/runbooks/" not in await page(browser, at)
        await send(browser, f"/holds/{hold.id}/release", reason="calm", looked="1")
        assert "Was it not over?" not in await page(browser, at)
        assert (await send(browser, f"{at}/reopen", reason="no"))[1].endswith("said=no_playbook")


async def test_a_hold_on_every_brand_says_so(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        await send(browser, "/holds/place", brand="", reason="Everything stops")
        assert "Automated posts for every brand are held" in await page(browser, "/holds")
    assert await ask(store, 1) == "hold_in_force"
