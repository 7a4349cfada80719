"""Every channel with another side that a test can make friendly, busy, broken, silent, or not there at all.

So one suite asks the same of all adapters. What came to the other side is in `Seen`, as text that a test can search.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import parse_qsl

from aiohttp import web

from playbooks.effects.alertmanager import Alertmanager
from playbooks.effects.annotate import Annotations
from playbooks.effects.apprise import Apprise
from playbooks.effects.mail import Mail
from playbooks.effects.message import Effect
from playbooks.effects.pagerduty import PagerDuty
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
from tests.parts.http_servers import Answer, Receiver, Request, receiving
from tests.parts.pagerduty import KEY, PagerDutyEvents
from tests.parts.slack import PATH, SlackChannel
from tests.parts.smtp import Mailbox, smtp_server
from tests.parts.twilio import ACCOUNT, TOKEN, VALID, TwilioApi, spoken

#: Environment variables that the effects' secrets are read from. A target and a webhook need the port of the server.
SECRETS = {"T_KEY": KEY, "T_TOKEN": TOKEN, "T_SECRET": "secret-of-the-channel"}
#: How long an effect waits for an answer: long enough for a busy machine, and short where none will ever come.
PATIENT_S, HASTY_S = 20.0, 0.5
PUBLIC = "https://fire.example.org"


class Mood(StrEnum):
    """How the other side is."""

    FRIENDLY = "friendly"
    BUSY = "busy"
    BROKEN = "broken"
    SILENT = "silent"
    REFUSES = "refuses"
    KNOWS_US_NOT = "knows_us_not"
    SENDS_ELSEWHERE = "sends_elsewhere"
    ANSWERS_ANYTHING = "answers_anything"
    ABSENT = "absent"


@dataclass(slots=True)
class Seen:
    """What came: `said` is what a person or program is shown of each message, `keys` what a repeat is known by."""

    said: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    taken: int = 0
    elsewhere: int = 0


class Place(NamedTuple):
    """Where the other side is; a folder for what has to stand in a file; how long an answer is waited for."""

    port: int
    folder: Path
    timeout_s: float

    @classmethod
    def of(cls, port: int, mood: Mood, folder: Path) -> Self:
        """As the other side's mood asks for."""
        return cls(1 if mood is Mood.ABSENT else port, folder, HASTY_S if mood is Mood.SILENT else PATIENT_S)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Side:
    """One channel and how its other side is made. `says_why` is false where a library keeps the reason to itself."""

    channel: Channel
    address: Callable[[str], str]
    opened: Callable[[Place], Effect]
    friendly: Callable[[], Answer]
    said: Callable[[Request], str]
    key: Callable[[Request], str]
    says_why: bool = True
    asks_to_wait: bool = True
    wrong_credentials: int = 401

    @asynccontextmanager
    async def place(self, mood: Mood, folder: Path) -> AsyncIterator[tuple[Effect, str, Seen]]:
        """The effect, an address on it, and what comes to the other side."""
        seen = Seen()
        async with receiving(Receiver(_counted(seen))) as elsewhere:
            answer, release = self._answer(mood, elsewhere.url)
            async with receiving(Receiver(self._noted(answer, seen))) as receiver:
                there = Place.of(receiver.port, mood, folder)
                try:
                    yield self.opened(there), self.address(there.url), seen
                finally:
                    release.set()

    def _noted(self, answer: Answer, seen: Seen) -> Answer:
        async def noted(request: Request) -> web.Response:
            seen.said.append(self.said(request))
            seen.keys.append(self.key(request))
            answered = await answer(request)
            seen.taken += answered.status < 300
            return answered

        return noted

    def _answer(self, mood: Mood, elsewhere: str) -> tuple[Answer, asyncio.Event]:
        release = asyncio.Event()

        async def silent(_: Request) -> web.Response:
            await release.wait()
            return web.Response()

        match mood:
            case Mood.FRIENDLY | Mood.ABSENT:
                return self.friendly(), release
            case Mood.BUSY:
                return _plain(429, {"Retry-After": "7"}), release
            case Mood.BROKEN:
                return _plain(503), release
            case Mood.SILENT:
                return silent, release
            case Mood.ANSWERS_ANYTHING:
                return _ok(text="<html>Welcome to our wireless network</html>")(), release
            case Mood.REFUSES:
                return _plain(400), release
            case Mood.KNOWS_US_NOT:
                return _plain(self.wrong_credentials), release
            case Mood.SENDS_ELSEWHERE:
                return _plain(307, {"Location": elsewhere}), release


@dataclass(frozen=True, slots=True)
class MailSide(Side):
    """Mail, which is no HTTP."""

    @asynccontextmanager
    async def place(self, mood: Mood, folder: Path) -> AsyncIterator[tuple[Effect, str, Seen]]:
        """The same, with a mail server."""
        seen, release = Seen(), asyncio.Event()
        mailbox = _MOODS.get(mood, Mailbox())
        box = replace(mailbox, mails=[], after_data=release if mood is Mood.SILENT else None)
        async with smtp_server(box):
            yield self.opened(Place.of(box.port, mood, folder)), "ada@example.org", seen
            release.set()
            seen.said += [f"{mail['Subject']}\n{mail['To']}\n{mail.get_content()}" for mail in box.mails]
            seen.keys += [str(mail["Message-ID"]) for mail in box.mails]
            seen.taken = len(box.mails)


