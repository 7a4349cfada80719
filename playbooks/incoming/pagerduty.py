"""An acknowledgement made in PagerDuty, told by one of its webhooks (version 3).

PagerDuty signs the bytes of the body (``v1=`` and HMAC-SHA256 by the subscription's secret; while a secret is changed
there are several). It names the alert by our ``dedup_key`` and the person by their id there. It goes on telling for a
long time what it could not tell at once: by then there may be something new to acknowledge, so an old word counts no
more, and the person is asked again.

Sources: PagerDuty, "Webhooks overview" (v3), "Verifying signatures", event type ``incident.acknowledged``.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import msgspec

from playbooks.effects.pagerduty import incident_of
from playbooks.incoming.heard import TakenThere, Unheard
from playbooks.secret import Secret

ACKNOWLEDGED = "incident.acknowledged"
#: An acknowledgement is listened to for so long.
WINDOW_S = 900


class _Agent(msgspec.Struct):
    id: str = ""
    type: str = ""


class _Incident(msgspec.Struct):
    incident_key: str | None = None


class _Event(msgspec.Struct):
    event_type: str
    occurred_at: datetime | None = None
    agent: _Agent | None = None
    data: _Incident = msgspec.field(default_factory=_Incident)


class _Webhook(msgspec.Struct):
    event: _Event


def heard(signed: str, body: bytes, secret: Secret, now_ms: int) -> TakenThere | Unheard:
    """What PagerDuty says, or why nothing follows from it. `signed` is the header ``X-PagerDuty-Signature``."""
    ours = signature(secret, body).encode()
    if not any(hmac.compare_digest(ours, one.strip().encode()) for one in signed.split(",")[:10]):
        return Unheard.NOT_SIGNED
    try:
        event = msgspec.json.decode(body, type=_Webhook).event
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unheard.NOT_UNDERSTOOD
    incident = incident_of(event.data.incident_key or "")
    person = event.agent is not None and event.agent.type == "user_reference"
    if event.event_type != ACKNOWLEDGED or incident is None or event.agent is None or not person:
        # Also the answer to an acknowledgement that we ourselves sent there: no person made it.
        return Unheard.NOTHING_TO_DO
    if event.occurred_at is None or event.occurred_at.tzinfo is None:
        return Unheard.NOT_UNDERSTOOD
    if abs(now_ms / 1000 - event.occurred_at.timestamp()) > WINDOW_S:
        return Unheard.NOTHING_TO_DO
    return TakenThere(incident, event.agent.id)


def signature(secret: Secret, body: bytes) -> str:
    """What ``X-PagerDuty-Signature`` must hold.

    >>> signature(Secret("key"), b"{}")[:12]
    'v1=a777724d9'
    """
    return "v1=" + hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()
