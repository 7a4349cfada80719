"""A console for tests: people with roles, a store with incidents in it, a browser-like client that is signed in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Engine

from playbooks.armings.arming import Arming
from playbooks.console.app import console_app
from playbooks.console.desk import Desk
from playbooks.content.catalog import Library, load_library
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store.arming import arm
from playbooks.store.incidents.incidents import list_incidents, take_signal
from playbooks.store.sessions import issue_link
from tests.parts.holding import PLACED_MS, signal

NOW_MS = PLACED_MS + 120_000
HOUR_MS = 3_600_000
PLAYBOOK = "complaint-storm"

SETTINGS = PlaybookSettings(
    people={
        "ada": Person(name="Ada Lovelace"),
        "bo": Person(name="Bo Diddley"),
        "cy": Person(name="Cy <b>Twombly</b>"),
    },
    roles={"on-call": ("ada",), "executives": ("bo",), "posting-team": ("cy",)},
    brands={
        "acme": BrandSettings(name="Acme Airways"),
        "quiet": BrandSettings(),
    },
)

Client = TestClient[web.Request, web.Application]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


def crisis(store: Engine, run: str = "", brand: str = "acme", library: Library | None = None, **changes: Any) -> str:
    """An incident as respond would make it, with a hold where the brand is armed (`acme` is); returns its id."""
    arm(store, "acme", Arming.PAGE_AND_HOLD, "ada", "for a test", SETTINGS, PLACED_MS - 30 * 24 * HOUR_MS, early=True)
    found = msgspec.structs.replace(signal(run, brand), id=f"sig-{run}-{brand}", **changes)
    take_signal(store, found, library or load_library(), SETTINGS, PLACED_MS + 300)
    return next(view.id for view in list_incidents(store, run=run) if view.brand == brand)


def desk(
    store: Engine,
    clock: Callable[[], int],
    settings: PlaybookSettings = SETTINGS,
    library: Library | None = None,
) -> Desk:
    """What the pages are made from."""
    return Desk(store, settings, library or load_library(), clock)


@asynccontextmanager
async def browsing(
    store: Engine,
    person: str | None,
    clock: Callable[[], int],
    settings: PlaybookSettings = SETTINGS,
    library: Library | None = None,
) -> AsyncIterator[Client]:
    """A client with the cookies of `person`, or of nobody."""
    app = console_app(desk(store, clock, settings, library), list)
    async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
        if person is not None:
            link = issue_link(store, person, clock(), HOUR_MS)
            async with client.post(f"/sign-in/{link}", data={"person": person}, allow_redirects=False) as response:
                assert response.status == 303, await response.text()
        yield client


async def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    async with client.get(path) as response:
        assert response.status == status, (response.status, await response.text())
        return await response.text()


def csrf_in(html: str) -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found is not None
    return found[1]


async def send(client: Client, path: str, **fields: str) -> tuple[int, str]:
    """Send a form as the browser would, with the token of the client's own pages; status and where it leads."""
    token = csrf_in(await page(client, "/"))
    async with client.post(path, data={"csrf": token, **fields}, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", "")
