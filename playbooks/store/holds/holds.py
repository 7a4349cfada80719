"""Holds on posting: placed by respond, asked about by the gate, opened by people.

A hold is in force from the commit that writes its row, and until enough different people have agreed to its release.
No function here opens one by time, and none takes a row away.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, Select, bindparam, delete, insert, select, update

from playbooks.content.hold_scope import ALL_POSTS, EVERY_BRAND, Narrowing
from playbooks.effects.plain_text import paragraph
from playbooks.holds.hold import Agreement, Hold, Release
from playbooks.incidents.log_entry import HoldTermsRaised
from playbooks.store import schema
from playbooks.store.engine import reading, writing
from playbooks.store.gate.held_posts import how_many
from playbooks.store.holds.releases import note_agreement
from playbooks.store.incidents import log as incident_log

_PERSON = re.compile(r"[a-z0-9_-]{1,64}")
MAX_REASON_CHARS = 2_000


def place(
    conn: Connection,
    *,
    hold_id: str,
    incident: str,
    run: str,
    brand: str,
    platform: str | None,
    reason: str,
    releasers_needed: int,
    placed_ms: int,
    recorded_ms: int,
    only: Narrowing = ALL_POSTS,
    protects: str = "",
    placed_by: str = "",
    one_of: str = "",
) -> bool:
    """Place a hold inside the caller's transaction; True where it is new.

    The same `hold_id` again changes nothing: neither what it holds nor whether people have released it. The caller
    holds the brand's row lock, so nobody else is placing the same one.
    """
    if releasers_needed < 1:
        raise ValueError(f"a hold needs at least one person to release it, not {releasers_needed}")
    there = conn.execute(select(schema.holds.c.id).where(schema.holds.c.id == hold_id)).first()
    if there is not None:
        return False
    conn.execute(
        insert(schema.holds).values(
            id=hold_id,
            incident=incident,
            run=run,
            brand=brand,
            platform=platform,
            reason=reason,
            releasers_needed=releasers_needed,
            placed_ms=placed_ms,
            recorded_ms=recorded_ms,
            released_ms=None,
            only=msgspec.to_builtins(only),
            protects=protects,
            placed_by=placed_by,
            one_of=one_of,
        )
    )
    return True


def holds_for(engine: Engine, brand: str | None, platform: str | None, run_id: str | None) -> list[Hold]:
    """The holds in force that cover a post, oldest first; see `Hold.covers` for what a missing field means."""
    return [hold for hold in holds_in_force(engine, brand) if hold.covers(brand, platform, run_id)]


def holds_in_force(engine: Engine, brand: str | None = None, platform: str | None = None) -> list[Hold]:
    """Every hold that nobody has released, oldest first, of every run: what a page for people shows."""
    query = select(schema.holds).where(schema.holds.c.released_ms.is_(None))
    if brand is not None:
        query = query.where(schema.holds.c.brand.in_([brand, EVERY_BRAND]))
    if platform is not None:
        query = query.where(schema.holds.c.platform.is_(None) | (schema.holds.c.platform == platform))
    with reading(engine) as conn:
        return _read(conn, query)


#: Made once: the gate asks it for every answer, and making it costs more than running it.
_IN_FORCE_FOR = (
    select(schema.holds)
    .where(schema.holds.c.released_ms.is_(None), schema.holds.c.brand.in_(bindparam("brands", expanding=True)))
    .order_by(schema.holds.c.placed_ms, schema.holds.c.id)
)


def in_force_for(conn: Connection, brands: Collection[str]) -> list[Hold]:
    """The holds in force that may cover posts of these brands, in the caller's transaction, oldest first."""
    rows = conn.execute(_IN_FORCE_FOR, {"brands": [*brands, EVERY_BRAND]}).mappings().all()
    return _holds(conn, rows)


def holds_of_incident(engine: Engine, incident: str) -> list[Hold]:
    """Every hold an incident placed, released ones too, oldest first."""
    with reading(engine) as conn:
        return _read(conn, select(schema.holds).where(schema.holds.c.incident == incident))


def released_since(engine: Engine, since_ms: int) -> list[Hold]:
    """Every hold that was released at `since_ms` or later, oldest first."""
    with reading(engine) as conn:
        return _read(conn, select(schema.holds).where(schema.holds.c.released_ms >= since_ms))


def read_hold(engine: Engine, hold_id: str) -> Hold | None:
    """One hold with its agreements, or None."""
    with reading(engine) as conn:
        return next(iter(_read(conn, select(schema.holds).where(schema.holds.c.id == hold_id))), None)


def read_holds(conn: Connection, hold_ids: Sequence[str]) -> list[Hold]:
    """Holds by their ids, released ones too, in the caller's transaction, oldest first."""
    return _read(conn, select(schema.holds).where(schema.holds.c.id.in_(hold_ids)))


