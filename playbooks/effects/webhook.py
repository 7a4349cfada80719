"""A signed webhook: one JSON object by HTTP POST, for whatever takes pages and notices at the other end.

The receiver checks ``X-Firebreak-Signature`` (the hexadecimal HMAC-SHA256 of timestamp, a full stop and the body, as
Firebreak's own webhook for mentions asks for) with the shared secret, refuses an ``X-Firebreak-Timestamp`` (seconds
since 1970 UTC) that is too old, and drops an ``Idempotency-Key`` that it has seen: the body of a second try is the same
to the byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping

import aiohttp
import msgspec

from detectors.mention import rfc3339
from detectors.signal import Signal
from playbooks.effects.http_answer import by_status
from playbooks.effects.message import Message
from playbooks.effects.outcome import Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.labels import ActionKind, Channel
from playbooks.secret import Secret
from playbooks.settings import Person, PlaybookSettings, WebhookSettings


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver gets. `drill` is true where nothing of it is real; links are null without a public address."""

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
    signal: Signal | None


class Webhook:
    """Posts messages to people's webhooks. Raises `MissingSecret` where the signing secret is not there."""

    channel = Channel.WEBHOOK

    def __init__(self, settings: WebhookSettings) -> None:
        self._timeout_s = settings.timeout_s
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
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(message, body, headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Retry(RetryReason.UNREACHABLE, "HTTP: no connection to the server")
        except (TimeoutError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            return Retry(RetryReason.NO_ANSWER, "HTTP: no answer after the request was under way")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
            return Failed(FailedReason.BAD_ADDRESS, "HTTP: the person's webhook is no http or https address")
        except aiohttp.ClientError:
            return Retry(RetryReason.SERVER_FAULT, "HTTP: the answer is not HTTP")

    async def _post(self, message: Message, body: bytes, headers: Mapping[str, str]) -> Outcome:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s / 2)
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session,
            session.post(message.address, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return by_status(answer.status, answer.headers.get("Retry-After"), message.sending_ms)


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
        to=message.person,
        subject=mark + notice.subject,
        text=mark + notice.text,
        brand=notice.brand,
        platform=notice.platform,
        severity=notice.severity,
        incident=notice.incident,
        playbook=notice.playbook,
        version=notice.version,
        runbook=notice.runbook,
        incident_url=links.incident if links else None,
        runbook_url=(links.runbook or None) if links else None,
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
        "User-Agent": "Firebreak",
        "Idempotency-Key": key,
        "X-Firebreak-Timestamp": str(timestamp_s),
        "X-Firebreak-Signature": signature(secret, timestamp_s, body),
    }
