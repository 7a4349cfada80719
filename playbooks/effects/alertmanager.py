"""Prometheus Alertmanager, by its API v2: an alert fires while nobody has acknowledged what it tells of.

An alert is known by its labels, and they are the same for each try. Alertmanager ends an alert that it hears nothing
more of (``resolve_timeout``), so ours say how long they fire: ``firing_h``. When the incident is acknowledged or over,
those of its alerts that are still there are ended: they are asked for, and sent back with an end.

Routes go by ``receiver`` (what a person's ``alertmanager`` says), ``kind`` (page, notify), ``severity`` (1 to 5),
``brand``, ``platform``, ``playbook`` and ``drill``.

Source: Alertmanager's ``api/v2/openapi.yaml`` (``GET`` and ``POST /api/v2/alerts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from detectors.mention import rfc3339
from playbooks.effects.check import Checked
from playbooks.effects.http_answer import by_status
from playbooks.effects.http_post import Answer, Poster, basic, json_object
from playbooks.effects.message import Message, Stage
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome
from playbooks.effects.plain_text import clipped, one_line, paragraph, unlinked
from playbooks.effects.wording import NO_LINK, marked_subject
from playbooks.labels import Channel
from playbooks.settings import PlaybookSettings
from playbooks.settings.channels import AlertmanagerSettings
from playbooks.settings.people import Person

PATH = "/api/v2/alerts"
STATUS_PATH = "/api/v2/status"
NAME = "Firebreak"
MAX_TEXT_CHARS = 10_000

_NOT_ITS_OWN = Failed(FailedReason.NOT_UNDERSTOOD, "Alertmanager: the answer is not Alertmanager's")


class Alert(msgspec.Struct, frozen=True, rename="camel"):
    """One alert as it is posted. Times are RFC 3339."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: str = ""
    ends_at: str = ""
    generator_url: str = msgspec.field(default="", name="generatorURL")


class Alertmanager:
    """Posts alerts. Raises `MissingSecret` where a password or token that is named is not there."""

    channel = Channel.ALERTMANAGER

    def __init__(self, settings: AlertmanagerSettings) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/") + PATH
        self._poster = Poster("Alertmanager", settings.timeout_s, "channels.alertmanager.url")
        self._password = settings.password.read("channels.alertmanager.password") if settings.password else None
        self._token = settings.token.read("channels.alertmanager.token") if settings.token else None

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Alertmanager | None:
        """The effect, or None where ``channels.alertmanager`` is not set."""
        return cls(settings.channels.alertmanager) if settings.channels.alertmanager else None

    def address(self, person: Person) -> str | None:
        """What their alerts are labelled with, for the routes."""
        return person.alertmanager

    async def send(self, message: Message) -> Outcome:
        """Post the alert, or end those that are there."""
        if message.notice.stage is Stage.OPEN:
            return await self._post([alert(message, self._settings.firing_h)], message)
        said = await self._poster.ask("GET", f"{self._url}?{open_ones(message)}", b"", self._headers())
        if not isinstance(said, Answer):
            return said
        outcome = outcome_of(said, message.sending_ms)
        if not isinstance(outcome, Delivered):
            return outcome
        try:
            found = msgspec.json.decode(said.body, type=list[Alert])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _NOT_ITS_OWN
        return await self._post([ended(one, message.sending_ms) for one in found], message) if found else outcome

    async def check(self) -> Checked:
        """Ask how it is. It says so whether or not its routes lead anywhere."""
        url = self._settings.url.rstrip("/") + STATUS_PATH
        said = await self._poster.ask("GET", url, b"", self._headers())
        if not isinstance(said, Answer):
            return Checked(said)
        outcome = by_status(said.status, said.retry_after, 0, "Alertmanager")
        if isinstance(outcome, Delivered):
            answers = Delivered("Alertmanager answers and lets us in")
            outcome = answers if "versionInfo" in json_object(said.body) else _NOT_ITS_OWN
        return Checked(outcome, said.date)

    async def _post(self, alerts: list[Alert], message: Message) -> Outcome:
        def understood(answer: Answer) -> Outcome:
            taken = outcome_of(answer, message.sending_ms)
            # Alertmanager's own yes is empty; a proxy that answers for it says something.
            return _NOT_ITS_OWN if isinstance(taken, Delivered) and answer.body.strip() else taken

        return await self._poster.post(self._url, msgspec.json.encode(alerts), self._headers(), understood)

    def _headers(self) -> Mapping[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        elif self._password:
            headers["Authorization"] = basic(self._settings.username or "", self._password)
        return headers


def alert(message: Message, firing_h: float) -> Alert:
    """The alert of a page or a notice. Only what is the same in every try is in its labels."""
    notice, links = message.notice, message.links
    labels = {
        **_found_by(message),
        "kind": message.action.value,
        "action": message.reference.action,
        "brand": one_line(notice.brand),
        "platform": one_line(notice.platform or ""),
        "playbook": one_line(notice.playbook),
        "severity": str(notice.severity),
        "drill": "true" if message.is_drill else "false",
    }
    annotations = {
        "summary": unlinked(marked_subject(message)),
        "description": clipped(unlinked(paragraph(notice.text)), MAX_TEXT_CHARS),
        "runbook": clipped(unlinked(paragraph(notice.runbook)), MAX_TEXT_CHARS),
        "incident_url": links.incident if links else NO_LINK,
        "runbook_url": links.runbook if links else "",
    }
    return Alert(
        # An empty label is none to Alertmanager, and would come back as none.
        labels={name: unlinked(value) for name, value in labels.items() if value},
        annotations={name: value for name, value in annotations.items() if value},
        starts_at=rfc3339(min(message.at_ms, message.sending_ms)),
        ends_at=rfc3339(message.sending_ms + int(firing_h * 3_600_000)),
        generator_url=links.incident if links else "",
    )


def open_ones(message: Message) -> str:
    """The query for the alerts of the message's incident and receiver."""
    wanted = [("filter", f"{name}={_quoted(value)}") for name, value in _found_by(message).items()]
    return urlencode(wanted)


def ended(one: Alert, now_ms: int) -> Alert:
    """The same alert, over at `now_ms`.

    >>> ended(Alert({"alertname": "Firebreak"}, starts_at="1970-01-01T00:00:00Z"), 1000).ends_at
    '1970-01-01T00:00:01.000Z'
    """
    return msgspec.structs.replace(one, ends_at=rfc3339(now_ms))


def outcome_of(answer: Answer, now_ms: int) -> Outcome:
    """What Alertmanager's answer means.

    >>> outcome_of(Answer(400, None, b"bad label"), 0)
    Failed(reason=<FailedReason.REFUSED: 'refused'>, answer='Alertmanager: HTTP 400')
    """
    if 201 <= answer.status <= 299:
        return _NOT_ITS_OWN
    return by_status(answer.status, answer.retry_after, now_ms, "Alertmanager")


def _found_by(message: Message) -> dict[str, str]:
    return {"alertname": NAME, "incident": one_line(message.notice.incident), "receiver": message.address}


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
