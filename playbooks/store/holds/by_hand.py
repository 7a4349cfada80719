"""Placing a hold by hand: in force from the commit, in an incident of its own, and told at once."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from playbooks.content.hold_scope import EVERY_BRAND
from playbooks.holds.by_hand import ByHand, as_asked, can_be_a_platform, names_nothing, placing
from playbooks.settings import PlaybookSettings
from playbooks.store import schema, timers
from playbooks.store.delivery import outbox
from playbooks.store.engine import writing
from playbooks.store.holds.deeds import HoldTold, plain_reason
from playbooks.store.holds.holds import place
from playbooks.store.incidents import log as incident_log
from playbooks.store.incidents.rows import incident_row, lock_brand


def place_by_hand(
    engine: Engine, about: ByHand, person: str, reason: str, settings: PlaybookSettings, now_ms: int
) -> tuple[HoldTold, str]:
    """Place a hold, in force from the commit; what came of it, and the hold's id.

    Anybody among the settings' people may: it is opened by the roles that it names.
    """
    reason = plain_reason(reason)
    if person not in settings.people:
        return HoldTold.NO_PERSON, ""
    if about.protects and about.protects not in settings.people:
        return HoldTold.NO_PERSON, ""
    if about.brand not in (*settings.brands, EVERY_BRAND):
        return HoldTold.NO_SUCH_BRAND, ""
    if not about.released_by or any(role not in settings.roles for role in about.released_by):
        return HoldTold.NO_SUCH_ROLE, ""
    about = as_asked(about)
    if not can_be_a_platform(about.platform):
        return HoldTold.NO_PLATFORM, ""
    if names_nothing(about.only):
        return HoldTold.NO_NAME, ""
    if not reason:
        return HoldTold.NO_REASON, ""
    found = placing(about, person, settings.people[person].name, reason, settings.roles, now_ms)
    with writing(engine) as conn:
        lock_brand(conn, "", about.brand)
        # Not open: no signal joins it, and it bars no other.
        row = incident_row(found.incident, found.opened, found.opened.signal, open=False)
        conn.execute(insert(schema.incidents).values(row))
        incident_log.append(
            conn, found.incident, [found.opened, *found.entries], actor=person, at_ms=now_ms, recorded_ms=now_ms
        )
        place(
            conn,
            hold_id=found.hold,
            incident=found.incident,
            run="",
            brand=about.brand,
            platform=about.platform,
            reason=reason,
            releasers_needed=about.releasers,
            placed_ms=now_ms,
            recorded_ms=now_ms,
            only=about.only,
            protects=about.protects,
            placed_by=person,
        )
        outbox.add(conn, found.due)
        timers.add(conn, found.wakes)
    return HoldTold.DONE, found.hold
