"""The runner with rotas: a page goes to whoever is on call at that moment, and a notice lets people sleep."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, select

from playbooks.delivery.standing import OutboxState
from playbooks.labels import ActionKind
from playbooks.oncall import keeper
from playbooks.running import carry_out
from playbooks.settings import PlaybookSettings, StoreSettings
from playbooks.settings.channels import ChannelSettings, WebhookSettings
from playbooks.settings.people import CalendarSettings, OfRota, Person, QuietHours, RotaSettings
from playbooks.settings.section import SecretFrom
from playbooks.store import schema
from playbooks.store.engine import reading
from tests.parts.calendars import calendar, event
from tests.parts.due_actions import action, entries, put, states
from tests.parts.http_servers import Receiver, always, receiving
from tests.parts.running import runner_settings, running, until
from tests.parts.smtp import Mailbox, smtp_server

ROTA = """zone: UTC
layers: [{id: always, people: [PERSON], starts: 2026-01-05 09:00, hand_over: {at: ['09:00']}}]
"""


def _utc(by: timedelta) -> datetime:
    return datetime.now(UTC) + by


def _with_rota(settings: PlaybookSettings, rota: RotaSettings) -> PlaybookSettings:
    return replace(settings, roles={"on-call": OfRota(rota="comms"), "ops": ("otto",)}, rotas={"comms": rota})


async def _ends(store: Engine, state: OutboxState, action_id: str = "act-1") -> None:
    await until(lambda: states(store).get(action_id) is state)


async def test_a_page_goes_to_whoever_is_on_call_by_the_rota_file(
    store: Engine, store_settings: StoreSettings, tmp_path: Path
) -> None:
    file = tmp_path / "rota.yaml"
    file.write_text(ROTA.replace("PERSON", "bob"), encoding="utf-8")
    put(store, action())
    async with smtp_server(Mailbox()) as mailbox:
        async with running(_with_rota(runner_settings(store_settings, mailbox), RotaSettings(file=str(file)))):
            await _ends(store, OutboxState.DELIVERED)
    assert [str(mail["To"]) for mail in mailbox.mails] == ["Bob <bob@example.org>"]


async def test_a_page_goes_to_whoever_is_on_call_by_a_calendar_also_after_a_restart_without_its_server(
    store: Engine, store_settings: StoreSettings
) -> None:
    begins, ends = (f":{_utc(timedelta(hours=by)):%Y%m%dT%H%M%SZ}" for by in (-1, 1))
    put(store, action())
    async with smtp_server(Mailbox()) as mailbox:
        async with receiving(Receiver(always(200, text=calendar(event("On call: Ada", begins, ends))))) as server:
            ical = CalendarSettings(url=f"{server.url}/a.ics", timeout_s=5.0)
            settings = _with_rota(runner_settings(store_settings, mailbox), RotaSettings(ical=ical))
            async with running(settings):
                await _ends(store, OutboxState.DELIVERED)
        put(store, action("act-2"))
        async with running(settings):
            await _ends(store, OutboxState.DELIVERED, "act-2")
    assert [str(mail["To"]) for mail in mailbox.mails] == ["Ada <ada@example.org>"] * 2


async def test_a_page_that_comes_in_a_gap_says_so_in_the_ledger(
    store: Engine, store_settings: StoreSettings, tmp_path: Path
) -> None:
    file = tmp_path / "rota.yaml"
    file.write_text(ROTA.replace("PERSON", "bob").replace("2026-01-05", "2099-01-05"), encoding="utf-8")
    put(store, action())
    async with smtp_server(Mailbox()) as mailbox:
        async with running(_with_rota(runner_settings(store_settings, mailbox), RotaSettings(file=str(file)))):
            await _ends(store, OutboxState.FAILED)
    assert [entry.detail for entry in entries(store) if entry.outbox == "act-1"] == [
        "nobody_reachable: nobody is on call in the role 'on-call' now"
    ]


async def test_a_page_that_comes_before_a_turn_waits_for_it_and_goes_to_whoever_is_put_on_call_first(
    store: Engine, store_settings: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_out, "LOOK_AGAIN_MS", 200)
    monkeypatch.setattr(keeper, "LOOK_S", 0.2)
    file = tmp_path / "rota.yaml"
    soon = f"{_utc(timedelta(hours=1)):%Y-%m-%d %H:%M}"
    file.write_text(ROTA.replace("PERSON", "ada").replace("2026-01-05 09:00", soon), encoding="utf-8")
    put(store, action())
    async with smtp_server(Mailbox()) as mailbox:
        async with running(_with_rota(runner_settings(store_settings, mailbox), RotaSettings(file=str(file)))):
            await until(lambda: len(mailbox.mails) == 1)
            assert states(store)["act-1"] is OutboxState.AGAIN
            file.write_text(ROTA.replace("PERSON", "bob"), encoding="utf-8")
            await _ends(store, OutboxState.DELIVERED)
    to_ops, page = mailbox.mails
    assert str(to_ops["To"]).startswith("Otto")
    assert "Nobody is on call" in str(to_ops["Subject"])
    assert str(page["To"]) == "Bob <bob@example.org>"
    told = [entry.detail for entry in entries(store) if entry.outbox == "act-1" and not entry.person]
    assert len(told) == 1, "the ledger says once that it waits"
    assert "waits for whoever comes next" in told[0]


@pytest.fixture
def asleep(store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> PlaybookSettings:
    """Ada sleeps now, with a pager of her own and no mail; Bob has both, and sleeps too."""
    monkeypatch.setenv("HOOK_SECRET", "a-secret-for-tests")
    begins, ends = (f"{_utc(timedelta(hours=by)):%H:%M}" for by in (-1, 1))
    quiet = QuietHours(begins=begins, ends=ends)
    people = {
        "ada": Person(name="Ada", quiet=quiet),
        "bob": Person(name="Bob", email="bob@example.org", quiet=quiet),
    }
    settings = runner_settings(store_settings, Mailbox())
    return replace(settings, people=people, roles={"on-call": ("ada", "bob")})


async def test_in_quiet_hours_a_page_goes_and_a_notice_goes_by_mail_or_waits(
    store: Engine, asleep: PlaybookSettings
) -> None:
    async with smtp_server(Mailbox()) as mailbox, receiving(Receiver(always(200))) as pager:
        assert asleep.channels.email is not None
        email = replace(asleep.channels.email, port=mailbox.port)
        hook = WebhookSettings(secret=SecretFrom(env="HOOK_SECRET"))
        people = {key: replace(person, webhook=f"{pager.url}/{key}") for key, person in asleep.people.items()}
        settings = replace(asleep, people=people, channels=ChannelSettings(email=email, webhook=hook))
        put(store, action("notice", ActionKind.NOTIFY))
        async with running(settings):
            await _ends(store, OutboxState.AGAIN, "notice")
            put(store, action("page"))
            await _ends(store, OutboxState.DELIVERED, "page")
    assert sorted(request.path for request in pager.requests) == ["/ada", "/bob"], "the page, to both"
    assert len(mailbox.mails) == 2, "the page and the notice, to Bob"
    with reading(store) as conn:
        due_ms = conn.execute(select(schema.outbox.c.due_ms).where(schema.outbox.c.id == "notice")).scalar_one()
    left_s = due_ms / 1000 - time.time()
    assert 58 * 60 < left_s <= 60 * 60, "it is due when the quiet hours end, and not late until then"


async def test_what_waited_for_the_end_of_quiet_hours_goes_then_and_to_nobody_twice(
    store: Engine, asleep: PlaybookSettings
) -> None:
    asleep_until = time.time() + 3600
    async with smtp_server(Mailbox()) as mailbox, receiving(Receiver(always(200))) as pager:
        assert asleep.channels.email is not None
        email = replace(asleep.channels.email, port=mailbox.port)
        hook = WebhookSettings(secret=SecretFrom(env="HOOK_SECRET"))
        ada = replace(asleep.people["ada"], webhook=f"{pager.url}/ada")
        settings = replace(
            asleep,
            people={**asleep.people, "ada": ada},
            channels=ChannelSettings(email=email, webhook=hook),
        )
        put(store, action("notice", ActionKind.NOTIFY))
        async with running(settings):
            await _ends(store, OutboxState.AGAIN, "notice")
        assert pager.requests == []
        async with running(settings, clock=lambda: int((asleep_until + 1) * 1000)):
            await _ends(store, OutboxState.DELIVERED, "notice")
    assert (len(pager.requests), len(mailbox.mails)) == (1, 1)


async def test_times_in_a_mail_are_those_of_whoever_gets_it(store: Engine, store_settings: StoreSettings) -> None:
    body = {"subject": "s", "text": "since 2026-02-02T02:40:00.000Z"}
    put(store, action(body=body))
    async with smtp_server(Mailbox()) as mailbox:
        settings = runner_settings(store_settings, mailbox)
        people = {**settings.people, "ada": replace(settings.people["ada"], zone="Europe/Berlin")}
        async with running(replace(settings, people=people)):
            await _ends(store, OutboxState.DELIVERED)
    told = {str(mail["To"]).partition(" ")[0]: mail.get_content() for mail in mailbox.mails}
    assert "since 2 February 2026, 03:40 CET" in told["Ada"]
    assert "since 2 February 2026, 02:40 UTC" in told["Bob"]
