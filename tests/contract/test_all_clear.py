"""Who hears that it is over: everybody who was reached, also those whose shift has ended, and the posting team."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest
from sqlalchemy import Engine, func, select

from playbooks.armings.arming import Arming
from playbooks.content.catalog import Library, load_library
from playbooks.delivery.standing import OutboxState
from playbooks.holds.hold import Release
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import PagerDutySettings
from playbooks.settings.people import Person
from playbooks.settings.section import SecretFrom
from playbooks.store.arming import arm
from playbooks.store.delivery import outbox
from playbooks.store.engine import reading
from playbooks.store.holds.holds import agree_release, holds_of_incident
from playbooks.store.incidents import deeds, incidents
from playbooks.store.incidents.merging import merge
from playbooks.store.schema import outbox as actions
from playbooks.wall_clock import now_ms
from tests.parts.http_servers import Receiver, receiving
from tests.parts.pagerduty import KEY, PagerDutyEvents
from tests.parts.running import runner_settings, running, until
from tests.parts.signals import a_signal, ladder_library, plain_library
from tests.parts.smtp import Mailbox, smtp_server

LIBRARY = load_library()
PEOPLE = {
    "ada": Person(name="Ada Lovelace", email="ada@example.org", pagerduty="comms", drills=True),
    "bo": Person(name="Bo Diddley", email="bo@example.org"),
    "cy": Person(name="Cy Twombly", email="cy@example.org"),
    "otto": Person(name="Otto", email="otto@example.org"),
}
ROLES: dict[str, tuple[str, ...]] = {
    "on-call": ("ada",),
    "executives": ("otto",),
    "posting-team": ("cy",),
    "ops": ("otto",),
}


@dataclass
class House:
    """A house with a store, a mail server and PagerDuty, whose roles a test changes."""

    store: Engine
    settings: PlaybookSettings
    mailbox: Mailbox
    pagerduty: PagerDutyEvents = field(default_factory=PagerDutyEvents)

    async def works(self) -> None:
        """A runner carries out what is due, until there is nothing more."""
        async with running(self.settings):
            await until(self._nothing_due)

    def shift(self, **roles: tuple[str, ...]) -> None:
        """Others are in these roles from now on."""
        self.settings = msgspec.structs.replace(self.settings, roles={**self.settings.roles, **roles})

    def subjects(self, person: str) -> list[str]:
        """What a person has in their mailbox."""
        return [str(mail["Subject"]) for mail in self.mailbox.to(f"{person}@example.org")]

    def text(self, person: str) -> str:
        """The newest mail to a person."""
        return str(self.mailbox.to(f"{person}@example.org")[-1].get_content())

    def _nothing_due(self) -> bool:
        over = [state.value for state in OutboxState if state not in (OutboxState.DUE, OutboxState.SENDING)]
        waits = select(func.count()).where(actions.c.state.not_in(over), actions.c.due_ms <= now_ms())
        with reading(self.store) as conn:
            return conn.execute(waits).scalar() == 0


@asynccontextmanager
async def _house(store: Engine, where: StoreSettings) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(smtp_server(Mailbox()))
        events = PagerDutyEvents()
        server = await stack.enter_async_context(receiving(Receiver(events.answer)))
        base = runner_settings(where, mailbox, roles=ROLES)
        pager = PagerDutySettings(services={"comms": SecretFrom(env="PAGER")}, url=server.url)
        settings = msgspec.structs.replace(
            base,
            people=PEOPLE,
            brands={"acme": BrandSettings(name="Acme Airways")},
            channels=msgspec.structs.replace(base.channels, pagerduty=pager),
        )
        yield House(store, settings, mailbox, events)


@pytest.fixture
async def house(store: Engine, store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setenv("PAGER", KEY)
    async with _house(store, store_settings) as made:
        yield made


async def crisis(house: House, run: str = "", to: Arming = Arming.PAGE_AND_HOLD) -> str:
    """A crisis, paged and held; the incident."""
    store, now = house.store, now_ms()
    told = await asyncio.to_thread(arm, store, "acme", to, "otto", "why", house.settings, now, early=True)
    assert told
    await house.works()
    house.mailbox.mails.clear()
    signal = a_signal(at_ms=now, run=run)
    await asyncio.to_thread(incidents.take_signal, store, signal, LIBRARY, house.settings, now)
    await house.works()
    return incidents.list_incidents(store)[0].id


def ends(house: House, incident: str, by: str = "bo") -> None:
    """Somebody says that it is over."""
    assert deeds.resolve(house.store, incident, by, "the shop is open again", now_ms()) is deeds.Told.DONE


async def test_who_was_paged_hears_the_all_clear_though_somebody_else_is_on_call_by_now(house: House) -> None:
    incident = await crisis(house)
    house.shift(**{"on-call": ("bo",)})
    ends(house, incident)
    await house.works()
    assert "All clear" in house.subjects("ada")[-1], "she was paged"
    assert "All clear" in house.subjects("bo")[-1], "he is on call now"
    assert house.subjects("ada").count(house.subjects("ada")[-1]) == 1


async def test_the_alert_that_rings_at_the_pager_of_who_has_gone_home_is_closed(house: House) -> None:
    incident = await crisis(house)
    assert set(house.pagerduty.alerts.values()) == {"triggered"}
    house.shift(**{"on-call": ("bo",)})
    ends(house, incident)
    await house.works()
    assert set(house.pagerduty.alerts.values()) == {"resolved"}
    assert set(house.pagerduty.rings.values()) == {1}


async def test_in_a_gap_of_the_rota_the_all_clear_waits_for_nobody_and_wakes_no_ops(house: House) -> None:
    incident = await crisis(house)
    house.shift(**{"on-call": ()})
    before = len(house.subjects("otto"))
    ends(house, incident)
    await house.works()
    assert "All clear" in house.subjects("ada")[-1]
    assert all(subject.startswith("All clear") for subject in house.subjects("otto")[before:])


async def test_the_posting_team_hears_that_it_is_over_and_what_is_still_held(house: House) -> None:
    incident = await crisis(house)
    ends(house, incident)
    await house.works()
    assert "All clear" in house.subjects("cy")[-1]
    assert "STILL HELD" in house.text("cy")


async def test_the_posting_team_hears_that_it_is_over_though_it_was_told_of_nothing(house: House) -> None:
    incident = await crisis(house, to=Arming.PAGE)
    assert house.subjects("cy") == []
    ends(house, incident)
    await house.works()
    assert [subject.partition(":")[0] for subject in house.subjects("cy")] == ["All clear"]


async def test_of_a_merge_and_the_end_only_who_was_told_hears_and_once(house: House) -> None:
    store, now = house.store, now_ms()
    assert arm(store, "acme", Arming.PAGE_AND_HOLD, "otto", "why", house.settings, now, early=True)
    await house.works()
    library = Library([*plain_library().newest(), *ladder_library().newest()])
    incidents.take_signal(store, a_signal(at_ms=now), library, house.settings, now)
    await house.works()
    by = {view.playbook: view.id for view in incidents.list_incidents(store)}
    house.mailbox.mails.clear()
    assert merge(store, by["plain"], by["ladder"], "bo", "the same", now_ms()) is deeds.Told.DONE
    await house.works()
    ends(house, by["ladder"])
    await house.works()
    assert [subject.partition(":")[0] for subject in house.subjects("ada")] == ["Merged", "All clear"]
    assert [subject.partition(":")[0] for subject in house.subjects("cy")] == ["Merged", "All clear"]
    assert house.subjects("otto") == [], "executives were to hear of it in a quarter of an hour"


async def test_a_house_without_a_posting_team_pages_nobody_for_the_want_of_one(house: House) -> None:
    house.settings = msgspec.structs.replace(
        house.settings, roles={role: who for role, who in ROLES.items() if role != "posting-team"}
    )
    incident = await crisis(house)
    before = len(house.subjects("otto"))
    ends(house, incident)
    await house.works()
    assert all(subject.startswith("All clear") for subject in house.subjects("otto")[before:])


async def test_the_posting_team_hears_of_the_hold_and_of_its_release_at_once_and_what_they_mean(house: House) -> None:
    incident = await crisis(house)
    assert "Automated posts for this brand are held" in house.text("cy")
    assert "the gate refuses every automated post for Acme Airways, on every platform" in " ".join(
        house.text("cy").split()
    )
    (hold,) = await asyncio.to_thread(holds_of_incident, house.store, incident)
    told = await asyncio.to_thread(agree_release, house.store, hold.id, "bo", "mended", now_ms())
    assert told in (Release.RELEASED, Release.NEEDS_ANOTHER_PERSON)
    await house.works()
    assert "posts are no longer held" in house.subjects("cy")[-1]
    assert "Nothing that was held back is sent by itself" in house.text("cy")
    assert "Bo Diddley let go of the hold" in house.text("cy")


async def test_notices_call_people_by_their_names(house: House) -> None:
    incident = await crisis(house)
    deeds.acknowledge_by(house.store, incident, "bo", AcknowledgedBy.COMMAND, now_ms())
    ends(house, incident)
    await house.works()
    assert "Bo Diddley has ended it and said: the shop is open again" in house.text("cy")


async def test_in_a_drill_only_who_agreed_hears_the_all_clear(house: House) -> None:
    incident = await crisis(house, run="drill-7")
    people = {**PEOPLE, "ada": msgspec.structs.replace(PEOPLE["ada"], drills=False)}
    house.settings = msgspec.structs.replace(house.settings, people=people)
    house.shift(**{"on-call": ("bo",)})
    house.mailbox.mails.clear()
    ends(house, incident)
    await house.works()
    assert house.mailbox.mails == []


async def test_the_ledger_says_by_which_road_each_heard_it(house: House) -> None:
    incident = await crisis(house)
    house.shift(**{"on-call": ("bo",)})
    ends(house, incident)
    await house.works()
    lines = [line for line in outbox.ledger(house.store, incident) if line.step == "over" and line.target == "on-call"]
    reached = {
        (line.entry.person, line.entry.channel.value) for line in lines if line.entry.outcome.value == "accepted"
    }
    assert reached == {("ada", "email"), ("ada", "pagerduty"), ("bo", "email")}


async def test_an_act_that_arms_a_brand_is_told_by_the_same_roads_and_is_about_no_incident(house: House) -> None:
    arm(house.store, "acme", Arming.PAGE, "bo", "a good week", house.settings, now_ms(), early=True)
    await house.works()
    assert [house.subjects(person) for person in ("ada", "cy", "otto")] == [["Acme Airways: armed to page"]] * 3
    assert "Bo Diddley has said so: a good week" in " ".join(house.text("cy").split())
    assert "Incident" not in house.text("cy")
    assert set(house.pagerduty.rings.values()) <= {1}
