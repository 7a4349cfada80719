"""Signing in to the console over HTTP."""

from __future__ import annotations

import asyncio
import re

import msgspec
import pytest
from sqlalchemy import Engine

from playbooks.console.links import UnknownPerson, first_link, link_for
from playbooks.settings import ConsoleSettings, PlaybookSettings, StoreSettings
from playbooks.settings.people import Person
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.sessions import issue_link
from tests.parts.console import HOUR_MS, SETTINGS, Clock, browsing, crisis, page, send


async def test_without_a_session_no_page_is_shown(store: Engine) -> None:
    async with browsing(store, None, Clock()) as nobody:
        for path in ("/", "/holds", "/incidents/inc-1", "/runbooks/complaint-storm/1.0.0"):
            html = await page(nobody, path, status=401)
            assert "Please sign in" in html
            assert f'href="{path}"' in html, "a click from our own page brings the cookie that a foreign link does not"


@pytest.mark.parametrize("target", ["//evil.example/holds", "http://evil.example/holds", '/holds?a="><script>'])
async def test_the_way_back_after_signing_in_never_leads_elsewhere(store: Engine, target: str) -> None:
    async with browsing(store, None, Clock()) as nobody:
        reader, writer = await asyncio.open_connection(nobody.host, nobody.port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        html = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
    assert 'href="/' in html
    assert "evil.example" not in html
    assert "<script" not in html


async def test_looking_at_a_link_shows_a_button_and_does_not_use_it_up(store: Engine) -> None:
    clock = Clock()
    link = f"/sign-in/{issue_link(store, '', clock(), HOUR_MS)}"
    async with browsing(store, None, clock) as browser:
        for _ in range(3):
            html = await page(browser, link)
        assert "Ada Lovelace" in html
        assert "Cy &lt;b&gt;Twombly&lt;/b&gt;" in html
        async with browser.post(link, data={"person": "ada"}) as response:
            assert response.status == 200
            assert "Ada Lovelace" in await response.text()
        assert "does not work" in await page(browser, link, status=410)


async def test_a_link_for_somebody_greets_them_and_signs_in_nobody_else(store: Engine) -> None:
    clock = Clock()
    link = f"/sign-in/{issue_link(store, 'bo', clock(), HOUR_MS)}"
    async with browsing(store, None, clock) as browser:
        assert "Welcome, Bo Diddley" in await page(browser, link)
        async with browser.post(link, data={"person": "ada"}) as response:
            assert response.status == 410
        async with browser.post(link, data={"person": "bo"}) as response:
            assert "Bo Diddley" in await response.text()


@pytest.mark.parametrize("person", ["", "nobody", "Ada Lovelace"])
async def test_who_is_not_among_the_people_is_asked_again_and_the_link_still_works(store: Engine, person: str) -> None:
    clock = Clock()
    link = f"/sign-in/{issue_link(store, '', clock(), HOUR_MS)}"
    async with browsing(store, None, clock) as browser:
        async with browser.post(link, data={"person": person}) as response:
            assert "Who are you?" in await response.text()
        assert "Who are you?" in await page(browser, link)


@pytest.mark.parametrize(("public_url", "secure"), [(None, False), ("https://fire.example.org", True)])
async def test_the_cookie_is_for_our_own_pages_only(store: Engine, public_url: str | None, secure: bool) -> None:
    clock = Clock()
    settings = msgspec.structs.replace(SETTINGS, console=ConsoleSettings(public_url=public_url))
    async with browsing(store, None, clock, settings) as browser:
        link = issue_link(store, "ada", clock(), HOUR_MS)
        async with browser.post(f"/sign-in/{link}", data={"person": "ada"}, allow_redirects=False) as response:
            cookie = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert ("Secure" in cookie) is secure


async def test_a_session_ends_by_time_by_signing_out_and_when_the_person_leaves(store: Engine) -> None:
    clock = Clock()
    async with browsing(store, "ada", clock) as browser:
        assert "Ada Lovelace" in await page(browser, "/")
        clock.now_ms += 12 * HOUR_MS
        await page(browser, "/", status=401)
    async with browsing(store, "ada", clock) as browser:
        cookies = browser.session.cookie_jar.filter_cookies(browser.make_url("/"))
        assert (await send(browser, "/sign-out"))[0] == 303
        browser.session.cookie_jar.update_cookies(cookies, browser.make_url("/"))
        await page(browser, "/", status=401)
    without = msgspec.structs.replace(SETTINGS, people={"bo": Person(name="Bo Diddley")})
    async with browsing(store, "ada", clock) as browser:
        cookies = browser.session.cookie_jar.filter_cookies(browser.make_url("/"))
        async with browsing(store, None, clock, without) as later:
            later.session.cookie_jar.update_cookies(cookies, later.make_url("/"))
            await page(later, "/", status=401)


async def test_where_no_people_are_named_one_may_look_and_not_touch(store: Engine) -> None:
    incident = crisis(store)
    async with browsing(store, "", Clock(), PlaybookSettings()) as browser:
        assert "Not named" in await page(browser, "/")
        assert "Acknowledge" not in await page(browser, f"/incidents/{incident}")
        assert (await send(browser, f"/incidents/{incident}/acknowledge"))[0] == 403
        assert (await send(browser, f"/holds/{holds_in_force(store)[0].id}/release", reason="x"))[0] == 303
        assert len(holds_in_force(store)) == 1


def test_the_first_link_is_made_while_nobody_is_signed_in(store: Engine) -> None:
    clock = Clock()
    link = first_link(store, SETTINGS, 8080, clock())
    assert link is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/sign-in/[\w-]{43}", link)


async def test_no_link_is_printed_once_somebody_is_signed_in(store: Engine) -> None:
    clock = Clock()
    async with browsing(store, "ada", clock):
        assert first_link(store, SETTINGS, 8080, clock()) is None


def test_links_use_the_public_address_where_there_is_one(store_settings: StoreSettings) -> None:
    console = ConsoleSettings(public_url="https://fire.example.org/")
    settings = msgspec.structs.replace(SETTINGS, store=store_settings, console=console)
    assert link_for(settings, "ada", Clock()()).startswith("https://fire.example.org/sign-in/")
    with pytest.raises(UnknownPerson, match=r"'eve' is not under people.*ada, bo, cy"):
        link_for(settings, "eve", Clock()())
