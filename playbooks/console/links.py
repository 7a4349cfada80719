"""One-time links by which people sign in: made where the console runs, by whoever runs it, never on a page.

So that nobody who is signed in can make a link for a second person and release a hold as both.
"""

from __future__ import annotations

from sqlalchemy import Engine

from playbooks.console.signing_in import LINK_PATH
from playbooks.settings import PlaybookSettings
from playbooks.store.engine import migrate, open_store
from playbooks.store.sessions import anybody_signed_in, issue_link

LINK_VALID_MS = 3_600_000


class UnknownPerson(Exception):
    """A link for somebody whom the settings do not name; the message says who there is."""


def first_link(engine: Engine, settings: PlaybookSettings, port: int, now_ms: int) -> str | None:
    """A link for whoever of the people opens it, or None where somebody is signed in and needs none."""
    return None if anybody_signed_in(engine, now_ms) else _link(engine, settings, "", port, now_ms)


def link_for(settings: PlaybookSettings, person: str, now_ms: int) -> str:
    """A new link that signs `person` in, once and within the hour; one made for them before stops working.

    Raises `UnknownPerson` and `StoreUnreachable`.
    """
    if person not in settings.people:
        known = ", ".join(sorted(settings.people)) or "nobody"
        raise UnknownPerson(f"{person!r} is not under people in the settings (there: {known})")
    engine = open_migrated(settings)
    try:
        return _link(engine, settings, person, settings.console.port, now_ms)
    finally:
        engine.dispose()


def open_migrated(settings: PlaybookSettings) -> Engine:
    """The store, with this version's tables; raises `StoreUnreachable`."""
    engine = open_store(settings.store)
    migrate(engine)
    return engine


def _link(engine: Engine, settings: PlaybookSettings, person: str, port: int, now_ms: int) -> str:
    secret = issue_link(engine, person, now_ms, LINK_VALID_MS)
    base = settings.console.public_url or f"http://{_reached_at(settings.console.host)}:{port}"
    return base.rstrip("/") + LINK_PATH.format(secret=secret)


def _reached_at(host: str) -> str:
    """What a browser on this machine calls the address that the console listens on."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host
