"""What is wrong with the addresses in the settings that are no secrets: of people, services and the console. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import urlsplit

from playbooks.settings import PlaybookSettings
from playbooks.settings.section import EMAIL
from playbooks.settings.web_address import address_fault

#: The one address that is never a secret, so a message repeats it.
PUBLIC_URL = "console.public_url"


def address_faults(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    """Where something is wrong (a path from ``$``), and what, in words.

    >>> from playbooks.settings import ConsoleSettings
    >>> list(address_faults(PlaybookSettings(console=ConsoleSettings(public_url="fire.example.org"))))[0][1]
    "console.public_url is no http or https address; write one like https://host; found 'fire.example.org'"
    """
    for name, address in _addresses(settings):
        if address is not None and (wrong := address_fault(address)):
            shown = f"; found {address!r}" if name == PUBLIC_URL and "@" not in address else ""
            yield f"$.{name}", f"{name} {wrong}{shown}"
    yield from _public_url(settings.console.public_url)
    yield from _sender(settings)


def _public_url(public: str | None) -> Iterator[tuple[str, str]]:
    if public is not None and not address_fault(public) and set("?#") & set(public):
        yield (
            "$.console.public_url",
            f"console.public_url is what links begin with, so nothing of it may stand after ? or #; found {public!r}, "
            f"write {_before_query(public)!r}",
        )


def _sender(settings: PlaybookSettings) -> Iterator[tuple[str, str]]:
    email = settings.channels.email
    if email is not None and not (email.sender.isprintable() and re.search(EMAIL, parseaddr(email.sender)[1])):
        yield (
            "$.channels.email.sender",
            f"channels.email.sender is no e-mail address; found {email.sender!r}, write one like firebreak@example.com "
            "or 'Firebreak <firebreak@example.com>'",
        )


def _addresses(settings: PlaybookSettings) -> Iterator[tuple[str, str | None]]:
    channels = settings.channels
    yield PUBLIC_URL, settings.console.public_url
    for name, section in (
        ("grafana.url", settings.grafana),
        ("channels.twilio.url", channels.twilio),
        ("channels.pagerduty.url", channels.pagerduty),
        ("channels.alertmanager.url", channels.alertmanager),
    ):
        yield name, section.url if section else None
    for key, person in settings.people.items():
        yield f"people.{key}.webhook", person.webhook


def _before_query(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
