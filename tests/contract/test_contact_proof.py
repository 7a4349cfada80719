"""Test messages: sent by every channel with the mark of a drill, confirmed by the person, and not for ever."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from playbooks.effects.action_link import ActionLink, What, token_of
from playbooks.labels import Channel
from playbooks.readiness.contacts import Point, address_hash, contact_findings, points_of, same_place
from playbooks.readiness.finding import Reason
from playbooks.readiness.proof import CODE_VALID_MS, CONFIRM_PATH, Way, message_of, new_test, said_with, send_test
from playbooks.readiness.reachability import channels_for_people
from playbooks.readiness.send_due import send_due
from playbooks.secret import Secret
from playbooks.settings import ConsoleSettings, PlaybookSettings
from playbooks.settings.channels import ChannelSettings, EmailSettings, LinkSettings, PagerDutySettings
from playbooks.settings.people import Person
from playbooks.settings.section import SecretFrom
from playbooks.store.delivery.contact_tests import ASKED, ContactTest, confirm, newest_tests, note_test, take_asked
from streams.cli import main
from tests.parts.channels import SECRETS, SIDES, Mood, Side
from tests.parts.console import NOW_MS, SETTINGS, Clock, browsing, page, send
from tests.parts.smtp import Mailbox, smtp_server

DAY_MS = 86_400_000
SECRET = "the-secret-of-the-links"
WAY = Way("https://fire.example.org", Secret(SECRET))
PEOPLE_SIDES = [side for side in SIDES if side.channel is not Channel.GRAFANA]


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LINKS", SECRET)


def point(channel: Channel = Channel.EMAIL, address: str = "ada@example.org") -> Point:
    return Point("ada", "Ada Lovelace", channel, address, address_hash(PlaybookSettings(), channel, address))


def made(channel: Channel = Channel.EMAIL, **changes: object) -> ContactTest:
    known = new_test(point(channel), NOW_MS)
    return msgspec.structs.replace(known, code="482913", **changes)


# --- the message


@pytest.mark.parametrize("side", PEOPLE_SIDES, ids=lambda side: side.channel.value)
async def test_a_test_message_says_by_every_channel_that_it_is_a_drill_and_has_its_code(
    side: Side, tmp_path: Path
) -> None:
    test = made(side.channel)
    async with side.place(Mood.FRIENDLY, tmp_path) as (effect, address, seen):
        sent = message_of(test, point(side.channel, address), WAY, NOW_MS)
        outcome, _ = await send_test(effect, sent)
    assert outcome == "accepted"
    [said] = seen.said
    assert "482913" in said.replace(" ", "")
    assert "DRILL" in said or "This is a drill. Nothing of it is real." in said
    # Only channels that reach one person alone carry what acts in that person's name.
    alone = side.channel in (Channel.EMAIL, Channel.SMS, Channel.APPRISE, Channel.WEBHOOK)
    assert ("/confirm/" in said) is alone


async def test_without_a_public_address_the_message_has_a_code_and_no_link() -> None:
    async with smtp_server(Mailbox()) as mailbox:
        settings = PlaybookSettings(channels=ChannelSettings(email=EmailSettings(host="127.0.0.1", port=mailbox.port)))
        await asyncio.gather(*(_send(settings, test) for test in [made()]))
        [mail] = mailbox.mails
    text = " ".join(mail.get_content().split())
    assert "say the code 482913 to whoever runs Firebreak" in text
    assert "http" not in text
    assert mail["Subject"] == "DRILL: Firebreak test message, your code is 482913"


async def _send(settings: PlaybookSettings, test: ContactTest) -> tuple[str, str]:
    from playbooks.readiness.ask_channels import opened

    effect = opened(settings)[0][Channel.EMAIL]
    return await send_test(effect, message_of(test, point(), Way(None, None), NOW_MS))


# --- what is known of a contact point


def judged(tests: list[ContactTest], now_ms: int = NOW_MS, at: Point | None = None) -> Reason:
    [found] = contact_findings([at or point()], tests, 90, now_ms)
    return found.reason


def test_a_point_is_verified_only_by_a_confirmed_test_of_that_very_address_not_too_long_ago() -> None:
    confirmed = made(confirmed_ms=NOW_MS)
    assert judged([]) is Reason.NEVER_TESTED
    assert judged([made()]) is Reason.NOT_CONFIRMED
    assert judged([confirmed]) is Reason.VERIFIED
    assert judged([confirmed], NOW_MS + 90 * DAY_MS - 1) is Reason.VERIFIED
    assert judged([confirmed], NOW_MS + 90 * DAY_MS) is Reason.TESTED_LONG_AGO
    assert judged([confirmed], at=point(address="ada@elsewhere.example")) is Reason.ADDRESS_CHANGED
    # A newer test that nobody has confirmed takes nothing back.
    assert judged([made(sent_ms=NOW_MS + 1), confirmed]) is Reason.VERIFIED


def test_what_a_service_is_named_for_is_part_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = PlaybookSettings(
        people={"ada": Person(name="Ada", pagerduty="comms")},
        channels=ChannelSettings(pagerduty=PagerDutySettings(services={"comms": SecretFrom(env="PD")})),
    )
    monkeypatch.setenv("PD", "one-key")
    one = address_hash(settings, Channel.PAGERDUTY, "comms")
    monkeypatch.setenv("PD", "another-key")
    assert not same_place(one, address_hash(settings, Channel.PAGERDUTY, "comms"))
    assert not same_place(one, address_hash(settings, Channel.PAGERDUTY, "ops"))
    # Who has not the secret, as the console has not, goes by the name.
    monkeypatch.delenv("PD")
    assert same_place(one, address_hash(settings, Channel.PAGERDUTY, "comms"))
    assert not same_place(one, address_hash(settings, Channel.PAGERDUTY, "ops"))
    assert len(one) <= 64
    [found] = points_of(settings, channels_for_people(settings))
    assert "key" not in repr(found)


def test_a_code_is_good_for_a_week_for_its_person_and_once(store: Engine) -> None:
    test = made()
    note_test(store, test)
    assert said_with("482 913", newest_tests(store), NOW_MS, "ada") == [test]
    assert said_with("482913", newest_tests(store), NOW_MS, "bo") == []
    assert said_with("482913", newest_tests(store), NOW_MS + CODE_VALID_MS, "ada") == []
    assert confirm(store, test.id, NOW_MS)
    assert said_with("482913", newest_tests(store), NOW_MS, "ada") == []
    # Said twice, the first time counts.
    assert confirm(store, test.id, NOW_MS + 5)
    assert newest_tests(store)[0].confirmed_ms == NOW_MS
    assert not confirm(store, "test-of-nobody", NOW_MS)


def test_what_is_asked_for_is_given_to_one_runner(store: Engine) -> None:
    note_test(store, made(outcome=ASKED))
    assert [test.outcome for test in take_asked(store, NOW_MS + 1)] == ["sending"]
    assert take_asked(store, NOW_MS + 2) == []


# --- on the console


@pytest.fixture
def settings() -> PlaybookSettings:
    people = {**SETTINGS.people, "ada": Person(name="Ada Lovelace", email="ada@example.org")}
    channels = ChannelSettings(
        email=EmailSettings(host="127.0.0.1", port=1), links=LinkSettings(secret=SecretFrom(env="LINKS"))
    )
    return msgspec.structs.replace(SETTINGS, people=people, channels=channels)


def at_port(settings: PlaybookSettings, port: int) -> PlaybookSettings:
    email = EmailSettings(host="127.0.0.1", port=port)
    channels = msgspec.structs.replace(settings.channels, email=email)
    console = ConsoleSettings(public_url="https://fire.example.org")
    return msgspec.structs.replace(settings, channels=channels, console=console)


async def test_a_person_asks_for_a_test_the_runner_sends_it_and_its_link_confirms_it_when_pressed(
    store: Engine, settings: PlaybookSettings
) -> None:
    clock = Clock()
    async with smtp_server(Mailbox()) as mailbox, browsing(store, "ada", clock, settings) as client:
        assert "no test message was ever confirmed" in await page(client, "/readiness")
        assert await send(client, "/readiness/test") == (303, "/readiness?said=tests_asked")
        assert await send(client, "/readiness/test") == (303, "/readiness?said=tested_just_now")
        assert await send_due(at_port(settings, mailbox.port), store, clock) == 1
        assert await send_due(at_port(settings, mailbox.port), store, clock) == 0
        [mail] = mailbox.to("ada@example.org")
        found = re.search(r"https://fire\.example\.org(/confirm/\S+)", mail.get_content())
        assert found is not None
        async with client.get(found[1]) as answer:
            assert "It has reached me" in await answer.text()
        assert (await asyncio.to_thread(newest_tests, store))[0].confirmed_ms is None
        async with client.post(found[1]) as answer:
            assert "Thank you, Ada Lovelace" in await answer.text()
        html = await page(client, "/readiness")
    assert re.search(r"Ada Lovelace by email: confirmed .* which counts for 8\d days more|90 days more", html)


async def test_a_person_says_the_code_of_their_own_test_and_of_no_other(
    store: Engine, settings: PlaybookSettings
) -> None:
    clock = Clock()
    await asyncio.to_thread(note_test, store, made(outcome="accepted"))
    async with browsing(store, "bo", clock, settings) as client:
        assert await send(client, "/readiness/confirm", code="482913") == (303, "/readiness?said=no_such_code")
    async with browsing(store, "ada", clock, settings) as client:
        assert await send(client, "/readiness/confirm", code="482914") == (303, "/readiness?said=no_such_code")
        assert await send(client, "/readiness/confirm", code=" 482 913 ") == (303, "/readiness?said=point_confirmed")
    assert (await asyncio.to_thread(newest_tests, store))[0].confirmed_ms == NOW_MS


async def test_a_link_of_a_test_acknowledges_nothing_and_a_link_of_an_incident_confirms_nothing(
    store: Engine, settings: PlaybookSettings
) -> None:
    test = made()
    await asyncio.to_thread(note_test, store, test)
    expires_s = NOW_MS // 1000 + 60
    confirming = token_of(ActionLink(test.id, "ada", What.CONFIRM, expires_s), Secret(SECRET))
    others = token_of(ActionLink(test.id, "bo", What.CONFIRM, expires_s), Secret(SECRET))
    acknowledging = token_of(ActionLink(test.id, "ada", What.ACKNOWLEDGE, expires_s), Secret(SECRET))
    late = token_of(ActionLink(test.id, "ada", What.CONFIRM, NOW_MS // 1000), Secret(SECRET))
    forged = token_of(ActionLink(test.id, "ada", What.CONFIRM, expires_s), Secret("another secret..."))
    async with browsing(store, None, Clock(), settings) as client:
        wrong = [CONFIRM_PATH.format(token=one) for one in (others, acknowledging, late, forged)]
        for path in (f"/act/{confirming}", *wrong):
            async with client.post(path) as answer:
                assert answer.status == 410, path
    assert (await asyncio.to_thread(newest_tests, store))[0].confirmed_ms is None


async def test_where_a_test_really_went_is_noted_by_who_has_the_secrets(
    store: Engine, settings: PlaybookSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {"ada": Person(name="Ada", pagerduty="comms")}
    pager = PagerDutySettings(services={"comms": SecretFrom(env="PD")}, url="http://127.0.0.1:1")
    known = msgspec.structs.replace(settings, people=people, channels=ChannelSettings(pagerduty=pager))
    async with browsing(store, "ada", Clock(), known) as client:
        assert await send(client, "/readiness/test") == (303, "/readiness?said=tests_asked")
    monkeypatch.setenv("PD", "one-key")
    assert await send_due(known, store, Clock()) == 1
    [test] = await asyncio.to_thread(newest_tests, store)
    assert test.address_hash == address_hash(known, Channel.PAGERDUTY, "comms")
    assert not test.address_hash.endswith(".")


async def test_a_test_for_a_point_that_is_gone_meanwhile_is_not_sent(store: Engine, settings: PlaybookSettings) -> None:
    await asyncio.to_thread(note_test, store, msgspec.structs.replace(made(Channel.SMS), outcome=ASKED))
    assert await send_due(settings, store, Clock()) == 1
    [test] = await asyncio.to_thread(newest_tests, store)
    assert (test.outcome, test.detail) == ("failed", "the person has no such contact point any more")


# --- by command


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "firebreak.yaml").write_text(
        f"""
