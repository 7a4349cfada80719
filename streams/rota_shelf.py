"""The copies of calendars in the store, for a command that asks for calendars itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.settings import Settings

if TYPE_CHECKING:
    from playbooks.oncall.shelf import StoreShelf


def shelf_of(settings: Settings) -> StoreShelf | None:
    """The copies, where there are calendars and a store with this version's tables; a command makes none."""
    from playbooks.oncall.shelf import StoreShelf
    from playbooks.readiness.pulse import is_made
    from playbooks.settings.section import MissingSecret
    from playbooks.store.engine import StoreUnreachable, open_store, reading
    from playbooks.store.migrated import newest, schema_of

    has_calendars = any(rota.ical is not None and rota.ical.url is not None for rota in settings.rotas.values())
    if not has_calendars or not is_made(settings.store):
        return None
    try:
        engine = open_store(settings.store)
        with reading(engine) as conn:
            return StoreShelf.plain(engine) if schema_of(conn) == newest() else None
    except (StoreUnreachable, MissingSecret):
        return None
