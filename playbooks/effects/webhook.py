"""A signed webhook: one JSON object by HTTP POST, for whatever takes pages and notices at the other end.

The receiver checks ``X-Firebreak-Signature`` (the hexadecimal HMAC-SHA256 of timestamp, a full stop and the body, as
Firebreak's own webhook for mentions asks for) with the shared secret, refuses an ``X-Firebreak-Timestamp`` (seconds
since 1970 UTC) that is too old, and drops an ``Idempotency-Key`` that it has seen: the body of a second try is the same
to the byte.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from detectors.mention import rfc3339
from detectors.signal import Signal
from playbooks.effects.http_answer import by_status
from playbooks.effects.http_post import Answer, Poster
from playbooks.effects.message import Message, Stage
from playbooks.effects.outcome import Outcome
from playbooks.effects.plain_text import encodable
from playbooks.labels import ActionKind, Channel
from playbooks.secret import Secret
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import WebhookSettings
from playbooks.settings.people import Person


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver gets. `drill` is true where nothing of it is real; links are null without a public address.

    `stage` is other than open where it says that the incident is acknowledged, or over. By `acknowledge_url` and
    `escalate_url` the person whom it is for acts: whoever has them can, so they belong to that person alone.
    """

    id: str
    action: ActionKind
    drill: bool
    run: str
    at: str
    to: str
    subject: str
    text: str
    brand: str
    platform: str | None
    severity: int
    incident: str
    playbook: str
    version: str
    runbook: str
    incident_url: str | None
    runbook_url: str | None
    acknowledge_url: str | None
    escalate_url: str | None
    stage: Stage
    signal: Signal | None


class Webhook:
    """Posts messages to people's webhooks. Raises `MissingSecret` where the signing secret is not there."""

    channel = Channel.WEBHOOK

    def __init__(self, settings: WebhookSettings) -> None:
        self._poster = Poster("HTTP", settings.timeout_s, "the person's webhook")
        self._secret = settings.secret.read("channels.webhook.secret")

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Webhook | None:
        """The effect, or None where ``channels.webhook`` is not set."""
        return cls(settings.channels.webhook) if settings.channels.webhook else None

    def address(self, person: Person) -> str | None:
        """The address of their webhook; it may hold a token, so it is in no error."""
        return person.webhook

    async def send(self, message: Message) -> Outcome:
        """Post once, within ``timeout_s`` for the whole of it; redirects are not followed."""
        body = msgspec.json.encode(payload(message))
        headers = signed_headers(message.key, body, message.sending_ms // 1000, self._secret)

        def understood(answer: Answer) -> Outcome:
            return by_status(answer.status, answer.retry_after, message.sending_ms)

        return await self._poster.post(message.address, body, headers, understood, reads=False)


def payload(message: Message) -> Payload:
    """The JSON object; nothing in it depends on when or how often it is sent."""
    notice, links = message.notice, message.links
    mark = "DRILL: " if message.is_drill else ""
    return Payload(
        id=message.key,
        action=message.action,
        drill=message.is_drill,
        run=message.run.id,
        at=rfc3339(message.at_ms),
        to=encodable(message.person),
        subject=mark + encodable(notice.subject),
        text=mark + encodable(notice.text),
        brand=encodable(notice.brand),
        platform=None if notice.platform is None else encodable(notice.platform),
        severity=notice.severity,
        incident=notice.incident,
        playbook=encodable(notice.playbook),
        version=notice.version,
        runbook=encodable(notice.runbook),
        incident_url=links.incident if links else None,
        runbook_url=(links.runbook or None) if links else None,
        acknowledge_url=(links.acknowledge or links.confirm or None) if links else None,
        escalate_url=(links.escalate or None) if links else None,
        stage=notice.stage,
        signal=notice.signal,
    )


def signature(secret: Secret, timestamp_s: int, body: bytes) -> str:
    """What ``X-Firebreak-Signature`` must be.

    >>> signature(Secret("key"), 0, b"{}")[:16]
    '7314351dd949aa7e'
    """
    signed = str(timestamp_s).encode() + b"." + body
    return hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()


def signed_headers(key: str, body: bytes, timestamp_s: int, secret: Secret) -> dict[str, str]:
    """The headers of one try."""
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "X-Firebreak-Timestamp": str(timestamp_s),
        "X-Firebreak-Signature": signature(secret, timestamp_s, body),
    }
