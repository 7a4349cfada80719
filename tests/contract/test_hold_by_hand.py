"""A hold by hand holds what the person meant, or is refused, or says what may be wrong with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from playbooks.content.hold_scope import Narrowing
from playbooks.gate.decision import GateRequest, OutgoingPost
from playbooks.holds.by_hand import ByHand
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings, LimitSettings, PlannedSettings, PolicySettings
from playbooks.settings.schedulers import SchedulerKind, SchedulerSettings
from playbooks.store.holds.by_hand import place_by_hand
from playbooks.store.holds.deeds import HoldTold
from playbooks.store.holds.holds import holds_in_force
from playbooks.store.holds.platforms import known_platforms
from tests.parts.console import NOW_MS, SETTINGS, Clock, browsing, page, send
from tests.parts.gate import a_gate

DAY = datetime(2026, 3, 1, tzinfo=UTC)


async def ask(store: Engine, number: int, platform: str = "x") -> str:
    post = OutgoingPost(id=f"post-{number}", text=f"Good morning {number}")
    request = GateRequest(brand="acme", platform=platform, post=post, account="acme_news", tags=("news",))
    return (await a_gate(store, lambda: NOW_MS).decide(request)).reasons[0].code.value


def put(store: Engine, platform: str | None = None, only: Narrowing | None = None) -> HoldTold:
    about = ByHand("acme", ("on-call",), platform, only or Narrowing())
    return place_by_hand(store, about, "ada", "A recall", SETTINGS, NOW_MS)[0]


@pytest.mark.parametrize("typed", ["X", "x ", " X\t", "x\u200b", "\uff38", "@x"])
async def test_a_platform_is_held_however_it_is_typed(store: Engine, typed: str) -> None:
    assert await asyncio.to_thread(put, store, typed) is HoldTold.DONE
    assert [await ask(store, 1), await ask(store, 2, "instagram")] == ["hold_in_force", "no_hold"]


@pytest.mark.parametrize("typed", ["", " ", "x.com", "x, instagram", "x\u0301", "a" * 33])
def test_what_cannot_be_a_platform_is_refused(store: Engine, typed: str) -> None:
    assert put(store, typed) is HoldTold.NO_PLATFORM
    assert holds_in_force(store) == []


@pytest.mark.parametrize("name", ["", " ", "#", "@", "\u200b", "\ufeff#"])
def test_a_name_that_is_none_is_refused_also_beside_one(store: Engine, name: str) -> None:
    for only in (Narrowing(accounts=(name,)), Narrowing(campaigns=("spring", name)), Narrowing(tags=(name,))):
        assert put(store, only=only) is HoldTold.NO_NAME
    assert holds_in_force(store) == []


async def test_the_known_platforms_are_those_of_the_settings_and_those_that_were_asked_about(store: Engine) -> None:
    settings = PlaybookSettings(
        brands={
            "acme": BrandSettings(
                policy=PolicySettings(limits={"bluesky": LimitSettings()}),
                planned=(PlannedSettings("Spring", DAY, DAY + timedelta(days=1), 2, ("threads",)),),
            )
        },
        schedulers={"m": SchedulerSettings(SchedulerKind.MASTODON, "acme", "mastodon")},
    )
    assert known_platforms(store, PlaybookSettings()) == ()
    await ask(store, 1, "x")
    assert known_platforms(store, settings) == ("bluesky", "mastodon", "threads", "x")


async def test_the_console_says_of_a_hold_by_hand_that_it_may_hold_nothing(store: Engine) -> None:
    await ask(store, 1)
    async with browsing(store, "ada", Clock()) as browser:
        form = await page(browser, "/holds")
        assert '<option value="x"></option>' in form
        assert "Known here: x." in form
        strange = await send(browser, "/holds/place", brand="acme", reason="A recall", platform="twitter")
        assert strange == (303, "/holds?said=strange_platform")
        assert "it may hold nothing" in await page(browser, strange[1])
        for fields, word in (
            ({"platform": "x.com"}, "no_platform"),
            ({"tags": "#"}, "no_name"),
            ({"platform": " X "}, "done"),
        ):
            assert (await send(browser, "/holds/place", brand="acme", reason="r", **fields))[1] == f"/holds?said={word}"
        assert "Nothing is held: that cannot be a platform" in await page(browser, "/holds?said=no_platform")
    assert await ask(store, 2) == "hold_in_force"
