"""The console's pages of brands and of mutes over HTTP: what they say, and what their buttons do."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from detectors.signal import SignalKind
from playbooks.armings.arming import DAY_MS, Arming
from playbooks.armings.mute import Wanted
from playbooks.content.catalog import load_library
from playbooks.store import mutes
from playbooks.store.arming import Brand, acts_of, arm, brands, know
from playbooks.store.incidents.incidents import incident_view
from tests.parts.console import NOW_MS, SETTINGS, Clock, browsing, crisis, page, send

pytestmark = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)

LIBRARY = load_library()
QUIET = "/brands/quiet/arming/page"


def quiet(store: Engine) -> Brand:
    """How the brand `quiet` stands."""
    return brands(store, ["quiet"])[0]


async def test_the_page_of_brands_says_how_each_is_armed_and_what_it_would_have_done(store: Engine) -> None:
    know(store, ["quiet"], NOW_MS - 2 * DAY_MS)
    crisis(store, brand="quiet")
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, "/brands")
    assert "Acme Airways" in html
    assert "Armed to page and hold" in html
    assert "by Ada Lovelace, before its week was over: <q>for a test</q>" in html
    assert "5 days of its first week left" in html
    assert "it would have sent <strong>1</strong> page and 2 notices, and held posts <strong>1</strong> time" in html


async def test_looking_at_what_an_act_means_changes_nothing(store: Engine) -> None:
    incident = crisis(store, brand="quiet")
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, QUIET)
    assert "No post is held" in html
    assert f"/incidents/{incident}" in html, "it is acted on at once"
    assert "no channel to people is set up" in html, "pages would reach nobody"
    assert 'name="early"' in html
    assert quiet(store).arming is Arming.OBSERVE


async def test_a_brand_is_armed_under_the_viewers_name_with_their_reason(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        status, where = await send(browser, QUIET, reason="the strike", early="yes")
        assert (status, where) == (303, "/brands?said=done#quiet")
        html = await page(browser, "/brands?said=done")
    assert "It counts from now on, under your name." in html
    (act,) = acts_of(store, "quiet")
    assert (act.arming, act.person, act.reason, act.early) == (Arming.PAGE, "ada", "the strike", True)


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"reason": "why"}, "too_early"), ({"reason": " ", "early": "yes"}, "no_reason"), ({"early": "yes"}, "no_reason")],
)
async def test_too_early_or_without_a_reason_nothing_changes_and_the_page_says_why(
    store: Engine, fields: dict[str, str], word: str
) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        status, where = await send(browser, QUIET, **fields)
        assert (status, where) == (303, f"/brands?said={word}#quiet")
        assert 'class="said no"' in await page(browser, where.partition("#")[0])
    assert acts_of(store, "quiet") == []


async def test_after_its_week_the_form_asks_for_nothing_more_than_a_reason(store: Engine) -> None:
    know(store, ["quiet"], NOW_MS - 8 * DAY_MS)
    async with browsing(store, "ada", Clock()) as browser:
        assert 'name="early"' not in await page(browser, QUIET)
        assert (await send(browser, QUIET, reason="a good week"))[1] == "/brands?said=done#quiet"
    assert not acts_of(store, "quiet")[0].early


@pytest.mark.parametrize("path", ["/brands/nobody/arming/page", "/brands/quiet/arming/everything"])
async def test_there_is_no_such_brand_or_arming(store: Engine, path: str) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        await page(browser, path, status=404)


async def test_a_form_without_the_pages_token_arms_nothing(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        async with browser.post(QUIET, data={"reason": "x", "early": "yes"}, allow_redirects=False) as response:
            assert response.status == 400
        async with browser.post("/mutes", data={"kind": "volume", "span": "4h", "reason": "x"}) as response:
            assert response.status == 400
    assert acts_of(store, "quiet") == []
    assert mutes.not_over(store, NOW_MS) == []


async def test_nobody_who_is_not_signed_in_sees_or_changes_anything(store: Engine) -> None:
    async with browsing(store, None, Clock()) as browser:
        for path in ("/brands", QUIET, "/mutes"):
            async with browser.get(path) as response:
                assert response.status in (401, 403), path


async def test_something_is_muted_with_an_end_and_a_reason_and_shown(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        form = {"kind": "negativity", "brand": "acme", "span": "4h", "reason": "the <b>final</b>"}
        assert await send(browser, "/mutes", **form) == (303, "/mutes?said=done")
        html = await page(browser, "/mutes?said=done")
    assert "Signals of kind negativity, for Acme Airways" in html
    assert "by Ada Lovelace: <q>the &lt;b&gt;final&lt;/b&gt;</q>" in html
    (mute,) = mutes.not_over(store, NOW_MS)
    assert (mute.begins_ms, mute.ends_ms) == (NOW_MS, NOW_MS + 4 * 3_600_000)


async def test_exact_times_are_utc_and_count_before_the_length(store: Engine) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        form = {"playbook": "complaint-storm", "span": "4h", "from": "2026-02-03T10:00", "until": "2026-02-04T10:00"}
        assert (await send(browser, "/mutes", **form, reason="x"))[1] == "/mutes?said=done"
        assert "To be muted from" in await page(browser, "/mutes")
    (mute,) = mutes.not_over(store, NOW_MS)
    assert (mute.begins_ms, mute.ends_ms) == (1_770_112_800_000, 1_770_199_200_000)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"span": "4h", "reason": "x"}, "mutes_everything"),
        ({"kind": "volume", "span": "4h", "reason": ""}, "no_reason"),
        ({"kind": "volume", "until": "2026-01-01T00:00", "reason": "x"}, "is_past"),
        ({"kind": "volume", "until": "2026-02-28T00:00", "reason": "x"}, "too_long"),
        ({"playbook": "nothing", "span": "4h", "reason": "x"}, "no_such_playbook"),
    ],
)
async def test_what_may_not_be_muted_is_refused_in_words(store: Engine, fields: dict[str, str], word: str) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, "/mutes", **fields))[1] == f"/mutes?said={word}"
        assert 'class="said no"' in await page(browser, f"/mutes?said={word}")
    assert mutes.not_over(store, NOW_MS) == []


@pytest.mark.parametrize(
    "fields", [{"kind": "noise", "span": "4h"}, {"kind": "volume", "until": "soon"}, {"kind": "volume"}]
)
async def test_what_no_form_of_ours_sends_is_refused(store: Engine, fields: dict[str, str]) -> None:
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, "/mutes", **fields, reason="x"))[0] == 400


async def test_a_mute_is_lifted_with_a_reason(store: Engine) -> None:
    wanted = Wanted(None, SignalKind.FLOOD, None, 0, NOW_MS + DAY_MS, "a prize draw")
    _, id = mutes.mute(store, wanted, "bo", LIBRARY, SETTINGS, NOW_MS)
    async with browsing(store, "ada", Clock()) as browser:
        assert (await send(browser, f"/mutes/{id}/lift", reason=""))[1] == "/mutes?said=no_reason"
        assert (await send(browser, f"/mutes/{id}/lift", reason="called off"))[1] == "/mutes?said=lifted"
        html = await page(browser, "/mutes")
        assert (await send(browser, "/mutes/mute-0/lift", reason="x"))[0] == 404
    assert "Nothing is muted" in html
    assert "Ada Lovelace lifted it" in html
    assert "<q>called off</q>" in html


async def test_a_muted_incident_says_so_and_until_when_by_whom_and_why(store: Engine) -> None:
    crisis(store, brand="quiet")
    arm(store, "quiet", Arming.PAGE, "ada", "why", SETTINGS, NOW_MS, early=True)
    wanted = Wanted(None, SignalKind.NEGATIVITY, None, 0, NOW_MS + DAY_MS, "the final")
    mutes.mute(store, wanted, "bo", LIBRARY, SETTINGS, NOW_MS - 3_600_000)
    incident = crisis(store, brand="acme")
    known = incident_view(store, incident)
    assert known
    assert not known.pages
    async with browsing(store, "ada", Clock()) as browser:
        html = await page(browser, f"/incidents/{incident}")
    assert "Muted: nobody was paged" in html
    assert "Not done: muted until 3 February 2026, 02:42 UTC by Bo Diddley, because:" in html
    assert "<q>the final</q>" in html
    assert "Not done, because it is muted: " in html
