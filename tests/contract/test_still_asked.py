"""A page that asks each of several people: everywhere it is said who has acknowledged, and who is still asked."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from click.testing import CliRunner
from sqlalchemy import Engine

from playbooks.settings import StoreSettings
from playbooks.settings.people import Person
from playbooks.store.incidents.deeds import acknowledge, resolve
from streams.cli import main
from tests.parts.console import NOW_MS, SETTINGS, Clock, browsing, crisis, page
from tests.parts.signals import ladder_library

LIBRARY = ladder_library()
BOARD = msgspec.structs.replace(
    SETTINGS,
    people={**SETTINGS.people, "dee": Person(name="Dee Dee", drills=True)},
    roles={**SETTINGS.roles, "board": ("bo", "cy", "dee")},
)


async def test_the_page_says_who_has_acknowledged_and_who_is_still_asked(store: Engine) -> None:
    incident = crisis(store, library=LIBRARY)
    async with browsing(store, "ada", Clock(), BOARD, LIBRARY) as browser:
        before = await page(browser, f"/incidents/{incident}")
        assert "Acknowledged: nobody yet. Still asked: Bo Diddley, Cy &lt;b&gt;Twombly&lt;/b&gt;, Dee Dee." in before
        acknowledge(store, incident, "ada", NOW_MS)
        acknowledge(store, incident, "bo", NOW_MS)
        some = await page(browser, f"/incidents/{incident}")
        assert "Acknowledged: Bo Diddley. Still asked: Cy &lt;b&gt;Twombly&lt;/b&gt;, Dee Dee." in some
        for person in ("cy", "dee"):
            acknowledge(store, incident, person, NOW_MS)
        assert "All of them have." in await page(browser, f"/incidents/{incident}")
        resolve(store, incident, "ada", "over", NOW_MS)
        assert "has to acknowledge" not in await page(browser, f"/incidents/{incident}")


async def test_a_drill_waits_only_for_those_who_agreed_to_drills(store: Engine) -> None:
    incident = crisis(store, "drill-7", library=LIBRARY)
    async with browsing(store, "ada", Clock(), BOARD, LIBRARY) as browser:
        assert "Acknowledged: nobody yet. Still asked: Dee Dee." in await page(browser, f"/incidents/{incident}")


def test_the_command_says_it_too(store: Engine, store_settings: StoreSettings, tmp_path: Path) -> None:
    incident = crisis(store, library=LIBRARY)
    acknowledge(store, incident, "bo", NOW_MS)
    password = f"\n  password: {{file: {store_settings.password.file}}}" if store_settings.password else ""
    (tmp_path / "firebreak.yaml").write_text(
        f"store:\n  url: {store_settings.url}{password}\nbrands: {{acme: {{}}}}\n"
        "people: {bo: {name: Bo}, cy: {name: Cy}}\nroles: {board: [bo, cy]}\n"
    )
    shown = CliRunner().invoke(main, ["--config", str(tmp_path), "incident", "show", incident])
    assert "each of board has to acknowledge. Acknowledged: Bo. Still asked: Cy." in shown.output
    plain = CliRunner().invoke(main, ["--config", str(tmp_path), "incident", "show", incident, "--json"])
    waiting = [{"step": "board", "role": "board", "acknowledged": ["bo"], "waiting": ["cy"]}]
    assert json.loads(plain.output)["asked_each"] == waiting
