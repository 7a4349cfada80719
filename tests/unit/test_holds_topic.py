"""What the topic `holds` says of each hold, and when."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from playbooks.content.hold_scope import EVERY_BRAND, Narrowing
from playbooks.holds.hold import Hold
from streams.holds_topic import TOLD_MS, HoldRecord, changed, records

HOLD = Hold("h-1", "inc-1", "", "acme", "x", "A storm", 1, 1_000, 2_000)


def said(hold: Hold, now_ms: int = 0) -> HoldRecord:
    raw = records([hold], now_ms)[hold.id]
    assert raw is not None
    return msgspec.json.decode(raw, type=HoldRecord)


def test_a_hold_in_force_is_told_with_what_it_covers() -> None:
    told = said(replace(HOLD, only=Narrowing(accounts=("acme_news",))))
    assert (told.in_force, told.brand, told.platform, told.accounts) == (True, "acme", "x", ("acme_news",))
    assert (told.placed_at, told.released_at, told.drill) == ("1970-01-01T00:00:01.000Z", None, False)


def test_every_brand_and_every_platform_are_null() -> None:
    told = said(replace(HOLD, brand=EVERY_BRAND, platform=None))
    assert (told.brand, told.platform) == (None, None)


def test_a_release_is_told_and_later_the_hold_is_taken_off() -> None:
    released = replace(HOLD, released_ms=5_000)
    assert said(released, 6_000).in_force is False
    assert records([released], 5_000 + TOLD_MS + 1) == {"h-1": None}


@pytest.mark.parametrize(("run", "told"), [("drill-7", True), ("replay-7", False)])
def test_a_drills_hold_is_told_as_one_and_a_replays_is_not(run: str, told: bool) -> None:
    found = records([replace(HOLD, run=run)], 0)
    assert bool(found) is told
    if told:
        assert said(replace(HOLD, run=run)).drill


def test_only_what_changed_is_sent() -> None:
    first = records([HOLD], 0)
    assert len(changed(first, {})) == 1
    assert changed(first, first) == []
    again = records([replace(HOLD, released_ms=5_000)], 6_000)
    (sent,) = changed(again, first)
    assert (sent.key, sent.partition) == (b"h-1", 0)
