"""How far each brand is armed: an append-only table of acts, read in the transaction that decides.

Whoever decides about a brand has its row lock, and so has whoever arms it: a signal is decided either by the old arming
or by the new one, and what was open under the old one is looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from detectors.signal import Signal
from playbooks.armings.arming import OBSERVES_MS, Act, Armed, Arming, how_far, judged
from playbooks.effects.plain_text import paragraph
from playbooks.incidents.arming_notice import told_of
from playbooks.incidents.log_entry import PlannedBecause
from playbooks.settings import PlaybookSettings
from playbooks.store.delivery import outbox
from playbooks.store.engine import reading, writing
from playbooks.store.incidents import catch_up
from playbooks.store.incidents.rows import lock_brand
from playbooks.store.schema import arming_acts, known_brands

MAX_REASON_CHARS = 2_000


class Brand(msgspec.Struct, frozen=True):
    """How a brand stands: since when it is known (None: not yet), and the newest act, where there is one."""

    name: str
    first_ms: int | None
    act: Act | None

    @property
    def arming(self) -> Arming:
        """How far Firebreak may go for it."""
        return self.act.arming if self.act else Arming.OBSERVE

    @property
    def since_ms(self) -> int | None:
        """Since when it is armed like that."""
        return self.act.at_ms if self.act else self.first_ms

    def observes_until_ms(self, now_ms: int) -> int:
        """When its first week is over."""
        return (now_ms if self.first_ms is None else self.first_ms) + OBSERVES_MS


def know(engine: Engine, brands: Iterable[str], now_ms: int) -> None:
    """Note that these brands are known from now on, where they are not yet: each process does as it starts."""
    with writing(engine) as conn:
        _know(conn, brands, now_ms)


def brands(engine: Engine, names: Iterable[str]) -> list[Brand]:
    """How each of these brands stands, in order of their names."""
    with reading(engine) as conn:
        return _brands(conn, names)


def acts_of(engine: Engine, brand: str) -> list[Act]:
    """Every act about a brand, the newest first."""
    query = select(arming_acts).where(arming_acts.c.brand == brand).order_by(arming_acts.c.seq.desc())
    with reading(engine) as conn:
        return [_act(row) for row in conn.execute(query).mappings()]


def armed_brands(engine: Engine, names: Iterable[str]) -> dict[str, Arming]:
    """How each of these brands is armed."""
    return {brand.name: brand.arming for brand in brands(engine, names)}


def arming_for(conn: Connection, known: Collection[str], signal: Signal) -> Arming:
    """How far Firebreak may go about `signal` now, in the caller's transaction; `known` are the settings' brands."""
    return armings_for(conn, known, [signal])[0]


def armings_for(conn: Connection, known: Collection[str], signals: Sequence[Signal]) -> list[Arming]:
    """How far Firebreak may go about each of `signals` now, in their order: one id may come of two brands."""
    newest = _newest(conn, {signal.brand for signal in signals})
    armed = {brand: act.arming for brand, act in newest.items()}
    return [
        how_far(signal, armed.get(signal.brand, Arming.OBSERVE), in_settings=signal.brand in known)
        for signal in signals
    ]


def arm(
    engine: Engine,
    brand: str,
    to: Arming,
    person: str,
    reason: str,
    settings: PlaybookSettings,
    now_ms: int,
    *,
    early: bool = False,
) -> Armed:
    """Arm a brand, under a person's name and with their reason; the same arming again changes nothing.

    `person` is a key of the settings' people; the caller has made sure that it is they. Ops, the posting team and who
    is on call hear of it; where it goes further than before, open incidents are looked at again at once.
    """
    reason = paragraph(reason).strip()[:MAX_REASON_CHARS]
    if brand not in settings.brands:
        return Armed.NO_SUCH_BRAND
    if person not in settings.people:
        return Armed.NO_PERSON
    if not reason:
        return Armed.NO_REASON
    with writing(engine) as conn:
        lock_brand(conn, "", brand)
        _know(conn, [brand], now_ms)
        before = _brands(conn, [brand])[0]
        until_ms = before.observes_until_ms(now_ms)
        found = judged(before.arming, to, early=early, observes_until_ms=until_ms, now_ms=now_ms)
        if found is not Armed.DONE:
            return found
        act = Act(brand, to, person, reason, early and now_ms < until_ms, now_ms)
        seq = conn.execute(insert(arming_acts).values(_row(act)).returning(arming_acts.c.seq)).scalar_one()
        outbox.add(conn, told_of(act, f"arming-{seq}", before.arming, settings))
        if to.reach > before.arming.reach:
            catch_up.look_again(conn, PlannedBecause.ARMED, f"armed-{seq}", now_ms, brand)
    return Armed.DONE


def _know(conn: Connection, brands: Iterable[str], now_ms: int) -> None:
    rows = [{"brand": brand, "first_ms": now_ms} for brand in sorted(set(brands))]
    if rows:
        new = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
        conn.execute(new(known_brands).on_conflict_do_nothing(), rows)


def _brands(conn: Connection, names: Iterable[str]) -> list[Brand]:
    wanted = sorted(set(names))
    query = select(known_brands.c.brand, known_brands.c.first_ms).where(known_brands.c.brand.in_(wanted))
    first = {row.brand: row.first_ms for row in conn.execute(query)}
    newest = _newest(conn, wanted)
    return [Brand(name, first.get(name), newest.get(name)) for name in wanted]


def _newest(conn: Connection, names: Collection[str]) -> dict[str, Act]:
    last = select(func.max(arming_acts.c.seq)).where(arming_acts.c.brand.in_(names)).group_by(arming_acts.c.brand)
    rows = conn.execute(select(arming_acts).where(arming_acts.c.seq.in_(last))).mappings()
    return {row["brand"]: _act(row) for row in rows}


def _act(row: Mapping[Any, Any]) -> Act:
    arming = Arming(row["arming"])
    return Act(row["brand"], arming, row["person"], row["reason"], bool(row["early"]), row["recorded_ms"])


def _row(act: Act) -> dict[str, Any]:
    return {
        "brand": act.brand,
        "arming": act.arming.value,
        "person": act.person,
        "reason": act.reason,
        "early": act.early,
        "recorded_ms": act.at_ms,
    }