def stricter(conn: Connection, incident: str, terms: HoldTermsRaised) -> None:
    """Let a hold go by stricter terms, inside the caller's transaction, who writes them into the incident's log.

    Whoever had agreed did so before they were known, and has to agree again: the log keeps what they said.
    """
    conn.execute(delete(schema.hold_releases).where(schema.hold_releases.c.hold == terms.hold))
    mine = (schema.holds.c.id == terms.hold, schema.holds.c.incident == incident)
    new: dict[str, object] = {"releasers_needed": terms.releasers_needed, "one_of": terms.one_of}
    if terms.reason:
        new["reason"] = terms.reason
    conn.execute(update(schema.holds).where(*mine).values(**new))


def agree_release(
    engine: Engine,
    hold_id: str,
    person: str,
    reason: str,
    now_ms: int,
    looked: int = 0,
    in_roles: Sequence[str] = (),
) -> Release:
    """Note that `person` agrees to the release; the hold goes when enough different people have agreed, and one of
    them was in the role that the hold names, where it names one.

    `looked` is how many posts the person saw that this hold has held: where there are more by now, they look again.
    `in_roles` are the roles that they are in now. `person` is a key of the settings' people; the caller has made sure
    that it is they, and that the hold's playbook lets them. The same person twice counts once, and their first reason
    stands. Each word goes into the incident's log, and when the hold goes, whoever was told of it is told of that too:
    all in one transaction.
    """
    reason = paragraph(reason).strip()[:MAX_REASON_CHARS]
    if not _PERSON.fullmatch(person):
        return Release.NO_PERSON
    if not reason:
        return Release.NO_REASON
    with writing(engine) as conn:
        hold = _locked(conn, hold_id)
        if hold is None:
            return Release.NO_SUCH_HOLD
        if not hold.in_force:
            return Release.ALREADY_RELEASED
        if person == hold.protects:
            return Release.IS_PROTECTED
        if any(agreement.person == person for agreement in hold.agreements):
            return Release.ALREADY_AGREED
        if how_many(conn, hold_id) > looked:
            return Release.NOT_LOOKED
        return _agree(conn, hold, Agreement(person, reason, now_ms, tuple(in_roles)))


def _locked(conn: Connection, hold_id: str) -> Hold | None:
    """The hold, with nobody else changing it or its incident until the transaction ends."""
    this = schema.holds.c.id == hold_id
    incident = conn.execute(select(schema.holds.c.incident).where(this)).scalar()
    if incident is None:
        return None
    incident_log.lock(conn, incident)
    return next(iter(_read(conn, select(schema.holds).where(this).with_for_update())), None)


def _agree(conn: Connection, hold: Hold, agreement: Agreement) -> Release:
    person, reason, now_ms = agreement.person, agreement.reason, agreement.at_ms
    conn.execute(insert(schema.hold_releases).values(hold=hold.id, **msgspec.to_builtins(agreement)))
    after = msgspec.structs.replace(hold, agreements=(*hold.agreements, agreement))
    goes = after.people_missing == 0
    if goes:
        conn.execute(update(schema.holds).where(schema.holds.c.id == hold.id).values(released_ms=now_ms))
    note_agreement(conn, hold.incident, hold.id, person, reason, released=goes, now_ms=now_ms)
    if goes:
        return Release.RELEASED
    enough = len(after.agreements) >= after.releasers_needed
    return Release.NEEDS_THE_ROLE if enough else Release.NEEDS_ANOTHER_PERSON


def _read(conn: Connection, query: Select[tuple[object, ...]]) -> list[Hold]:
    return _holds(conn, conn.execute(query.order_by(schema.holds.c.placed_ms, schema.holds.c.id)).mappings().all())


def _holds(conn: Connection, rows: Sequence[RowMapping]) -> list[Hold]:
    agreements = _agreements(conn, [row["id"] for row in rows])
    return [_hold(row, tuple(agreements.get(row["id"], ()))) for row in rows]


def _agreements(conn: Connection, hold_ids: Sequence[str]) -> dict[str, list[Agreement]]:
    found: dict[str, list[Agreement]] = {}
    if not hold_ids:
        return found
    table = schema.hold_releases
    query = select(table).where(table.c.hold.in_(hold_ids)).order_by(table.c.at_ms, table.c.person)
    for row in conn.execute(query).mappings():
        said = Agreement(row["person"], row["reason"], row["at_ms"], tuple(row["roles"]))
        found.setdefault(row["hold"], []).append(said)
    return found


def _hold(row: RowMapping, agreements: tuple[Agreement, ...]) -> Hold:
    values = {column: row[column] for column in schema.holds.c.keys()}  # noqa: SIM118
    return Hold(**values | {"only": msgspec.convert(row["only"], Narrowing)}, agreements=agreements)
