"""A page goes out, and what the service says of it later comes in by the door: the ledger and the log know it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest
from sqlalchemy import Engine

from detectors.mention import rfc3339
from playbooks.effects.registry import open_effects
from playbooks.incidents.log_entry import Acknowledged, AcknowledgedBy
from playbooks.incoming.doors import PAGERDUTY_PATH, SLACK_PATH
from playbooks.labels import ActionKind, Channel, Role
from playbooks.readiness.contacts import points_of
from playbooks.readiness.proof import new_test
from playbooks.readiness.send_due import send_due
from playbooks.running.carry_out import Carrier
from playbooks.settings import ConsoleSettings, PlaybookSettings
from playbooks.settings.channels import ChannelSettings, PagerDutySettings, SlackSettings, TwilioSettings
from playbooks.settings.people import Person
from playbooks.settings.section import SecretFrom
from playbooks.store.delivery import outbox
from playbooks.store.delivery.contact_tests import ASKED, newest_tests, note_test
from playbooks.store.incidents.deeds import Told, resolve
from playbooks.store.incidents.incidents import incident_history
from playbooks.store.patient_store import PatientStore
from tests.parts import slack, twilio
from tests.parts.console import SETTINGS, Client, Clock, browsing, crisis
from tests.parts.http_servers import Receiver, receiving
from tests.parts.pagerduty import KEY, PagerDutyEvents

PUBLIC = "https://fire.example.org"
SIGNING, HOOK = "signing-secret-of-the-app", "secret-of-the-subscription"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Services:
    """The three services, our settings for them, and our console."""

    def __init__(self, store: Engine, settings: PlaybookSettings, clock: Clock, client: Client) -> None:
        self.store, self.settings, self.clock, self.client = store, settings, clock, client
        self.slack, self.twilio, self.pagerduty = slack.SlackChannel(), twilio.TwilioApi(), PagerDutyEvents()
        self.incident = ""
        self.response_url = ""

    async def page(self) -> None:
        """Open an incident and send its page."""
        self.incident = await asyncio.to_thread(crisis, self.store)
        await self.send(ActionKind.PAGE)

    async def send(self, kind: ActionKind) -> None:
        """Carry out what is due of a kind."""
        stop = asyncio.Event()
        patient = PatientStore(self.store, stop, Role.RUNNER)
        carrier = Carrier(self.settings, patient, open_effects(self.settings), self.clock, lambda: 0.5)
        claimed = await asyncio.to_thread(outbox.claim_due, self.store, "runner", self.clock(), 30_000, 10, [kind])
        for due in claimed:
            await carrier.carry_out(due)

    async def ledger(self, channel: str) -> list[str]:
        """What the ledger says of one channel."""
        lines = await asyncio.to_thread(outbox.ledger, self.store, self.incident)
        return [line.entry.outcome.value for line in lines if line.entry.channel == channel]

    async def has_it(self) -> list[tuple[str, AcknowledgedBy]]:
        """Who acknowledged, and how."""
        log = await asyncio.to_thread(incident_history, self.store, self.incident)
        return [(each.actor, each.entry.how) for each in log if isinstance(each.entry, Acknowledged)]

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """What our door answers."""
        async with self.client.post(path, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def twilio_asks(self, url: str, form: dict[str, str], token: str = twilio.TOKEN) -> tuple[int, str]:
        """Twilio asks an address that we gave it."""
        assert url.startswith(PUBLIC)
        parts = urlsplit(url)
        signed = {"X-Twilio-Signature": twilio.signature(token, url, form)}
        return await self.post(f"{parts.path}?{parts.query}", urlencode(form).encode(), FORM | signed)


@pytest.fixture
async def services(store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    async with _services(store, tmp_path, monkeypatch) as found:
        yield found


@asynccontextmanager
async def _services(store: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    clock = Clock()
    one, two, three = slack.SlackChannel(), twilio.TwilioApi(), PagerDutyEvents()
    async with (
        receiving(Receiver(one.answer)) as slack_server,
        receiving(Receiver(two.answer)) as twilio_server,
        receiving(Receiver(three.answer)) as pagerduty_server,
    ):
        secrets = {"S_HOOK": slack_server.url + slack.PATH, "S_SIGN": SIGNING, "T": twilio.TOKEN, "P": KEY, "H": HOOK}
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        settings = msgspec.structs.replace(
            SETTINGS,
            people=dict(SETTINGS.people)
            | {
                "ada": Person(
                    name="Ada Lovelace",
                    sms=twilio.VALID,
                    voice=twilio.VALID,
                    slack="U0ADA1",
                    pagerduty="comms",
                    pagerduty_user="PADA01",
                )
            },
            console=ConsoleSettings(public_url=PUBLIC),
            channels=ChannelSettings(
                twilio=TwilioSettings(
                    account=twilio.ACCOUNT,
                    token=SecretFrom(env="T"),
                    sms_from=twilio.VALID,
                    voice_from=twilio.VALID,
                    url=twilio_server.url,
                ),
                slack=SlackSettings(webhook=SecretFrom(env="S_HOOK"), signing_secret=SecretFrom(env="S_SIGN")),
                pagerduty=PagerDutySettings(
                    services={"comms": SecretFrom(env="P")},
                    webhook_secret=SecretFrom(env="H"),
                    url=pagerduty_server.url,
                ),
            ),
        )
        async with browsing(store, None, clock, settings) as client:
            found = Services(store, settings, clock, client)
            found.slack, found.twilio, found.pagerduty = one, two, three
            found.response_url = f"{slack_server.url}/actions/T000/1"
            await found.page()
            yield found


async def test_a_page_goes_out_by_every_road_once(services: Services) -> None:
    assert len(services.slack.messages) == len(services.pagerduty.events) == 1
    assert len(services.twilio.made) == 2
    for channel in ("sms", "voice", "slack", "pagerduty"):
        assert await services.ledger(channel) == ["sending", "accepted"]


async def test_a_text_that_arrived_is_delivered_in_the_ledger_and_the_same_report_twice_is_one(
    services: Services,
) -> None:
    text = next(form for form in services.twilio.made if "Body" in form)
    for status in ("sent", "delivered", "delivered"):
        assert await services.twilio_asks(text["StatusCallback"], {"MessageStatus": status}) == (204, "")
    assert await services.ledger("sms") == ["sending", "accepted", "delivered"]


async def test_a_call_that_nobody_took_is_not_reached_in_the_ledger(services: Services) -> None:
    call = next(form for form in services.twilio.made if "Twiml" in form)
    assert (await services.twilio_asks(call["StatusCallback"], {"CallStatus": "no-answer"}))[0] == 204
    assert await services.ledger("voice") == ["sending", "accepted", "failed"]


async def test_a_report_that_twilio_did_not_sign_changes_nothing(services: Services) -> None:
    text = next(form for form in services.twilio.made if "Body" in form)
    status, _ = await services.twilio_asks(text["StatusCallback"], {"MessageStatus": "delivered"}, token="another")
    assert status == 403
    assert await services.ledger("sms") == ["sending", "accepted"]


async def test_a_test_message_that_arrived_is_delivered_and_still_for_the_person_to_confirm(
    services: Services,
) -> None:
    [point] = points_of(services.settings, {Channel.SMS: lambda person: person.sms})
    test = new_test(point, services.clock(), ASKED)
    await asyncio.to_thread(note_test, services.store, test)
    await send_due(services.settings, services.store, services.clock)
    text = services.twilio.made[-1]
    assert (await services.twilio_asks(text["StatusCallback"], {"MessageStatus": "delivered"}))[0] == 204
    [known] = await asyncio.to_thread(newest_tests, services.store)
    assert (known.id, known.outcome, known.confirmed_ms) == (test.id, "delivered", None)


async def test_a_report_of_a_send_that_never_was_writes_nothing(services: Services) -> None:
    text = next(form for form in services.twilio.made if "Body" in form)
    other = text["StatusCallback"].replace("try=1", "try=9")
    assert (await services.twilio_asks(other, {"MessageStatus": "delivered"}))[0] == 204
    assert await services.ledger("sms") == ["sending", "accepted"]


def digit_url(services: Services) -> str:
    twiml = next(form["Twiml"] for form in services.twilio.made if "Twiml" in form)
    return twiml.partition('action="')[2].partition('"')[0].replace("&amp;", "&")


async def test_the_digit_acknowledges_by_telephone(services: Services) -> None:
    status, said = await services.twilio_asks(digit_url(services), {"Digits": "4", "CallSid": "CA1"})
    assert (status, twilio.spoken(said)) == (200, "Ada Lovelace has it. Goodbye.")
    assert await services.has_it() == [("ada", AcknowledgedBy.TELEPHONE)]
    assert await services.ledger("voice") == ["sending", "accepted", "read"]


async def test_another_digit_acknowledges_nothing(services: Services) -> None:
    status, said = await services.twilio_asks(digit_url(services), {"Digits": "7"})
    assert status == 200
    assert "Nobody has it yet" in said
    assert await services.has_it() == []


async def press(services: Services, member: str, *, at_s: int | None = None, secret: str = SIGNING) -> int:
    body = slack.pressed(services.slack.messages[0], member, services.response_url)
    headers = slack.signed(body, secret, services.clock() // 1000 if at_s is None else at_s)
    return (await services.post(SLACK_PATH, body, headers))[0]


async def test_a_press_on_the_button_acknowledges_and_the_message_says_who(services: Services) -> None:
    assert await press(services, "U0ADA1") == 200
    assert await services.has_it() == [("ada", AcknowledgedBy.SLACK)]
    (said,) = services.slack.answers
    assert said["replace_original"] is True
    assert "Ada Lovelace has it." in json.dumps(said["blocks"])
    assert "firebreak_acknowledge" not in json.dumps(said["blocks"])


async def test_somebody_who_is_not_among_the_people_is_told_so_and_has_nothing(services: Services) -> None:
    assert await press(services, "U0EVIL9") == 200
    assert await services.has_it() == []
    assert services.slack.answers[0]["response_type"] == "ephemeral"


async def test_a_press_that_slack_did_not_sign_or_long_ago_changes_nothing(services: Services) -> None:
    assert await press(services, "U0ADA1", secret="another") == 403
    assert await press(services, "U0ADA1", at_s=services.clock() // 1000 - 3600) == 403
    assert await services.has_it() == []
    assert services.slack.answers == []


async def test_an_acknowledgement_in_pagerduty_counts_as_the_persons(services: Services) -> None:
    event = {
        "event_type": "incident.acknowledged",
        "occurred_at": rfc3339(services.clock()),
        "agent": {"id": "PADA01", "type": "user_reference"},
        "data": {"incident_key": services.pagerduty.events[0]["dedup_key"]},
    }
    body = json.dumps({"event": event}).encode()
    signed = {"X-PagerDuty-Signature": "v1=" + hmac.new(HOOK.encode(), body, hashlib.sha256).hexdigest()}
    assert (await services.post(PAGERDUTY_PATH, body, signed))[0] == 204
    assert await services.has_it() == [("ada", AcknowledgedBy.PAGERDUTY)]
    assert (await services.post(PAGERDUTY_PATH, body, {"X-PagerDuty-Signature": "v1=00"}))[0] == 403


async def test_a_pager_stops_ringing_when_somebody_has_it_and_closes_when_it_is_over(services: Services) -> None:
    (key,) = services.pagerduty.alerts
    assert services.pagerduty.alerts == {key: "triggered"}
    await services.twilio_asks(digit_url(services), {"Digits": "4"})
    await services.send(ActionKind.NOTIFY)
    assert services.pagerduty.alerts == {key: "acknowledged"}
    texts, posts = len(services.twilio.made), len(services.slack.messages)
    over = (services.store, services.incident, "ada", "it was nothing", services.clock())
    assert await asyncio.to_thread(resolve, *over) is Told.DONE
    await services.send(ActionKind.NOTIFY)
    assert services.pagerduty.alerts == {key: "resolved"}
    assert services.pagerduty.rings == {key: 1}
    assert (len(services.twilio.made), len(services.slack.messages)) == (texts + 1, posts + 1)  # no call


async def test_a_door_that_is_not_set_up_is_not_there(store: Engine) -> None:
    async with browsing(store, None, Clock()) as client:
        for path in (SLACK_PATH, PAGERDUTY_PATH, "/in/twilio/report", "/in/twilio/digit"):
            async with client.post(path, data=b"x") as answer:
                assert answer.status == 404
