"""Asking each channel whether it would take a message: what it says, that nothing is sent, that no secret gets out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from aiohttp import web

from playbooks.effects.alertmanager import Alertmanager
from playbooks.effects.annotate import Annotations
from playbooks.effects.check import Checkable, Checked
from playbooks.effects.mail import Mail
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome
from playbooks.effects.registry import EFFECTS
from playbooks.effects.twilio import Calls, Texts
from playbooks.labels import Channel
from playbooks.readiness.ask_channels import ask_channels, clocks_of
from playbooks.readiness.channels import channel_findings
from playbooks.settings import GrafanaSettings, PlaybookSettings
from playbooks.settings.channels import (
    AlertmanagerSettings,
    AppriseSettings,
    ChannelSettings,
    EmailSettings,
    PagerDutySettings,
    SlackSettings,
    TwilioSettings,
    WebhookSettings,
)
from playbooks.settings.section import SecretFrom
from playbooks.wall_clock import now_ms
from tests.parts.alertmanager import running_alertmanager
from tests.parts.http_servers import Answer, Receiver, Request, always, receiving
from tests.parts.smtp import Mailbox, keeps_silent, smtp_server, talking
from tests.parts.twilio import ACCOUNT, TOKEN, VALID, TwilioApi

SECRET = "hunter2-hunter2"
FROM = SecretFrom(env="CHECK_SECRET")
TIMEOUT_S = 0.5


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECK_SECRET", SECRET)
    monkeypatch.setenv("CHECK_TOKEN", TOKEN)
    monkeypatch.setenv("CHECK_ADDRESS", "https://127.0.0.1/hook")


def mail(port: int, **changes: object) -> Mail:
    known = {"host": "127.0.0.1", "port": port, "timeout_s": TIMEOUT_S} | changes
    return Mail(EmailSettings(**known))  # type: ignore[arg-type]


def twilio(port: int, token: str = "CHECK_TOKEN") -> TwilioSettings:
    url = f"http://127.0.0.1:{port}"
    return TwilioSettings(
        account=ACCOUNT, token=SecretFrom(env=token), sms_from=VALID, voice_from=VALID, url=url, timeout_s=TIMEOUT_S
    )


def texts(port: int) -> Checkable:
    made = Texts.opened(PlaybookSettings(channels=ChannelSettings(twilio=twilio(port))))
    assert made is not None
    return made


def alertmanager(port: int) -> Checkable:
    return Alertmanager(AlertmanagerSettings(url=f"http://127.0.0.1:{port}", token=FROM, timeout_s=TIMEOUT_S))


def grafana(port: int) -> Checkable:
    return Annotations(GrafanaSettings(url=f"http://127.0.0.1:{port}", token=FROM, timeout_s=TIMEOUT_S))


HTTP = pytest.mark.parametrize("opened", [texts, alertmanager, grafana])


def word(outcome: Outcome) -> str:
    return "taken" if isinstance(outcome, Delivered) else outcome.reason.value


async def asked(opened: Callable[[int], Checkable], answer: Answer) -> tuple[Checked, list[Request]]:
    async with receiving(Receiver(answer)) as outside:
        return await opened(outside.port).check(), outside.requests


# --- mail


async def test_a_mail_server_that_lets_us_in_is_asked_and_sent_nothing() -> None:
    async with smtp_server(Mailbox(login=("fire", SECRET))) as mailbox:
        checked = await mail(mailbox.port, username="fire", password=FROM).check()
    assert checked.outcome == Delivered("the mail server lets us in")
    assert (mailbox.connections, mailbox.mails) == (1, [])


async def test_a_mail_server_that_needs_no_password_says_so() -> None:
    async with smtp_server(Mailbox()) as mailbox:
        checked = await mail(mailbox.port).check()
    assert checked.outcome == Delivered("the mail server answers (no password is set)")


async def test_a_wrong_password_is_found_before_a_page_is_due_and_is_in_no_word_of_it() -> None:
    async with smtp_server(Mailbox(login=("fire", "another"), login_answer=f"535 5.7.8 not {SECRET}")) as mailbox:
        checked = await mail(mailbox.port, username="fire", password=FROM).check()
    assert word(checked.outcome) == "bad_credentials"
    assert SECRET not in repr(checked)


async def test_a_mail_server_that_is_away_that_hangs_or_has_no_tls_is_told_apart() -> None:
    assert word((await mail(1).check()).outcome) == "unreachable"
    async with talking(keeps_silent(b"220 hello\r\n")) as port:
        assert word((await mail(port).check()).outcome) == "unreachable"
    async with smtp_server(Mailbox()) as mailbox:
        assert word((await mail(mailbox.port, tls=True).check()).outcome) == "not_private"


# --- by HTTP


async def test_twilio_is_asked_for_the_account_and_makes_no_message() -> None:
    api = TwilioApi()
    checked, requests = await asked(texts, api.answer)
    assert checked.outcome == Delivered("Twilio lets us in, and the account is active")
    assert checked.date
    assert ([request.method for request in requests], api.made) == (["GET"], [])


async def test_an_account_of_twilios_that_is_suspended_is_no_yes() -> None:
    checked, _ = await asked(texts, TwilioApi(status="suspended").answer)
    assert checked.outcome == Failed(FailedReason.REFUSED, "Twilio: the account is suspended")


async def test_twilio_does_not_let_in_who_has_another_token() -> None:
    checked, _ = await asked(texts, TwilioApi(token="another").answer)
    assert word(checked.outcome) == "bad_credentials"
    assert TOKEN not in repr(checked)


async def test_grafana_is_asked_for_an_annotation_and_gets_none() -> None:
    async def answer(request: Request) -> web.Response:
        known = request.headers["Authorization"] == f"Bearer {SECRET}"
        return web.json_response([], status=200 if known else 401)

    checked, requests = await asked(grafana, answer)
    assert checked.outcome == Delivered("Grafana lets us in")
    assert [(request.method, request.path) for request in requests] == [("GET", "/api/annotations?limit=1")]


@pytest.mark.prometheus
async def test_a_real_alertmanager_says_that_it_is_there_and_has_no_alert_of_ours(tmp_path: Path) -> None:
    manager: AbstractContextManager[str] = running_alertmanager(tmp_path, "http://127.0.0.1:1/")
    url = await asyncio.to_thread(manager.__enter__)
    try:
        checked = await alertmanager(int(url.rpartition(":")[2])).check()
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)
    assert checked.outcome == Delivered("Alertmanager answers and lets us in")


@HTTP
@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, "bad_credentials"), (403, "bad_credentials"), (307, "redirected"), (429, "busy"), (503, "server_fault")],
)
async def test_a_no_is_told_by_its_reason(opened: Callable[[int], Checkable], status: int, expected: str) -> None:
    checked, _ = await asked(opened, always(status, {"Location": "http://127.0.0.1:1/"}, text=SECRET))
    assert word(checked.outcome) == expected
    assert SECRET not in repr(checked)


@HTTP
async def test_another_program_at_the_address_is_not_taken_for_the_service(opened: Callable[[int], Checkable]) -> None:
    checked, _ = await asked(opened, always(200, text="<html>Welcome to our wireless network</html>"))
    assert word(checked.outcome) == "not_understood"


@HTTP
async def test_nobody_at_the_address_and_no_answer_are_both_told(opened: Callable[[int], Checkable]) -> None:
    assert word((await opened(1).check()).outcome) == "unreachable"
    let_go = asyncio.Event()

    async def hangs(_: Request) -> web.Response:
        await let_go.wait()
        return web.Response()

    async with receiving(Receiver(hangs)) as outside:
        checked = await opened(outside.port).check()
        let_go.set()
    assert word(checked.outcome) == "no_answer"


# --- all at once


def all_set_up(port: int, mail_port: int, folder: Path) -> PlaybookSettings:
    address = folder / "address"
    address.write_text(f"json://127.0.0.1:{port}/chat", encoding="utf-8")
    at = f"http://127.0.0.1:{port}"
    return PlaybookSettings(
        channels=ChannelSettings(
            email=EmailSettings(host="127.0.0.1", port=mail_port, timeout_s=TIMEOUT_S),
            twilio=twilio(port),
            slack=SlackSettings(webhook=SecretFrom(env="CHECK_ADDRESS")),
            pagerduty=PagerDutySettings(services={"comms": FROM}, url=at),
            alertmanager=AlertmanagerSettings(url=at, timeout_s=TIMEOUT_S),
            apprise=AppriseSettings(targets={"chat": SecretFrom(file=str(address))}),
            webhook=WebhookSettings(secret=SecretFrom(env="NOT_THERE")),
        ),
        grafana=GrafanaSettings(url=at, token=FROM, timeout_s=TIMEOUT_S),
    )


async def test_every_channel_says_how_far_it_can_be_asked_and_nothing_is_sent_by_asking(tmp_path: Path) -> None:
    api = TwilioApi()
    async with smtp_server(Mailbox()) as mailbox, receiving(Receiver(api.answer)) as outside:
        found = await ask_channels(all_set_up(outside.port, mailbox.port, tmp_path), now_ms)
    assert [one.channel for one in found] == list(EFFECTS)
    words = {
        one.channel: "missing" if one.missing else "only a test" if one.outcome is None else word(one.outcome)
        for one in found
    }
    assert words == {
        Channel.EMAIL: "taken",
        Channel.SMS: "taken",
        Channel.VOICE: "taken",
        Channel.SLACK: "only a test",
        Channel.PAGERDUTY: "only a test",
        Channel.ALERTMANAGER: "bad_credentials",
        Channel.APPRISE: "only a test",
        Channel.WEBHOOK: "missing",
        Channel.GRAFANA: "bad_credentials",
    }
    assert (mailbox.mails, api.made) == ([], [])
    assert {request.method for request in outside.requests} == {"GET"}
    told = " ".join(finding.text + finding.to_do for finding in channel_findings(found))
    assert SECRET not in told
    assert TOKEN not in told


async def test_a_clock_that_is_off_is_seen_by_the_date_of_an_answer() -> None:
    async def last_week(request: Request) -> web.Response:
        answer = await TwilioApi().answer(request)
        answer.headers["Date"] = "Thu, 01 Jan 2026 00:00:00 GMT"
        return answer

    def clock() -> int:
        return 1_767_225_600_000 + 90_000  # a minute and a half later

    async with receiving(Receiver(last_week)) as outside:
        known = PlaybookSettings(channels=ChannelSettings(twilio=twilio(outside.port)))
        found = await ask_channels(known, clock)
    [other] = clocks_of(found)
    assert (other.whose, other.ahead_ms) == ("twilio", 89_500)


async def test_an_effect_that_breaks_hides_nothing_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(_: Mail) -> Checked:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(Mail, "check", breaks)
    api = TwilioApi()
    async with receiving(Receiver(api.answer)) as outside:
        email = EmailSettings(host="127.0.0.1", port=1)
        known = PlaybookSettings(channels=ChannelSettings(email=email, twilio=twilio(outside.port)))
        found = await ask_channels(known, now_ms)
    assert [word(one.outcome) for one in found if one.outcome] == ["own_fault", "taken", "taken"]
    assert SECRET not in repr(found)


def test_calls_are_asked_as_texts_are() -> None:
    assert isinstance(Calls.opened(PlaybookSettings(channels=ChannelSettings(twilio=twilio(1)))), Checkable)
