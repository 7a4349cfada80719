"""The addresses at which other programs speak to us, with the store behind them.

They stand on the console, below its public address, and each is there only where its secret is set. Nobody signs in:
the signature says who speaks. A fault of the store is a 503, so that the service tells us again.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

import msgspec
from aiohttp import web

from playbooks.console.desk import DESK, ID, Desk
from playbooks.effects.http_post import Poster
from playbooks.effects.plain_text import one_line
from playbooks.effects.twilio import ACKNOWLEDGE_DIGIT, DIGIT_PATH, REPORT_PATH
from playbooks.incidents.log_entry import AcknowledgedBy
from playbooks.incoming import pagerduty, slack, twilio
from playbooks.incoming.heard import Dialled, Pressed, Report, TakenThere, Unheard
from playbooks.request_body import Unreadable, receive_body
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.people import Person
from playbooks.store.delivery.contact_tests import TEST_PREFIX, note_outcome
from playbooks.store.delivery.reports import note_report
from playbooks.store.incidents.deeds import Told, acknowledge_by
from playbooks.store.incidents.incidents import as_it_stands, incident_view

_log = logging.getLogger(__name__)

SLACK_PATH = "/in/slack"
PAGERDUTY_PATH = "/in/pagerduty"
BODY_TIMEOUT_S = 3.0
#: Slack wants its own answer within three seconds.
SLACK_ANSWER_S = 1.5

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the services' signatures are checked with; None where a service is not set up to speak to us."""

    slack: Secret | None
    slack_webhook: Secret | None
    pagerduty: Secret | None
    twilio: Secret | None


def read_secrets(settings: PlaybookSettings) -> Secrets:
    """The secrets of the services that may speak to us; raises `MissingSecret`.

    >>> read_secrets(PlaybookSettings())
    Secrets(slack=None, slack_webhook=None, pagerduty=None, twilio=None)
    """
    channels = settings.channels
    signing = channels.slack.signing_secret if channels.slack else None
    webhook = channels.slack.webhook if channels.slack and signing else None
    hook = channels.pagerduty.webhook_secret if channels.pagerduty else None
    # Without a public address Twilio was never told where to report to.
    token = channels.twilio.token if channels.twilio and settings.console.public_url else None
    return Secrets(
        slack=signing.read("channels.slack.signing_secret") if signing else None,
        slack_webhook=webhook.read("channels.slack.webhook") if webhook else None,
        pagerduty=hook.read("channels.pagerduty.webhook_secret") if hook else None,
        twilio=token.read("channels.twilio.token") if token else None,
    )


def doors(secrets: Secrets) -> dict[str, Handler]:
    """The addresses (all by POST) and what answers there."""
    found: dict[str, Handler] = {}
    if secrets.slack and secrets.slack_webhook:
        found[SLACK_PATH] = _SlackDoor(secrets.slack, secrets.slack_webhook).take
    if secrets.pagerduty:
        found[PAGERDUTY_PATH] = _PagerDutyDoor(secrets.pagerduty).take
    if secrets.twilio:
        found[REPORT_PATH] = _TwilioDoor(secrets.twilio).report
        found[DIGIT_PATH] = _TwilioDoor(secrets.twilio).digit
    return found


class _SlackDoor:
    def __init__(self, secret: Secret, webhook: Secret) -> None:
        self._secret = secret
        self._webhook = webhook
        self._poster = Poster("Slack", SLACK_ANSWER_S, "Slack's own address")

    async def take(self, request: web.Request) -> web.Response:
        """A press on the button."""
        desk = request.app[DESK]
        pressed = slack.heard(request.headers, await _body(request), self._secret, desk.clock())
        if not isinstance(pressed, Pressed):
            # Slack shows its user a fault for anything but a 200.
            return web.Response(status=200) if pressed is Unheard.NOTHING_TO_DO else _refused("Slack", pressed)
        person = _who(desk, lambda known: known.slack == pressed.member)
        if person is None:
            words = f"You are not among the people of Firebreak (your member id is {one_line(pressed.member, 32)})."
            await self._answer(slack.answer(pressed, words, done=False), pressed)
            return web.Response(status=200)
        told = await _acknowledge(desk, pressed.incident, person, AcknowledgedBy.SLACK)
        done = told in (Told.DONE, Told.ALREADY)
        words = _words(told, desk.name_of(person)) + await _still_asked(desk, pressed.incident) * done
        await self._answer(slack.answer(pressed, words, done=done), pressed)
        return web.Response(status=200)

    async def _answer(self, said: dict[str, object], pressed: Pressed) -> None:
        if slack.same_house(pressed.answer_to, self._webhook):
            headers = {"Content-Type": "application/json; charset=utf-8"}
            await self._poster.ask("POST", pressed.answer_to, msgspec.json.encode(said), headers, reads=False)


