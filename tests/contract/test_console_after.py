"""What the console shows and takes after an incident: posts or that they were erased, merges, and real or false."""

from __future__ import annotations

import html as hypertext
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine

from detectors.signal import Post
from playbooks.content.catalog import load_library
from playbooks.labels import Judgement
from playbooks.store.incidents.deeds import Told
from playbooks.store.incidents.erasing import Author, erase
from playbooks.store.incidents.incidents import incident_view
from playbooks.store.incidents.judging import WEEK_MS
from playbooks.store.incidents.merging import merge
from playbooks.store.incidents.reporting import Report, report
from tests.parts.console import SETTINGS, Clock, browsing, crisis, page, send
from tests.parts.holding import PLACED_MS, signal

HOSTILE = "<script>alert(1)</script>"
POST = Post("at://did:plc:ada/1", "bluesky", PLACED_MS - 60_000, 0.93, f"It burnt my hand. {HOSTILE}", "ada_l")


def quoting(store: Engine) -> str:
    """A crisis with a post that is quoted."""
    return crisis(store, evidence=msgspec.structs.replace(signal().evidence, posts=(POST,)))


def another(store: Engine) -> str:
    """A second incident of the brand, of another cause, that somebody has reported."""
    about = Report("acme", "impersonation", 4, "Somebody poses as us.")
    came = report(store, about, "ada", "Ada", load_library(), SETTINGS, PLACED_MS + 400)
    assert came.told is Told.DONE
    return came.incident


async def test_a_post_is_shown_as_it_began_until_it_is_erased(store: Engine) -> None:
    incident = quoting(store)
    async with browsing(store, "ada", Clock()) as browser:
        shown = await page(browser, f"/incidents/{incident}")
        assert hypertext.escape(POST.text) in shown
        assert "<strong>ada_l</strong> on bluesky" in shown
        assert HOSTILE not in shown
        assert erase(store, Author("ada_l"), "bo", "Asked by the author.", PLACED_MS) == 1
        after = await page(browser, f"/incidents/{incident}")
    assert "Erased by Bo Diddley" in after
    assert "Asked by the author." in after
    assert [word for word in ("burnt my hand", "ada_l", POST.id) if word in after] == []


async def test_two_incidents_are_merged_and_each_page_leads_to_the_other(store: Engine) -> None:
    first = crisis(store)
    other = another(store)
    assert first != other
    async with browsing(store, "ada", Clock()) as browser:
        at = f"/incidents/{other}"
        assert f'name="into" value="{first}"' in await page(browser, at)
        assert (await send(browser, f"{at}/merge", into=first, reason=" "))[1].endswith("said=no_reason_to_merge")
        assert (await send(browser, f"{at}/merge", into=HOSTILE, reason="x"))[1].endswith("said=not_together")
        assert (await send(browser, f"{at}/merge", into=first, reason="One cause."))[1].endswith("said=merged")
        gone, stays = await page(browser, at), await page(browser, f"/incidents/{first}")
        assert (await send(browser, f"{at}/merge", into=first, reason="x"))[1].endswith("said=merged_already")
    assert f'It was merged into <a href="/incidents/{first}">' in gone
    assert "Merged into another" in gone
    assert f'<li><a href="/incidents/{other}">' in stays
    assert "One cause." in stays
    assert 'name="into"' not in stays


async def test_holds_of_what_was_merged_stand_on_the_page_of_what_goes_on(store: Engine) -> None:
    first = crisis(store)
    other = another(store)
    merge(store, first, other, "ada", "One cause.", PLACED_MS)
    view = incident_view(store, first)
    assert view
    async with browsing(store, "ada", Clock()) as browser:
        shown = await page(browser, f"/incidents/{other}")
    assert view.holds
    assert all(f"/holds/{quote(hold.id, safe='')}/release" in shown for hold in view.holds)


async def test_somebody_says_whether_it_was_real_and_false_pages_are_counted_by_week(store: Engine) -> None:
    incident, clock = crisis(store), Clock()
    at = f"/incidents/{incident}"
    async with browsing(store, "ada", clock) as browser:
        assert "<td>1</td><td>0</td><td>0</td><td>1</td>" in await page(browser, "/false-pages")
        assert (await send(browser, f"{at}/verdict", verdict="perhaps", reason="x"))[0] == 400
        assert (await send(browser, f"{at}/verdict", verdict="false", reason=" "))[1].endswith("no_reason_to_judge")
        assert (await send(browser, f"{at}/verdict", verdict="false", reason="A sale."))[1].endswith("said=judged")
        assert (await send(browser, f"{at}/verdict", verdict="false", reason="x"))[1].endswith("judged_already")
        shown, counted = await page(browser, at), await page(browser, "/false-pages")
        clock.now_ms += 9 * WEEK_MS
    assert "It is called a false alarm" in shown
    assert "Ada Lovelace says that it was a false alarm:" in shown
    assert "Acme Airways" in counted
    assert '<span class="chip alarm">1</span></td><td>0</td><td>0</td>' in counted
    view = incident_view(store, incident)
    assert view
    assert view.judgement is Judgement.FALSE


async def test_where_nobody_was_paged_that_is_said(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        assert "Nobody was paged" in await page(browser, "/false-pages")
