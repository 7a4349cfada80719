"""How each brand stands, for people: how it is armed, since when and by whom, and what it would have done."""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine

from playbooks.armings.arming import DAY_MS, Arming
from playbooks.settings import PlaybookSettings
from playbooks.store.arming import Brand, brands
from playbooks.store.incidents.would_have import WouldHave, would_have_done

#: What it would have done is counted over so long at the most.
LOOKS_BACK_MS = 28 * DAY_MS


class BrandStanding(msgspec.Struct, frozen=True):
    """One brand. `since_ms` is None where nothing is known of it yet, `by` empty where nobody has armed it.

    `observes_ms` is how much of its first week is left, 0 where it is over; `would` is None where nothing is left
    undone.
    """

    brand: str
    name: str
    arming: Arming
    since_ms: int | None
    by: str
    reason: str
    early: bool
    observes_ms: int
    counted_from_ms: int
    would: WouldHave | None

    @property
    def days_of_observing_left(self) -> int:
        """Begun days of the first week that are left."""
        return -(-self.observes_ms // DAY_MS)


def brand_standings(engine: Engine, settings: PlaybookSettings, now_ms: int) -> list[BrandStanding]:
    """Every brand of the settings, in order of their keys."""
    return [_standing(engine, settings, brand, now_ms) for brand in brands(engine, settings.brands)]


def _standing(engine: Engine, settings: PlaybookSettings, brand: Brand, now_ms: int) -> BrandStanding:
    act, known = brand.act, settings.brands[brand.name]
    person = settings.people.get(act.person) if act else None
    from_ms = max(now_ms - LOOKS_BACK_MS, brand.since_ms or 0)
    fully = brand.arming is Arming.PAGE_AND_HOLD
    return BrandStanding(
        brand=brand.name,
        name=known.name or brand.name,
        arming=brand.arming,
        since_ms=brand.since_ms,
        by=(person.name if person else act.person) if act else "",
        reason=act.reason if act else "",
        early=act.early if act else False,
        observes_ms=max(0, brand.observes_until_ms(now_ms) - now_ms),
        counted_from_ms=from_ms,
        would=None if fully else would_have_done(engine, brand.name, from_ms),
    )