class _PagerDutyDoor:
    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    async def take(self, request: web.Request) -> web.Response:
        """An acknowledgement made there."""
        desk = request.app[DESK]
        signed = request.headers.get("X-PagerDuty-Signature", "")
        taken = pagerduty.heard(signed, await _body(request), self._secret, desk.clock())
        if not isinstance(taken, TakenThere):
            return _refused("PagerDuty", taken)
        person = _who(desk, lambda known: known.pagerduty_user == taken.user)
        if person is None:
            _log.warning(
                "an acknowledgement in PagerDuty by %r is nobody's: no person has this pagerduty_user", taken.user
            )
            return web.Response(status=204)
        await _acknowledge(desk, taken.incident, person, AcknowledgedBy.PAGERDUTY)
        return web.Response(status=204)


class _TwilioDoor:
    def __init__(self, token: Secret) -> None:
        self._token = token

    async def report(self, request: web.Request) -> web.Response:
        """What became of a text or a call."""
        heard = await self._heard(request)
        report = heard if isinstance(heard, Unheard) else twilio.report_of(*heard)
        if not isinstance(report, Report):
            return _refused("Twilio", report)
        await _note(request.app[DESK], report)
        return web.Response(status=204)

    async def digit(self, request: web.Request) -> web.Response:
        """What somebody dialled while we spoke to them."""
        heard = await self._heard(request)
        dialled = heard if isinstance(heard, Unheard) else twilio.dialled(*heard)
        if not isinstance(dialled, Dialled):
            return _refused("Twilio", dialled)
        desk, person = request.app[DESK], dialled.report.person
        await _note(desk, dialled.report)
        if dialled.digit != ACKNOWLEDGE_DIGIT or person not in desk.settings.people:
            return _say("Nobody has it yet. Firebreak goes on calling. Goodbye.")
        told = await _acknowledge(desk, dialled.incident, person, AcknowledgedBy.TELEPHONE)
        return _say(f"{_words(told, desk.name_of(person))} Goodbye.")

    async def _heard(self, request: web.Request) -> tuple[dict[str, str], dict[str, str]] | Unheard:
        public = (request.app[DESK].settings.console.public_url or "").rstrip("/")
        signed = request.headers.get("X-Twilio-Signature", "")
        return twilio.heard(public + request.raw_path, await _body(request), signed, self._token)


async def _body(request: web.Request) -> bytes:
    try:
        return await receive_body(request, BODY_TIMEOUT_S)
    except (Unreadable, TimeoutError):
        raise web.HTTPBadRequest from None


async def _acknowledge(desk: Desk, incident: str, person: str, how: AcknowledgedBy) -> Told:
    if not re.fullmatch(ID, incident):  # what is no id of ours need not trouble the store
        return Told.NO_SUCH_INCIDENT
    told = await asyncio.to_thread(acknowledge_by, desk.engine, incident, person, how, desk.clock())
    _log.info("%r, %s: %s of incident %r", person, how.value, told.value, incident)
    return told


async def _still_asked(desk: Desk, incident: str) -> str:
    """Of whom else an acknowledgement is waited for, where each of several has to give theirs."""
    view = await asyncio.to_thread(incident_view, desk.engine, incident)
    found = desk.asked_each(await asyncio.to_thread(as_it_stands, desk.engine, view)) if view else []
    return "".join(f" Each of {one_line(role, 80)} has to: {one_line(words, 400)}" for role, words in found)


async def _note(desk: Desk, said: Report) -> None:
    if said.action.startswith(TEST_PREFIX):
        await asyncio.to_thread(note_outcome, desk.engine, said.action, said.outcome.value, said.detail)
        return
    row = (said.action, said.attempt, said.person, said.channel, said.outcome, said.detail)
    await asyncio.to_thread(note_report, desk.engine, *row, desk.clock(), settings=desk.settings)


def _who(desk: Desk, is_them: Callable[[Person], bool]) -> str | None:
    """The one person of the settings whom it fits; nobody where it would fit several."""
    found = [key for key, person in desk.settings.people.items() if is_them(person)]
    return found[0] if len(found) == 1 else None


def _refused(service: str, why: Unheard) -> web.Response:
    if why.status >= 400:
        _log.warning("a request that says it is %s's changes nothing: %s", service, why.value)
    return web.Response(status=why.status)


def _words(told: Told, name: str) -> str:
    match told:
        case Told.DONE:
            return f"{one_line(name, 80)} has it."
        case Told.ALREADY:
            return f"{one_line(name, 80)} had it already."
        case Told.IS_OVER:
            return "It is over already."
        case _:
            return "That could not be noted. Sign in to the console."


def _say(words: str) -> web.Response:
    return web.Response(text=f"<Response><Say>{escape(words)}</Say></Response>", content_type="text/xml")
