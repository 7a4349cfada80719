"""A text that was taken and never arrived, a call nobody answered: somebody hears of it, and the next is called."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Engine, select

from playbooks.content.catalog import load_library
from playbooks.delivery.late_failure import wakes_nobody
from playbooks.delivery.standing import Entry, OutboxState, entry_of
from playbooks.incidents.action import DueAction
from playbooks.incidents.log_entry import CLOCK, Noted
from playbooks.labels import ActionKind, Channel, DeliveryOutcome
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.people import Person
from playbooks.store import schema, timers
from playbooks.store.delivery import outbox
from playbooks.store.delivery.next_at_once import WORDS, call_next_at_once
from playbooks.store.delivery.reports import note_report
from playbooks.store.engine import reading, writing
from playbooks.store.incidents import deeds, incidents
from playbooks.store.incidents.incidents import incident_history, list_incidents, take_signal
from playbooks.wall_clock import now_ms
from tests.parts.due_actions import begin, record, settle
from tests.parts.running import runner_settings, running, until
from tests.parts.signals import MORNING_MS, a_signal, armed, ladder_library
from tests.parts.smtp import Mailbox, smtp_server

LIBRARY = ladder_library()
LATER_MS = MORNING_MS + 40_000
SETTINGS = PlaybookSettings(people={"ada": Person(name="Ada")}, roles={"ops": ("ada",)})
FAILED = DeliveryOutcome.FAILED


class Paged:
    """An incident whose page went to Ada by some channels; each took it."""

    def __init__(self, store: Engine, *channels: Channel) -> None:
        self.store = store
        take_signal(store, a_signal(), LIBRARY, armed(store), MORNING_MS)
        self.incident = list_incidents(store)[0].id
        self.page = self._sent(*channels)

    def _sent(self, *channels: Channel) -> DueAction:
        claimed = outbox.claim_due(self.store, "r1", MORNING_MS, 10_000, 10, [ActionKind.PAGE])
        page = next(due for due in claimed if due.target == "on-call")
        points = [("ada", channel) for channel in channels]
        begin(self.store, page, points, [], 3, MORNING_MS)
        for point in points:
            record(self.store, entry_of(page, point, DeliveryOutcome.ACCEPTED, "", MORNING_MS))
        settle(self.store, page, OutboxState.DELIVERED)
        return page

    def fails(self, channel: Channel) -> bool:
        """Channel reports that it did not get through."""
        row = (self.page.id, self.page.attempt, "ada", channel, FAILED, "Twilio: no-answer", LATER_MS)
        return note_report(self.store, *row, settings=SETTINGS)

    def paged_now(self) -> list[str]:
        """Who is paged, besides, by what is due now."""
        for timer in timers.due(self.store, LATER_MS, 100):
            incidents.wake(self.store, timer, LIBRARY, ["acme"], lambda _: frozenset({"ada"}), LATER_MS)
        table = schema.outbox.c
        query = select(table.target).where(
            table.action == "page", table.state == "due", table.incident == self.incident
        )
        with reading(self.store) as conn:
            return sorted(conn.execute(query).scalars())

    def noted(self) -> list[str]:
        """What the clock noted in the incident's log."""
        log = incident_history(self.store, self.incident)
        return [each.actor for each in log if isinstance(each.entry, Noted)]


@pytest.fixture
def both(store: Engine) -> Paged:
    """Ada has a text, a call and a mail."""
    return Paged(store, Channel.SMS, Channel.VOICE, Channel.EMAIL)


def test_while_another_road_may_wake_them_nobody_else_is_called(both: Paged) -> None:
    assert both.fails(Channel.SMS)
    assert both.paged_now() == []


def test_when_no_road_of_a_page_wakes_anybody_the_next_is_called_at_once_and_the_log_says_why(both: Paged) -> None:
    both.fails(Channel.SMS)
    both.fails(Channel.VOICE)
    assert both.paged_now() == ["second"]  # a mail may be read, so ops are not told that nobody is reached
    assert both.noted() == [CLOCK]