_MOODS = {
    Mood.BUSY: Mailbox(data="451 4.3.0 later"),
    Mood.BROKEN: Mailbox(data="421 4.3.2 closing"),
    Mood.REFUSES: Mailbox(data="554 5.7.1 no"),
    Mood.KNOWS_US_NOT: Mailbox(rcpt="530 5.7.0 sign in first"),
    Mood.SENDS_ELSEWHERE: Mailbox(rcpt="551 5.7.1 try elsewhere.example"),
}


def _counted(seen: Seen) -> Answer:
    async def count(_: Request) -> web.Response:
        seen.elsewhere += 1
        return web.Response()

    return count


def _plain(status: int, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_: Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    return answer


def _ok(status: int = 200, text: str = "") -> Callable[[], Answer]:
    async def answer(_: Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="application/json" if text else "text/plain")

    return lambda: answer


def _fields(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _json(request: Request) -> str:
    """The values in a JSON body, one a line, so that no escape hides anything."""

    def values(found: object) -> list[str]:
        match found:
            case dict():
                return [text for value in found.values() for text in values(value)]
            case list():
                return [text for value in found for text in values(value)]
            case _:
                return [str(found)]

    return "\n".join(values(json.loads(request.body)))


def _secret(name: str) -> SecretFrom:
    return SecretFrom(env=name)


def _twilio(there: Place) -> Twilio:
    settings = TwilioSettings(account=ACCOUNT, token=_secret("T_TOKEN"), url=there.url, timeout_s=there.timeout_s)
    return Twilio(settings, PUBLIC)


def _kept(folder: Path, text: str) -> SecretFrom:
    """A secret that has to hold the server's address."""
    path = folder / "address"
    path.write_text(text, encoding="utf-8")
    return SecretFrom(file=str(path))


def _mail(there: Place) -> Effect:
    sender = "fire@example.org"
    return Mail(EmailSettings(host="127.0.0.1", port=there.port, sender=sender, timeout_s=there.timeout_s))


def _webhook(there: Place) -> Effect:
    return Webhook(WebhookSettings(secret=_secret("T_SECRET"), timeout_s=there.timeout_s))


def _grafana(there: Place) -> Effect:
    return Annotations(GrafanaSettings(url=there.url, token=_secret("T_SECRET"), timeout_s=there.timeout_s))


def _pagerduty(there: Place) -> Effect:
    services = {"comms": _secret("T_KEY")}
    return PagerDuty(PagerDutySettings(services=services, url=there.url, timeout_s=there.timeout_s))


def _slack(there: Place) -> Effect:
    webhook = _kept(there.folder, f"{there.url}{PATH}")
    signing = _secret("T_SECRET")
    return Slack(SlackSettings(webhook=webhook, signing_secret=signing, timeout_s=there.timeout_s), has_public_url=True)


def _alertmanager(there: Place) -> Effect:
    return Alertmanager(AlertmanagerSettings(url=there.url, token=_secret("T_SECRET"), timeout_s=there.timeout_s))


def _apprise(there: Place) -> Effect:
    target = _kept(there.folder, f"json://127.0.0.1:{there.port}/chat")
    return Apprise(AppriseSettings(targets={"chat": target}, timeout_s=there.timeout_s))


SIDES = [
    MailSide(Channel.EMAIL, lambda url: "", _mail, _ok(), lambda _: "", lambda _: "", asks_to_wait=False),
    Side(
        Channel.SMS,
        lambda url: VALID,
        lambda there: Texts(_twilio(there), VALID),
        lambda: TwilioApi().answer,
        lambda request: _fields(request)["Body"],
        lambda request: "",
    ),
    Side(
        Channel.VOICE,
        lambda url: VALID,
        lambda there: Calls(_twilio(there), VALID),
        lambda: TwilioApi().answer,
        lambda request: spoken(_fields(request)["Twiml"]),
        lambda request: "",
    ),
    Side(
        Channel.SLACK,
        lambda url: "U024BE7LH",
        _slack,
        lambda: SlackChannel().answer,
        _json,
        lambda request: "",
        wrong_credentials=403,
    ),
    Side(
        Channel.PAGERDUTY,
        lambda url: "comms",
        _pagerduty,
        lambda: PagerDutyEvents().answer,
        _json,
        lambda request: str(json.loads(request.body)["dedup_key"]),
    ),
    Side(
        Channel.ALERTMANAGER,
        lambda url: "ada",
        _alertmanager,
        _ok(),
        _json,
        lambda request: json.dumps(json.loads(request.body)[0]["labels"], sort_keys=True),
    ),
    Side(
        Channel.APPRISE,
        lambda url: "chat",
        _apprise,
        _ok(),
        _json,
        lambda request: "",
        says_why=False,
    ),
    Side(
        Channel.WEBHOOK,
        lambda url: f"{url}/hook",
        _webhook,
        _ok(),
        _json,
        lambda request: request.headers["Idempotency-Key"],
    ),
    Side(
        Channel.GRAFANA,
        lambda url: "",
        _grafana,
        _ok(text='{"message": "Annotation added", "id": 1}'),
        _json,
        lambda request: "",
        asks_to_wait=False,
    ),
]
