"""PagerDuty, by its Events API v2: trigger, acknowledge, resolve.

An event's ``dedup_key`` is made of the incident, the action and the service, so a second try of one page is the same
alert there, several people on one service are paged once, and a later page about the same incident rings anew:
PagerDuty tells nobody of a trigger whose alert is open. When the incident is acknowledged or over here, each of these
alerts is.

Source: PagerDuty, Events API v2, "Send an alert event" (``POST /v2/enqueue``; 202, 400, 429, 5xx).
"""

from __future__ import annotations

import msgspec

from detectors.mention import rfc3339
from playbooks.effects.http_answer import by_status
from playbooks.effects.http_post import Answer, Poster, json_object
from playbooks.effects.message import Message, Stage, idempotency_key
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome
from playbooks.effects.plain_text import clipped, one_line, paragraph, unlinked
from playbooks.effects.wording import NO_LINK, facts, marked_subject, place_word
from playbooks.labels import ActionKind, Channel
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import PagerDutySettings
from playbooks.settings.people import Person

PATH = "/v2/enqueue"
#: PagerDuty's bounds: of a summary, of a ``dedup_key``, and of a whole event (512 kB), of which the text gets a part.
MAX_SUMMARY_CHARS = 1024
MAX_TEXT_CHARS = 20_000
KEY_PREFIX = "firebreak/"

_SEVERITY = {0: "info", 1: "info", 2: "warning", 3: "error", 4: "critical", 5: "critical"}
_ACTION = {Stage.OPEN: "trigger", Stage.ACKNOWLEDGED: "acknowledge", Stage.RESOLVED: "resolve"}


class PagerDuty:
    """Sends events to the services people name. Raises `MissingSecret` where an integration key is not there."""

    channel = Channel.PAGERDUTY

    def __init__(self, settings: PagerDutySettings) -> None:
        self._url = settings.url.rstrip("/") + PATH
        self._poster = Poster("PagerDuty", settings.timeout_s, "channels.pagerduty.url")
        self._keys = {
            name: place.read(f"channels.pagerduty.services.{name}") for name, place in settings.services.items()
        }

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> PagerDuty | None:
        """The effect, or None where ``channels.pagerduty`` is not set."""
        return cls(settings.channels.pagerduty) if settings.channels.pagerduty else None

    def address(self, person: Person) -> str | None:
        """The name of the service that pages for them."""
        return person.pagerduty

    async def send(self, message: Message) -> Outcome:
        """Send the event, or one for each alert that is to be acknowledged or closed."""
        key = self._keys.get(message.address)
        if key is None:
            return Failed(FailedReason.NOT_CONFIGURED, "PagerDuty: the person's service is not in the settings")
        outcome: Outcome = Delivered("PagerDuty: nothing there to acknowledge or close")
        for event in events(message, key):
            outcome = await self._post(event, message)
            if not isinstance(outcome, Delivered):
                return outcome
        return outcome

    async def _post(self, event: dict[str, object], message: Message) -> Outcome:
        def understood(answer: Answer) -> Outcome:
            return outcome_of(answer, message.sending_ms)

        headers = {"Content-Type": "application/json"}
        return await self._poster.post(self._url, msgspec.json.encode(event), headers, understood)


def dedup_key(incident: str, action: str, service: str) -> str:
    """What PagerDuty knows an alert by: the same for each try, and for everybody who shares a service.

    >>> dedup_key("inc-1", "act-1", "comms")
    'firebreak/inc-1/869b1bd57faaed6ba938a44bb980cc90'
    """
    return f"{KEY_PREFIX}{incident}/" + idempotency_key(action, service, Channel.PAGERDUTY).removeprefix("firebreak-")


def incident_of(key: str) -> str | None:
    """The incident that a ``dedup_key`` is about, or None where it is none of ours.

    >>> incident_of("firebreak/inc-1/ab"), incident_of("srv01/HTTP")
    ('inc-1', None)
    """
    incident, slash, _ = key.removeprefix(KEY_PREFIX).partition("/")
    return incident if key.startswith(KEY_PREFIX) and slash else None


def events(message: Message, key: Secret) -> list[dict[str, object]]:
    """The events of a message: one trigger, or one end for each earlier alert."""
    stage, incident = message.notice.stage, message.notice.incident
    common: dict[str, object] = {"routing_key": key.reveal(), "event_action": _ACTION[stage]}
    if stage is Stage.OPEN:
        own = dedup_key(incident, message.reference.action, message.address)
        return [{**common, "dedup_key": own, **_alert(message)}]
    return [{**common, "dedup_key": dedup_key(incident, action, message.address)} for action in message.earlier]


def outcome_of(answer: Answer, now_ms: int) -> Outcome:
    """What PagerDuty's answer means. Only its codes are repeated: its words could hold the key.

    >>> outcome_of(Answer(429, "7", b""), 0)
    Retry(reason=<RetryReason.BUSY: 'busy'>, answer='PagerDuty: HTTP 429', after_s=7.0)
    """
    said, code = json_object(answer.body), f"PagerDuty: HTTP {answer.status}"
    if answer.status == 202:
        return Delivered(code)
    if 200 <= answer.status <= 299:
        return Failed(FailedReason.NOT_UNDERSTOOD, f"{code} is not PagerDuty's answer")
    if answer.status == 400 and "routing_key" in str(said.get("errors", "")):
        return Failed(FailedReason.BAD_CREDENTIALS, f"{code}: the integration key")
    return by_status(answer.status, answer.retry_after, now_ms, "PagerDuty")


def _alert(message: Message) -> dict[str, object]:
    notice, links = message.notice, message.links
    severity = _SEVERITY[min(notice.severity, 5)] if message.action is ActionKind.PAGE else "info"
    shown = ((links.incident, place_word(message)), (links.runbook, "Runbook")) if links else ()
    return {
        "client": "Firebreak",
        **({"client_url": links.incident} if links else {}),
        "links": [{"href": address, "text": words} for address, words in shown if address],
        "payload": {
            "summary": clipped(unlinked(marked_subject(message)), MAX_SUMMARY_CHARS),
            "source": unlinked(one_line(notice.platform or "") or one_line(notice.brand) or "firebreak"),
            "severity": severity,
            "timestamp": rfc3339(message.at_ms),
            "component": unlinked(one_line(notice.brand)),
            "class": unlinked(one_line(notice.playbook)),
            "custom_details": {
                "text": clipped(unlinked(paragraph(notice.text)), MAX_TEXT_CHARS),
                **{name: unlinked(value) for name, value in facts(message)},
                **({} if links else {"link": NO_LINK}),
                "runbook": clipped(unlinked(paragraph(notice.runbook)), MAX_TEXT_CHARS),
            },
        },
    }
