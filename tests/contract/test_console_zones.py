"""Times on the console: by the clocks of whoever looks, with UTC beside them; the review is one for everybody."""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine

from playbooks.settings.people import Person
from playbooks.store.mutes import not_over
from tests.parts.console import SETTINGS, Clock, browsing, crisis, page, send

AWAY = msgspec.structs.replace(
    SETTINGS, people={**SETTINGS.people, "ada": Person(name="Ada Lovelace", zone="America/New_York")}
)


async def test_times_are_those_of_the_person_who_looks_with_utc_beside_them(store: Engine) -> None:
    incident, clock = crisis(store), Clock()
    async with browsing(store, "ada", clock, AWAY) as browser:
        there = await page(browser, f"/incidents/{incident}")
        review = await page(browser, f"/incidents/{incident}/review.md")
    async with browsing(store, "bo", clock, AWAY) as browser:
        here = await page(browser, f"/incidents/{incident}")
    assert "America/New_York" in there
    assert " EST" in there or " EDT" in there
    assert ' UTC">' in there, "on hover"
    assert "All times are UTC." in here
    assert "EST" not in here
    assert "UTC" in review
    assert "EST" not in review
    assert "EDT" not in review


async def test_an_exact_time_is_entered_by_the_clocks_of_the_person_too(store: Engine) -> None:
    clock = Clock()
    clock.now_ms = 1_770_000_000_000  # 2 February 2026, 02:40 UTC, 21:40 the day before in New York
    async with browsing(store, "ada", clock, AWAY) as browser:
        assert "Exact times (America/New_York)" in await page(browser, "/mutes")
        about = {"kind": "volume", "brand": "acme", "from": "2026-02-01T22:00", "until": "2026-02-01T23:00"}
        await send(browser, "/mutes", **about, reason="the final is on")
    (mute,) = not_over(store, clock.now_ms)
    assert (mute.begins_ms, mute.ends_ms) == (1_770_001_200_000, 1_770_004_800_000)
