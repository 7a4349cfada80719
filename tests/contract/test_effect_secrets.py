"""Every effect, against other sides that repeat what was said to them: no secret and no address in any outcome."""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web

from playbooks.effects.alertmanager import Alertmanager
from playbooks.effects.annotate import Annotations
from playbooks.effects.apprise import Apprise
from playbooks.effects.mail import Mail
from playbooks.effects.message import Effect
from playbooks.effects.pagerduty import PagerDuty
from playbooks.effects.registry import EFFECTS
from playbooks.effects.slack import Slack
from playbooks.effects.twilio import Calls, Texts, Twilio
from playbooks.effects.webhook import Webhook
from playbooks.labels import Channel
from playbooks.settings import GrafanaSettings
from playbooks.settings.channels import (
    AlertmanagerSettings,
    AppriseSettings,
    EmailSettings,
    PagerDutySettings,
    SlackSettings,
    TwilioSettings,
    WebhookSettings,
)
from playbooks.settings.section import SecretFrom
from tests.parts.http_servers import Receiver, Request, receiving
from tests.parts.messages import message
from tests.parts.smtp import Mailbox, smtp_server, talking

SECRET = "hunter2-hunter2"
IN_ADDRESS = "token-in-the-address"
SPELLINGS = [
    SECRET,
    IN_ADDRESS,
    base64.b64encode(SECRET.encode()).decode(),
    base64.b64encode(f"\0fire\0{SECRET}".encode()).decode(),
]
FROM = SecretFrom(env="EFFECT_SECRET")

Opened = Callable[[int], tuple[Effect, str]]
Place = Callable[[], AbstractAsyncContextManager[tuple[Effect, str]]]


def mail_at(port: int) -> tuple[Effect, str]:
    settings = EmailSettings(host="127.0.0.1", port=port, username="fire", password=FROM, timeout_s=1.0)
    return Mail(settings), f"{IN_ADDRESS}@example.org"


def webhook_at(port: int) -> tuple[Effect, str]:
    return Webhook(WebhookSettings(secret=FROM, timeout_s=1.0)), f"http://127.0.0.1:{port}/{IN_ADDRESS}?key={SECRET}"


def grafana_at(port: int) -> tuple[Effect, str]:
    return Annotations(GrafanaSettings(url=f"http://127.0.0.1:{port}/{IN_ADDRESS}", token=FROM, timeout_s=1.0)), ""


def twilio_at(port: int) -> Twilio:
    settings = TwilioSettings(account=f"AC{'0' * 32}", token=FROM, url=f"http://127.0.0.1:{port}", timeout_s=1.0)
    return Twilio(settings, f"https://fire.example.org/{IN_ADDRESS}")


def texts_at(port: int) -> tuple[Effect, str]:
    return Texts(twilio_at(port), "+15005550006"), IN_ADDRESS


def calls_at(port: int) -> tuple[Effect, str]:
    return Calls(twilio_at(port), "+15005550006"), IN_ADDRESS


def slack_at(port: int) -> tuple[Effect, str]:
    os.environ["WEBHOOK_ADDRESS"] = f"http://127.0.0.1:{port}/services/{IN_ADDRESS}/{SECRET}"
    settings = SlackSettings(webhook=SecretFrom(env="WEBHOOK_ADDRESS"), signing_secret=FROM, timeout_s=1.0)
    return Slack(settings, has_public_url=True), IN_ADDRESS


def pagerduty_at(port: int) -> tuple[Effect, str]:
    settings = PagerDutySettings(services={"comms": FROM}, url=f"http://127.0.0.1:{port}/{IN_ADDRESS}", timeout_s=1.0)
    return PagerDuty(settings), "comms"


def alertmanager_at(port: int) -> tuple[Effect, str]:
    url = f"http://127.0.0.1:{port}/{IN_ADDRESS}"
    return Alertmanager(AlertmanagerSettings(url=url, username="fire", password=FROM, timeout_s=1.0)), IN_ADDRESS


def apprise_at(port: int) -> tuple[Effect, str]:
    os.environ["TARGET_ADDRESS"] = f"json://fire:{SECRET}@127.0.0.1:{port}/{IN_ADDRESS}"
    return Apprise(AppriseSettings(targets={"chat": SecretFrom(env="TARGET_ADDRESS")}, timeout_s=1.0)), "chat"


