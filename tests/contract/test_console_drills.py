"""The page of drills, and what the page of holds leaves out when one is over."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine

from playbooks.drills.drill import Drill, Fault, Figures, Part, Place, Posts, Result
from playbooks.store import drills
from tests.parts.console import NOW_MS, Clock, browsing, crisis, page

RUN = "drill-burst-1"
RESULT = Result(
    Figures(detect_s=100.0, page_s=101.0, acknowledge_s=150.0, hold_s=100.5, release_s=200.0, posts_slipped=0),
    Posts(40, 10, 30, 0),
    reached=("ada", "cy"),
)
NOT_GOOD = Result(Figures(detect_s=50.0), Posts(), missing=(Part.PAGE,), faults=(Fault.ENDED_EARLY,))


def kept(store: Engine, run: str = RUN, result: Result | None = RESULT, **changes: Any) -> None:
    """A drill that is over, or (without a result) goes on."""
    made: dict[str, Any] = {
        "name": "burst",
        "brand": "acme",
        "place": Place.RUNNING,
        "person": "ada",
        "begun_ms": NOW_MS - 500_000,
        "until_ms": NOW_MS + 60_000,
        "ended_ms": None if result is None else NOW_MS,
    }
    drills.keep(store, Drill(run=run, result=result, **(made | changes)))


async def shown(store: Engine, path: str = "/drills") -> str:
    """What Ada sees."""
    async with browsing(store, "ada", Clock()) as client:
        return await page(client, path)


async def test_before_the_first_drill_it_says_how_to_run_one(store: Engine) -> None:
    assert "There was no drill yet" in await shown(store)


async def test_what_was_measured_is_read_and_drawn_beside_the_last_time(store: Engine) -> None:
    kept(store)
    kept(store, "drill-burst-2", NOT_GOOD, begun_ms=NOW_MS - 100_000)
    html = await shown(store)
    assert html.index("Nobody was reached; it was ended before its end") < html.index("As it should be")
    assert "1 min 41.0 s" in html
    assert "0 slipped; 10 allowed, 30 held, of 40 that asked" in html
    assert "Ada Lovelace, Cy &lt;b&gt;Twombly&lt;/b&gt;" in html
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', html)
    assert bars == [
        ("unseen", "0.0", "25.0"),
        ("unseen", "0.0", "50.0"),
        ("waiting", "50.0", "25.0"),
        ("holding", "50.25", "49.75"),
    ]


async def test_drills_that_cannot_be_compared_stand_apart(store: Engine) -> None:
    kept(store)
    kept(store, "drill-burst-2", place=Place.EMBEDDED)
    kept(store, "drill-flood-1", name="flood")
    assert len(re.findall('<section class="card drill"', await shown(store))) == 3


async def test_one_that_goes_on_says_so_and_one_whose_command_was_killed_too(store: Engine) -> None:
    kept(store, "drill-burst-1", None)
    kept(store, "drill-burst-2", None, until_ms=NOW_MS - 1)
    html = await shown(store)
    assert "Going on" in html
    assert "Broken off" in html


async def test_the_page_of_holds_shows_a_drills_hold_while_the_drill_goes_on(store: Engine) -> None:
    kept(store, "drill-7", None)
    crisis(store, "drill-7")
    title = "Drill: posts for Acme Airways are held in the exercise"
    assert title in await shown(store, "/holds")
    drills.finish(store, "drill-7", RESULT, NOW_MS)
    assert title not in await shown(store, "/holds")
