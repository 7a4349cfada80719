"""Annotations in Grafana: a line over the graphs for each signal, page, hold and release.

The library (``grafana-api``) is synchronous, so each call has a thread of its own that nothing waits for at the end.
Grafana knows no idempotency key, so the runner does not repeat an annotation that was perhaps made; one that is
missing is noted and nothing more.
"""

from __future__ import annotations

from contextlib import closing
from urllib.parse import urlsplit

import requests
from grafana_api.grafana_api import GrafanaException
from grafana_api.grafana_face import GrafanaFace
from urllib3.exceptions import MaxRetryError, NewConnectionError

from playbooks.effects.check import Checked
from playbooks.effects.http_answer import by_status
from playbooks.effects.http_post import Answer, Poster
from playbooks.effects.message import Message
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Outcome, Retry, RetryReason
from playbooks.effects.own_thread import OwnThreads
from playbooks.effects.plain_text import one_line, paragraph
from playbooks.labels import Channel
from playbooks.settings import GrafanaSettings, PlaybookSettings
from playbooks.settings.people import Person

#: A Grafana that takes connections and never answers may keep so many threads, no more.
MAX_UNDER_WAY = 4


class Annotations:
    """Makes annotations. Raises `MissingSecret` where Grafana's token is not there."""

    channel = Channel.GRAFANA

    def __init__(self, settings: GrafanaSettings) -> None:
        self._settings = settings
        self._token = settings.token.read("grafana.token")
        self._threads = OwnThreads("Grafana", MAX_UNDER_WAY, settings.timeout_s)

    @classmethod
    def opened(cls, settings: PlaybookSettings) -> Annotations | None:
        """The effect, or None where ``grafana`` is not set."""
        return cls(settings.grafana) if settings.grafana else None

    def address(self, person: Person) -> str | None:
        """Nobody is reached by a line on a graph."""
        return None

    async def send(self, message: Message) -> Outcome:
        """Make one annotation, within ``timeout_s``."""
        return await self._threads.do(lambda: self._post(message))

    async def check(self) -> Checked:
        """Ask for one annotation: the token may read them. That it may make them shows when one is made."""
        url = self._settings.url.rstrip("/") + "/api/annotations?limit=1"
        poster = Poster("Grafana", self._settings.timeout_s, "grafana.url")
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Accept": "application/json"}
        said = await poster.ask("GET", url, b"", headers)
        if not isinstance(said, Answer):
            return Checked(said)
        outcome = by_status(said.status, said.retry_after, 0, "Grafana")
        if isinstance(outcome, Delivered):
            own = said.body.lstrip().startswith(b"[")
            outcome = Delivered("Grafana lets us in") if own else _understood(None)
        return Checked(outcome, said.date)

    def _post(self, message: Message) -> Outcome:
        try:
            grafana = _grafana(self._settings.url, self._token.reveal(), self._settings.timeout_s)
            with closing(grafana.api.s):
                made = grafana.annotations.add_annotation(
                    time_from=message.at_ms, tags=list(tags(message)), text=text(message)
                )
            return _understood(made)
        except (GrafanaException, requests.RequestException, ValueError, TypeError) as fault:
            return outcome_of(fault)


def tags(message: Message) -> tuple[str, ...]:
    """The tags of an annotation: what it marks, whose, where, and whether it is a drill."""
    notice = message.notice
    moment = notice.moment.value if notice.moment else ""
    found = ("firebreak", moment, notice.brand, notice.platform or "", "drill" if message.is_drill else "")
    return tuple(one_line(tag, 64) for tag in found if tag)


def text(message: Message) -> str:
    """The text of an annotation. Grafana shows it as HTML, so what could be a tag is written out."""
    notice = message.notice
    lines = (
        ("DRILL: " if message.is_drill else "") + one_line(notice.subject),
        paragraph(notice.text).strip(),
        message.links.incident if message.links else "",
    )
    shown = "\n".join(line for line in lines if line)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def outcome_of(fault: Exception) -> Outcome:
    """What a fault in talking to Grafana means. None of Grafana's words are in it.

    >>> outcome_of(GrafanaException(401, {}, "Unauthorized")).reason.value
    'bad_credentials'
    """
    match fault:
        case GrafanaException():
            return by_status(fault.status_code, None, 0)
        case requests.TooManyRedirects():
            return Failed(FailedReason.REDIRECTED, "Grafana: the address leads elsewhere")
        case (
            requests.ConnectTimeout() | requests.ConnectionError(args=[MaxRetryError(reason=NewConnectionError()), *_])
        ):
            return Retry(RetryReason.UNREACHABLE, "Grafana: no connection to the server")
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidSchema():
            return Failed(FailedReason.BAD_ADDRESS, "Grafana: grafana.url is no http or https address")
        case requests.ConnectionError() | requests.Timeout():
            return Retry(RetryReason.NO_ANSWER, "Grafana: no answer after the request was under way")
        case _:
            return Failed(FailedReason.NOT_UNDERSTOOD, "Grafana: the answer is not Grafana's")


def _understood(made: object) -> Outcome:
    if isinstance(made, dict) and isinstance(made.get("id"), int):
        return Delivered(f"Grafana annotation {made['id']}")
    return Failed(FailedReason.NOT_UNDERSTOOD, "Grafana: the answer is not Grafana's")


def _grafana(url: str, token: str, timeout_s: float) -> GrafanaFace:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise requests.exceptions.InvalidURL("grafana.url")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    prefix = parts.path.strip("/")
    grafana = GrafanaFace(
        auth=token,
        host=host,
        port=parts.port,
        url_path_prefix=f"{prefix}/" if prefix else "",
        protocol=parts.scheme,
        timeout=timeout_s,
    )
    grafana.api.s.max_redirects = 0
    return grafana