def repeating_mail(code: int, at: str) -> Place:
    @asynccontextmanager
    async def place() -> AsyncIterator[tuple[Effect, str]]:
        words = f"{code} 5.7.1 you said " + " ".join(SPELLINGS)
        mailbox = Mailbox(login=("fire", SECRET))
        match at:
            case "login":
                mailbox = Mailbox(login=("fire", "another"), login_answer=words)
            case "rcpt":
                mailbox.rcpt = words
            case _:
                mailbox.data = words
        async with smtp_server(mailbox):
            yield mail_at(mailbox.port)

    return place


def repeating_http(opened: Opened, status: int) -> Place:
    async def answer(request: Request) -> web.Response:
        said = f"{request.path} {request.headers} {' '.join(SPELLINGS)}"
        return web.json_response({"message": said, "detail": said}, status=status)

    @asynccontextmanager
    async def place() -> AsyncIterator[tuple[Effect, str]]:
        async with receiving(Receiver(answer)) as receiver:
            yield opened(receiver.port)

    return place


def raw(opened: Opened, template: bytes) -> Place:
    @asynccontextmanager
    async def place() -> AsyncIterator[tuple[Effect, str]]:
        async def talk(reader: object, writer: object) -> None:
            writer.write(template % b" ".join(word.encode() for word in SPELLINGS))  # type: ignore[attr-defined]

        async with talking(talk) as port:
            yield opened(port)

    return place


def nobody(opened: Opened) -> Place:
    @asynccontextmanager
    async def place() -> AsyncIterator[tuple[Effect, str]]:
        yield opened(1)

    return place


def elsewhere(opened: Opened, address: str) -> Place:
    @asynccontextmanager
    async def place() -> AsyncIterator[tuple[Effect, str]]:
        yield opened(1)[0], address

    return place


#: What the test's own mail server writes down.
SERVERS = ("mail", "aiosmtpd")
RAW = [b"%s\r\n", b"HTTP/1.1 200 %s\r\n\r\n", b"HTTP/1.1 500 OK\r\nX: %s", b"220 %s\r\n", b"554 %s\r\n", b""]
OPENED: dict[Channel, Opened] = {
    Channel.EMAIL: mail_at,
    Channel.SMS: texts_at,
    Channel.VOICE: calls_at,
    Channel.SLACK: slack_at,
    Channel.PAGERDUTY: pagerduty_at,
    Channel.ALERTMANAGER: alertmanager_at,
    Channel.APPRISE: apprise_at,
    Channel.WEBHOOK: webhook_at,
    Channel.GRAFANA: grafana_at,
}
CODES = [199, 250, 354, 421, 450, 451, 500, 530, 534, 535, 550, 554, 599]
STATUSES = [200, 204, 301, 302, 400, 401, 403, 404, 407, 429, 451, 500, 502, 503, 504, 511, 599]

PLACES = (
    [
        pytest.param(repeating_mail(code, at), id=f"mail-{at}-{code}")
        for code in CODES
        for at in ("login", "rcpt", "data")
    ]
    + [
        pytest.param(repeating_http(opened, status), id=f"{channel}-{status}")
        for channel, opened in OPENED.items()
        if channel is not Channel.EMAIL
        for status in STATUSES
    ]
    + [pytest.param(raw(opened, text), id=f"{channel}-{text!r}") for channel, opened in OPENED.items() for text in RAW]
    + [pytest.param(nobody(opened), id=f"{channel}-nobody") for channel, opened in OPENED.items()]
    + [
        pytest.param(elsewhere(opened, address), id=f"{channel}-{address!r}")
        for channel, opened in OPENED.items()
        for address in (f"{SECRET}", f"ftp://u:{SECRET}@h/", f"http://[{SECRET}/", f"a b@{SECRET}", f"x@\n{SECRET}")
    ]
)


def test_every_effect_is_tried_here() -> None:
    assert OPENED.keys() == EFFECTS.keys()


@pytest.mark.parametrize("place", PLACES)
async def test_no_secret_is_in_what_an_effect_says(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("EFFECT_SECRET", SECRET)
    for name in ("WEBHOOK_ADDRESS", "TARGET_ADDRESS"):
        monkeypatch.setenv(name, "made when the place is")
    with caplog.at_level(logging.DEBUG):
        async with place() as (effect, address):
            sent = message(address)
            outcome = await effect.send(sent)
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(SERVERS)]
    said = [repr(outcome), repr(sent), str(vars(effect)), *logged]
    found = [(spelling, text) for spelling in SPELLINGS[:1] + SPELLINGS[2:] for text in said if spelling in text]
    assert found == []
    assert IN_ADDRESS not in repr(outcome)