store: {{url: 'sqlite:///{tmp_path / "fb.db"}'}}
people:
  ada: {{name: Ada Lovelace, email: ada@example.org}}
  bo: {{name: Bo, email: bo@example.org}}
  cy: {{name: Cy}}
channels: {{email: {{host: 127.0.0.1, port: PORT}}}}
""",
        encoding="utf-8",
    )
    return tmp_path


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(config), "check", *words])


async def test_tests_are_sent_to_a_person_and_confirmed_by_their_code(config: Path) -> None:
    file = config / "firebreak.yaml"
    async with smtp_server(Mailbox()) as mailbox:
        file.write_text(file.read_text(encoding="utf-8").replace("PORT", str(mailbox.port)), encoding="utf-8")
        sent = await asyncio.to_thread(run, config, "--send-test", "ada")
        assert sent.exit_code == 0, sent.output
        assert "Ada Lovelace by email: accepted (SMTP 250 2.0.0)" in sent.output
        [mail] = mailbox.mails
        found = re.search(r"code is (\d{6})", mail["Subject"])
        assert found is not None
        wrong = await asyncio.to_thread(run, config, "--confirm", "12")
        assert (wrong.exit_code, wrong.output) == (
            1,
            "no test message of the last seven days waits for this code\n",
        )
        right = await asyncio.to_thread(run, config, "--confirm", found[1])
        assert (right.exit_code, right.output) == (0, "Ada Lovelace by email: confirmed, for 90 days\n")
        assert (await asyncio.to_thread(run, config, "--send-test", "all")).exit_code == 0
        assert len(mailbox.mails) == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--send-test", "dora"), 2, "'dora' is not under people in the settings (known: ada, bo, cy)"),
        (("--send-test", "cy"), 1, "nobody of them has a contact point on a channel that can be used"),
        (("--send-test", "ada"), 1, "Ada Lovelace by email: retry (unreachable: SMTP: no connection to the server)"),
        (("--send-test", "ada", "--confirm", "1"), 2, "two steps"),
    ],
)
def test_what_cannot_be_sent_is_said_and_ends_otherwise(
    config: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    file = config / "firebreak.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("PORT", "1"), encoding="utf-8")
    ended = run(config, *words)
    assert ended.exit_code == code, ended.output
    assert said in " ".join(ended.output.split())
