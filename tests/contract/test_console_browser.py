"""The console in a real browser, on a phone's width, with scripts switched off: what people see and click."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, Request, ViewportSize, async_playwright
from sqlalchemy import Engine

from detectors.signal import Post
from playbooks.console.app import console_app
from playbooks.delivery.standing import entry_of
from playbooks.labels import Channel, DeliveryOutcome
from playbooks.settings import StoreSettings
from playbooks.store.delivery import outbox
from playbooks.store.engine import open_store
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.incidents.incidents import incident_view
from playbooks.store.sessions import issue_link
from tests.parts.console import HOUR_MS, NOW_MS, Clock, crisis, desk
from tests.parts.due_actions import begin, record
from tests.parts.holding import PLACED_MS, signal
from tests.parts.require import require

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True),
]

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">" + "W" * 400
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE: ViewportSize = {"width": 360, "height": 740}

#: Texts whose contrast with what lies behind them is below what WCAG asks for (4.5, large text 3).
FAINT = """() => {
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const lum = c => { const [r, g, b] = c.map(v => linear(v / 255));
                     return .2126 * r + .7152 * g + .0722 * b };
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                        if (c.length < 4 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
  const texts = [...document.querySelectorAll('main *, header *, footer *')]
    .filter(e => e.getClientRects().length && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  return texts.map(e => { const s = getComputedStyle(e), a = lum(rgb(s.color).slice(0, 3)), b = lum(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05), large = parseFloat(s.fontSize) >= 24;
    return [ratio < (large ? 3 : 4.5), e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2)] })
    .filter(found => found[0]).map(found => found[1]) }"""


@dataclass
class Site:
    """A console with a hostile crisis, a drill and a replay in it."""

    base: str
    store: Engine
    incident: str
    drill: str
    replay: str

    @property
    def paths(self) -> list[str]:
        """Every kind of page."""
        runbook = f"/runbooks/complaint-storm/2.0.0?incident={self.incident}"
        incidents = [f"/incidents/{each}" for each in (self.incident, self.drill, self.replay)]
        return ["/", "/holds", "/readiness", *incidents, runbook, "/nothing"]

    def link(self, person: str) -> str:
        """A link to sign in by."""
        return f"{self.base}/sign-in/{issue_link(self.store, person, NOW_MS, HOUR_MS)}"


@pytest.fixture
async def site(store_settings: StoreSettings) -> AsyncIterator[Site]:
    require("chromium")
    store = open_store(store_settings)
    posts = (Post(id=HOSTILE, platform="x", at_ms=PLACED_MS, negativity=0.9),)
    incident = crisis(store, evidence=msgspec.structs.replace(signal().evidence, posts=posts), detector=HOSTILE)
    for due in outbox.claim_due(store, "runner", NOW_MS, 60_000, 10):
        if due.target == "on-call":
            begin(store, due, [("ada", Channel.EMAIL)], [], 3, NOW_MS)
            entry = entry_of(due, ("ada", Channel.EMAIL), DeliveryOutcome.RETRY, HOSTILE, NOW_MS)
            record(store, entry)
    drill, replay = crisis(store, "drill-7"), crisis(store, "replay-7")
    async with TestServer(console_app(desk(store, Clock()), list)) as server:
        yield Site(str(server.make_url("")).rstrip("/"), store, incident, drill, replay)
    store.dispose()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    require("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        await browser.close()


async def signed_in(site: Site, context: BrowserContext, person: str = "ada") -> Page:
    """A page of somebody who has followed their link."""
    page = await context.new_page()
    await page.goto(site.link(person))
    await page.click("main button")
    await page.wait_for_selector("h1:has-text('Incidents')")
    return page


async def test_nothing_is_wider_than_the_screen(site: Site, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    for path in (f"{site.base}/holds", site.link("")):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
    page = await signed_in(site, context)
    for path in site.paths:
        await page.goto(site.base + path)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read_by_day_and_by_night(site: Site, chromium: Browser, scheme: str) -> None:
    context = await chromium.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    page = await signed_in(site, context)
    for path in site.paths:
        await page.goto(site.base + path)
        assert await page.evaluate(FAINT) == [], path
    colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, colour[4:-1].split(","))) < 200) is (scheme == "dark")


async def test_hostile_text_is_shown_and_never_run_and_nothing_is_fetched_from_elsewhere(
    site: Site, chromium: Browser
) -> None:
    context = await chromium.new_context(viewport=PHONE)
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    context.on("request", note)
    page = await signed_in(site, context)
    page.on("console", lambda message: complaints.append(message.text))
    await page.goto(f"{site.base}/incidents/{site.incident}")
    assert await page.title() == "Many people complain at once · Acme Airways · Firebreak"
    assert "<script>document.title='owned'</script>" in await page.inner_text("main")
    assert all(url.startswith(site.base + "/") for url in asked)
    assert complaints == []


async def test_acknowledging_and_releasing_work_by_clicking_without_any_script(site: Site, chromium: Browser) -> None:
    page = await signed_in(site, await chromium.new_context(viewport=PHONE, java_script_enabled=False))
    await page.click(f'a[href="/incidents/{site.incident}"]')
    await page.click("text=Acknowledge: I have this")
    await page.wait_for_selector("text=You have it.")
    view = incident_view(site.store, site.incident)
    assert view is not None
    assert view.acknowledged_by == "ada"

    await page.click("text=Release: let posting go on")
    assert "said=done" in page.url, "the browser asks for a reason before it sends"
    assert await page.eval_on_selector("textarea", "box => box.validity.valueMissing")
    await page.fill("textarea", "   ")
    await page.click("text=Release: let posting go on")
    await page.wait_for_selector("text=the hold stays in force")
    assert len([held for held in holds_in_force(site.store) if held.run == ""]) == 1

    await page.fill("textarea", HOSTILE)
    await page.click("text=Release: let posting go on")
    await page.wait_for_selector("text=is no longer held by this incident")
    assert "<script>document.title" in await page.inner_text("main")
    assert [held for held in holds_in_force(site.store) if held.run == ""] == []


async def test_a_drill_says_so_before_anything_else(site: Site, chromium: Browser) -> None:
    page = await signed_in(site, await chromium.new_context(viewport=PHONE))
    await page.goto(f"{site.base}/incidents/{site.drill}")
    assert (await page.inner_text("main")).startswith("DRILL drill-7")
    await page.goto(f"{site.base}/incidents/{site.replay}")
    assert (await page.inner_text("main")).startswith("REPLAY replay-7")


async def test_a_link_from_a_message_needs_one_more_click_and_no_new_sign_in(site: Site, chromium: Browser) -> None:
    page = await signed_in(site, await chromium.new_context(viewport=PHONE))
    # The same server by another name is another site to the browser, as a mail reader's is.
    elsewhere = site.base.replace("127.0.0.1", "localhost")
    await page.goto(f"{elsewhere}/nothing")
    await page.evaluate("to => { location.href = to }", f"{site.base}/incidents/{site.incident}")
    await page.wait_for_selector("text=Please sign in")
    await page.click("text=Open the page")
    await page.wait_for_selector("text=Acknowledge: I have this")


async def test_signing_out_ends_it(site: Site, chromium: Browser) -> None:
    page = await signed_in(site, await chromium.new_context(viewport=PHONE))
    await page.click("text=Sign out")
    await page.wait_for_selector("text=Please sign in")
