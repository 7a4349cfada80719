"""Every page on a telephone, with the longest names and reasons that people may write: nothing is wider than it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright

from playbooks.console.app import console_app
from playbooks.settings import StoreSettings
from playbooks.store.engine import open_store
from playbooks.store.sessions import issue_link
from tests.parts import long_names
from tests.parts.console import HOUR_MS, NOW_MS, Clock, desk
from tests.parts.require import require

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True),
]

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = (360, 390)


async def wider(page: Page, at: str, width: int) -> list[str]:
    """The pages that are wider than the screen, and what of them is."""
    await page.goto(at)
    by_px = await page.evaluate("document.documentElement.scrollWidth") - width
    return [f"{at} at {width}: {by_px} px"] if by_px > 0 else []


async def test_no_page_is_wider_than_a_telephone_whatever_people_are_called(
    store_settings: StoreSettings, tmp_path: Path
) -> None:
    require("chromium")
    store, known = open_store(store_settings), long_names.settings(tmp_path)
    paths = await asyncio.to_thread(long_names.fill, store, known)
    app = console_app(desk(store, Clock(), known, long_names.library()), list)
    found: list[str] = []
    async with TestServer(app) as server, async_playwright() as playwright:
        base = str(server.make_url("")).rstrip("/")
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = await browser.new_page(viewport={"width": 360, "height": 740})
        await page.goto(f"{base}/sign-in/{issue_link(store, 'ada', NOW_MS, HOUR_MS)}")
        await page.click("main button")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 740})
            for path in paths:
                found += await wider(page, base + path, width)
        await browser.close()
    store.dispose()
    assert not found
