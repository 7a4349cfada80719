"""The page behind a signed link: it asks, its button acts once under the person's name, and it opens nothing else."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import Engine, select

from playbooks.delivery.standing import Entry
from playbooks.effects.action_link import PATH, ActionLink, What, token_of
from playbooks.incidents.log_entry import Acknowledged, AcknowledgedBy, Noted
from playbooks.labels import Channel, DeliveryOutcome
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import ChannelSettings, LinkSettings
from playbooks.settings.people import Person
from playbooks.settings.section import SecretFrom
from playbooks.store.engine import reading
from playbooks.store.incidents.deeds import acknowledge, resolve
from playbooks.store.incidents.incidents import incident_history
from playbooks.store.schema import outbox
from tests.parts.console import HOUR_MS, NOW_MS, SETTINGS, Client, Clock, browsing, crisis
from tests.parts.due_actions import record
from tests.parts.signals import ladder_library

LIBRARY = ladder_library()
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
        assert "You have it already" in (await press(client, where))[1]
    assert await asyncio.to_thread(log_of, store, incident) == [*before, ("ada", Acknowledged(AcknowledgedBy.LINK))]


def ladder(settings: PlaybookSettings) -> PlaybookSettings:
    """With everybody whom the ladder pages; Ada is in Berlin."""
    people = dict(settings.people) | {"ada": Person(name="Ada Lovelace", zone="Europe/Berlin")}
    roles = dict(settings.roles) | {"second": ("bo",), "board": ("cy", "bo"), "duty-phone": ("bo",)}
    return msgspec.structs.replace(settings, people=people, roles=roles)


def seen_in(html: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]*)"', html)
    assert found
    return found[1]


async def confirm(client: Client, where: str, html: str) -> str:
    async with client.post(where, data={"seen": seen_in(html)}) as answer:
        assert answer.status == 200
        return await answer.text()


def pages(store: Engine) -> list[str]:
    with reading(store) as conn:
        query = select(outbox.c.id).where(outbox.c.action == "page").order_by(outbox.c.id)
        return [id.partition(":")[2] for id in conn.execute(query).scalars()]


async def test_the_other_link_names_the_next_person_and_calls_them_once(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store, library=LIBRARY)
    where = path(incident, What.ESCALATE)
    async with browsing(store, None, Clock(), ladder(settings), LIBRARY) as client:
        _, asked = await look(client, where)
        assert "Nobody has it yet." in asked
        assert "Next: Bo Diddley (second), by itself at" in asked
        assert "Call the next person now" in asked
        before = await asyncio.to_thread(pages, store)
        assert "Call the next person?" in (await press(client, where))[1], "a press that no page asked for only asks"
        assert await asyncio.to_thread(pages, store) == before
        assert "The next person is called" in await confirm(client, where, asked)
        assert await asyncio.to_thread(pages, store) == sorted([*before, "board:1:up1", "page:1:up1"])
        again = await confirm(client, where, asked)
        assert "The role second was called at" in again, "the same button a second time says what is so"
        assert await asyncio.to_thread(pages, store) == sorted([*before, "board:1:up1", "page:1:up1"])
    entries = [entry for _, entry in await asyncio.to_thread(log_of, store, incident)]
    assert [type(entry) for entry in entries].count(Noted) == 1
    assert Acknowledged not in [type(entry) for entry in entries]


async def test_who_was_reached_by_an_earlier_call_is_named_with_the_time_by_the_readers_clock(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident, clock = await asyncio.to_thread(crisis, store, library=LIBRARY), Clock()
    where = path(incident, What.ESCALATE)
    async with browsing(store, None, clock, ladder(settings), LIBRARY) as client:
        await confirm(client, where, (await look(client, where))[1])
        reached = Entry(f"{incident}:page:1:up1", 1, NOW_MS, "bo", Channel.SMS, DeliveryOutcome.ACCEPTED, "")
        await asyncio.to_thread(record, store, reached)
        _, shown = await look(client, where)
    at = datetime.fromtimestamp(NOW_MS / 1000, ZoneInfo("Europe/Berlin"))
    assert f"Bo Diddley (second) was paged at {at:%H:%M %Z} already." in shown
    assert "Next: Bo Diddley and Cy &lt;b&gt;Twombly&lt;/b&gt; (board)" in shown


async def test_whom_another_step_has_paged_already_is_said_before_they_are_paged_again(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store, library=LIBRARY)
    roles = dict(settings.roles) | {"second": ("ada",), "board": ("cy", "bo"), "duty-phone": ("bo",)}
    for person in ("bo", "cy"):
        reached = Entry(f"{incident}:board:1", 1, NOW_MS, person, Channel.SMS, DeliveryOutcome.ACCEPTED, "")
        await asyncio.to_thread(record, store, reached)
    known = msgspec.structs.replace(ladder(settings), roles=roles)
    async with browsing(store, None, Clock(), known, LIBRARY) as client:
        _, shown = await look(client, path(incident, What.ESCALATE))
    assert "(board) were paged at 03:40 CET already." in shown
    assert "Next, once more: Bo Diddley and Cy" in shown
    assert "; last paged at 03:40 CET." in shown
    assert "Page them again now" in shown


async def test_where_somebody_has_it_that_is_said_and_the_next_is_paged_only_all_the_same(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store, library=LIBRARY)
    where = path(incident, What.ESCALATE)
    await asyncio.to_thread(acknowledge, store, incident, "bo", NOW_MS)
    async with browsing(store, None, Clock(), ladder(settings), LIBRARY) as client:
        _, asked = await look(client, where)
        assert "Somebody has it" in asked
        assert "Bo Diddley has it since" in asked
        assert "Page the next one all the same" in asked
        assert "The next person is called" in await confirm(client, where, asked)
        assert "page:1:up1" in await asyncio.to_thread(pages, store)


async def test_nobody_is_asked_to_call_themselves_or_an_empty_role(store: Engine, settings: PlaybookSettings) -> None:
    incident = await asyncio.to_thread(crisis, store, library=LIBRARY)
    known = msgspec.structs.replace(
        ladder(settings), roles=dict(settings.roles) | {"second": ("ada",), "board": (), "duty-phone": ("bo",)}
    )
    async with browsing(store, None, Clock(), known, LIBRARY) as client:
        _, asked = await look(client, path(incident, What.ESCALATE))
    assert "Next: Bo Diddley (duty-phone)" in asked
    assert "Ada Lovelace (second)" not in asked
    assert "board" not in asked


async def test_a_link_with_nothing_left_to_do_says_what_happened_and_has_no_button(
    store: Engine, settings: PlaybookSettings
) -> None:
    incident = await asyncio.to_thread(crisis, store)
    mine, escalate = path(incident, What.ACKNOWLEDGE), path(incident, What.ESCALATE)
    async with browsing(store, None, Clock(), settings) as client:
        await press(client, mine)
        _, had = await look(client, mine)
        assert "You have had it since" in had
        assert "<button" not in had
        _, others = await look(client, path(incident, What.ACKNOWLEDGE, person="bo"))
        assert "Ada Lovelace has it since" in others
        assert "I have it too" in others
        await asyncio.to_thread(resolve, store, incident, "ada", "a planned <sale>", NOW_MS)
        for where in (mine, escalate):
            _, over = await look(client, where)
            assert "It is over" in over
            assert "Ada Lovelace ended it at" in over
            assert "a planned &lt;sale&gt;" in over
            assert "<button" not in over
            assert "It is over" in (await press(client, where))[1]


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
