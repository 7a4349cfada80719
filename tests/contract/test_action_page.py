"""The page behind a signed link: it asks, its button acts once under the person's name, and it opens nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, select

from playbooks.effects.action_link import PATH, ActionLink, What, token_of
from playbooks.incidents.log_entry import Acknowledged, AcknowledgedBy, Noted
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import ChannelSettings, LinkSettings
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import reading, writing
from playbooks.store.incidents.incidents import incident_history
from playbooks.store.schema import timers
from tests.parts.console import HOUR_MS, NOW_MS, SETTINGS, Client, Clock, browsing, crisis

SECRET = "the-secret-of-the-links"


@pytest.fixture
def settings(tmp_path: Path) -> PlaybookSettings:
    (tmp_path / "links").write_text(SECRET, encoding="utf-8")
    links = LinkSettings(secret=SecretFrom(file=str(tmp_path / "links")))
    return msgspec.structs.replace(SETTINGS, channels=ChannelSettings(links=links))


def path(incident: str, what: What, *, person: str = "ada", secret: str = SECRET) -> str:
    link = ActionLink(incident, person, what, (NOW_MS + HOUR_MS) // 1000)
    return PATH.format(token=token_of(link, Secret(secret)))


async def look(client: Client, where: str) -> tuple[int, str]:
    async with client.get(where) as answer:
        return answer.status, await answer.text()


async def press(client: Client, where: str) -> tuple[int, str]:
    async with client.post(where) as answer:
        return answer.status, await answer.text()


def log_of(store: Engine, incident: str) -> list[tuple[str, object]]:
    return [(each.actor, each.entry) for each in incident_history(store, incident)]


async def test_looking_asks_and_changes_nothing_and_the_button_acknowledges(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store)
    before = await asyncio.to_thread(log_of, store, incident)
    where = path(incident, What.ACKNOWLEDGE)
    async with browsing(store, None, Clock(), settings) as client:
        for _ in range(3):
            status, html = await look(client, where)
            assert status == 200
            assert "I have it" in html
            assert "Ada Lovelace" in html
        assert await asyncio.to_thread(log_of, store, incident) == before
        assert "You have it" in (await press(client, where))[1]
        assert "You had it already" in (await press(client, where))[1]
    assert await asyncio.to_thread(log_of, store, incident) == [*before, ("ada", Acknowledged(AcknowledgedBy.LINK))]


async def test_the_other_link_calls_the_next_person_now_and_acknowledges_nothing(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store)

    def put_a_level_off() -> None:
        row = {"id": "t-1", "incident": incident, "run": "", "due_ms": NOW_MS + HOUR_MS}
        body = {"type": "escalate", "action": "a", "step": "page", "rung": 0}
        with writing(store) as conn:
            conn.execute(timers.delete())
            conn.execute(timers.insert().values(**row, body=body))

    def due_ms() -> list[int]:
        with reading(store) as conn:
            return list(conn.execute(select(timers.c.due_ms)).scalars())

    await asyncio.to_thread(put_a_level_off)
    where = path(incident, What.ESCALATE)
    async with browsing(store, None, Clock(), settings) as client:
        assert "Call the next person now" in (await look(client, where))[1]
        assert await asyncio.to_thread(due_ms) == [NOW_MS + HOUR_MS]
        assert "The next person is called" in (await press(client, where))[1]
        assert await asyncio.to_thread(due_ms) == [NOW_MS]
        assert "nobody further" in (await press(client, where))[1]
    entries = [entry for _, entry in await asyncio.to_thread(log_of, store, incident)]
    assert [type(entry) for entry in entries].count(Noted) == 1
    assert Acknowledged not in [type(entry) for entry in entries]


async def test_a_link_that_is_forged_old_or_somebodys_who_is_gone_does_nothing(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store)
    before = await asyncio.to_thread(log_of, store, incident)
    clock = Clock()
    wrong = [
        path(incident, What.ACKNOWLEDGE, secret="another-secret-of-links"),
        path(incident, What.ACKNOWLEDGE, person="zoe"),
        path("inc-0", What.ACKNOWLEDGE),
        "/act/x",
        "/act/a.b",
    ]
    async with browsing(store, None, clock, settings) as client:
        for where in wrong:
            assert (await look(client, where))[0] == (await press(client, where))[0] == 410
        clock.now_ms += HOUR_MS
        assert (await press(client, path(incident, What.ACKNOWLEDGE)))[0] == 410
        async with client.get(f"/incidents/{incident}") as answer:
            assert answer.status == 401
    assert await asyncio.to_thread(log_of, store, incident) == before


async def test_without_the_setting_there_is_no_such_page(store: Engine) -> None:
    async with browsing(store, None, Clock()) as client:
        assert (await look(client, path("inc-1", What.ACKNOWLEDGE)))[0] == 404