def test_the_same_report_again_calls_nobody_more(both: Paged) -> None:
    for channel in (Channel.SMS, Channel.VOICE, Channel.VOICE):
        assert both.fails(channel)
    assert both.noted() == [CLOCK]


def test_who_is_missed_after_all_is_told_to_ops(store: Engine) -> None:
    paged = Paged(store, Channel.SMS)
    assert paged.fails(Channel.SMS)
    assert paged.paged_now() == ["ops", "second"]


def test_where_somebody_has_it_by_then_nobody_is_called(store: Engine) -> None:
    paged = Paged(store, Channel.SMS, Channel.EMAIL)
    deeds.acknowledge(store, paged.incident, "bo", MORNING_MS + 1)
    paged.fails(Channel.SMS)
    assert paged.paged_now() == []
    assert paged.noted() == []


def test_a_report_of_what_was_never_sent_is_nothing(both: Paged) -> None:
    assert not both.fails(Channel.SLACK)
    assert both.paged_now() == []


async def test_a_page_that_fails_for_good_at_once_has_the_next_level_called_at_once(
    store: Engine, store_settings: StoreSettings
) -> None:
    at_ms = now_ms()
    take_signal(store, a_signal(at_ms=at_ms), load_library(), armed(store), at_ms)
    async with smtp_server(Mailbox(scripted={"ada@example.org": ["550 no such user"] * 9})) as mailbox:
        roles: dict[str, tuple[str, ...]] = {
            "on-call": ("ada",),
            "executives": ("otto",),
            "posting-team": ("bob",),
            "ops": ("bob",),
        }
        settings = msgspec.structs.replace(
            runner_settings(store_settings, mailbox, roles=roles), brands={"acme": BrandSettings()}
        )
        async with running(settings):
            await until(lambda: any("Nobody has acknowledged" in str(mail) for mail in mailbox.to("otto@example.org")))
    log = incident_history(store, list_incidents(store)[0].id)
    assert any(isinstance(row.entry, Noted) and row.actor == CLOCK for row in log)


def entry(channel: Channel, outcome: DeliveryOutcome, person: str = "ada") -> Entry:
    """A word of the ledger."""
    return Entry("page-1", 1, MORNING_MS, person, channel, outcome, "")


@pytest.mark.parametrize(
    ("entries", "nobody"),
    [
        ([entry(Channel.SMS, FAILED), entry(Channel.VOICE, FAILED)], True),
        ([entry(Channel.EMAIL, FAILED)], True),
        ([entry(Channel.NONE, FAILED, "")], True),
        ([entry(Channel.SMS, FAILED), entry(Channel.EMAIL, DeliveryOutcome.ACCEPTED)], True),
        ([entry(Channel.SMS, FAILED), entry(Channel.VOICE, DeliveryOutcome.ACCEPTED)], False),
        ([entry(Channel.SMS, FAILED), entry(Channel.SMS, DeliveryOutcome.ACCEPTED, "bo")], False),
        ([entry(Channel.SMS, FAILED), entry(Channel.VOICE, DeliveryOutcome.PERHAPS)], False),
        ([entry(Channel.EMAIL, DeliveryOutcome.ACCEPTED)], False),
        ([entry(Channel.EMAIL, DeliveryOutcome.RECORDED)], False),
        ([], False),
    ],
    ids=[
        "all",
        "the only one",
        "nobody in the role",
        "all but a mail",
        "a call",
        "another",
        "who knows",
        "mails alone",
        "a replay",
        "nothing",
    ],
)
def test_a_page_wakes_nobody_where_what_rings_failed(entries: list[Entry], nobody: bool) -> None:
    assert wakes_nobody(entries) is nobody


def test_what_tells_ops_of_it_calls_nobody_further(both: Paged) -> None:
    with writing(both.store) as conn:
        call_next_at_once(conn, both.incident, "ops-1234", both.page.step, WORDS, LATER_MS)
    assert (both.paged_now(), both.noted()) == ([], [])
