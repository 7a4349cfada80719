"""Mutes in the store: set and lifted by named people, read in the transaction that decides."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update

from detectors.run import Live, run_of
from detectors.signal import SignalKind
from playbooks.armings.mute import LONGEST_MS, Mute, Muted, Wanted, judged
from playbooks.content.catalog import Library
from playbooks.effects.plain_text import paragraph
from playbooks.incidents.log_entry import PlannedBecause
from playbooks.settings import PlaybookSettings
from playbooks.store.engine import reading, writing
from playbooks.store.incidents import catch_up
from playbooks.store.schema import mutes

MAX_REASON_CHARS = 2_000


def in_force(conn: Connection, run: str, now_ms: int) -> tuple[Mute, ...]:
    """The mutes at `now_ms`, in the caller's transaction. Drills and replays know none: they are there to be heard."""
    if not isinstance(run_of(run), Live):
        return ()
    query = select(mutes).where(mutes.c.lifted_ms.is_(None), mutes.c.begins_ms <= now_ms, mutes.c.ends_ms > now_ms)
    # Whoever lifts one waits until what was decided under it is there to be looked at again.
    shared = query.order_by(mutes.c.id).with_for_update(read=True)
    return tuple(_mute(row) for row in conn.execute(shared).mappings())


def not_over(engine: Engine, now_ms: int) -> list[Mute]:
    """The mutes in force and those to come, the next to end first."""
    query = select(mutes).where(mutes.c.lifted_ms.is_(None), mutes.c.ends_ms > now_ms)
    with reading(engine) as conn:
        rows = conn.execute(query.order_by(mutes.c.ends_ms, mutes.c.id)).mappings().all()
    return [_mute(row) for row in rows]


def over(engine: Engine, now_ms: int) -> list[Mute]:
    """The mutes of late that have ended or were lifted, the newest first."""
    since_ms = now_ms - 2 * LONGEST_MS
    ended = mutes.c.lifted_ms.is_not(None) | (mutes.c.ends_ms <= now_ms)
    query = select(mutes).where(ended, mutes.c.ends_ms > since_ms).order_by(mutes.c.recorded_ms.desc(), mutes.c.id)
    with reading(engine) as conn:
        return [_mute(row) for row in conn.execute(query).mappings()]


def mute(
    engine: Engine, wanted: Wanted, person: str, library: Library, settings: PlaybookSettings, now_ms: int
) -> tuple[Muted, str]:
    """Mute as `wanted`, under a person's name; what came of it, and the mute's id.

    `person` is a key of the settings' people; the caller has made sure that it is they.
    """
    wanted = msgspec.structs.replace(wanted, reason=paragraph(wanted.reason).strip()[:MAX_REASON_CHARS])
    if person not in settings.people:
        return Muted.NO_PERSON, ""
    if wanted.brand is not None and wanted.brand not in settings.brands:
        return Muted.NO_SUCH_BRAND, ""
    found = _fits(wanted, library) if wanted.playbook is not None else Muted.DONE
    if found is Muted.DONE:
        found = judged(wanted, now_ms)
    if found is not Muted.DONE:
        return found, ""
    id = f"mute-{uuid.uuid4().hex[:12]}"
    begins_ms = max(wanted.begins_ms, now_ms)
    row = Mute(id, wanted.brand, wanted.kind, wanted.playbook, begins_ms, wanted.ends_ms, person, wanted.reason, now_ms)
    with writing(engine) as conn:
        conn.execute(insert(mutes).values(msgspec.structs.asdict(row)))
    return Muted.DONE, id


def lift(engine: Engine, id: str, person: str, reason: str, settings: PlaybookSettings, now_ms: int) -> Muted:
    """End a mute before its time. What is still open and would act is looked at now."""
    reason = paragraph(reason).strip()[:MAX_REASON_CHARS]
    if person not in settings.people:
        return Muted.NO_PERSON
    if not reason:
        return Muted.NO_REASON
    with writing(engine) as conn:
        row = conn.execute(select(mutes).where(mutes.c.id == id).with_for_update()).mappings().first()
        if row is None:
            return Muted.NO_SUCH_MUTE
        known = _mute(row)
        if known.lifted_ms is not None or known.ends_ms <= now_ms:
            return Muted.IS_OVER
        lifted = {"lifted_ms": now_ms, "lifted_by": person, "lifted_why": reason}
        conn.execute(update(mutes).where(mutes.c.id == id).values(lifted))
        catch_up.look_again(conn, PlannedBecause.UNMUTED, f"lifted-{id}", now_ms, known.brand)
    return Muted.LIFTED


def _fits(wanted: Wanted, library: Library) -> Muted:
    """Whether the playbook is there, and has anything to do with the kind."""
    playbook = next((one.playbook for one in library.newest() if one.playbook.id == wanted.playbook), None)
    if playbook is None:
        return Muted.NO_SUCH_PLAYBOOK
    if wanted.kind is not None and wanted.kind not in playbook.trigger.kinds:
        return Muted.NEVER_FIRES
    return Muted.DONE


def _mute(row: Mapping[Any, Any]) -> Mute:
    known = {name: row[name] for name in Mute.__struct_fields__}
    return Mute(**known | {"kind": SignalKind(row["kind"]) if row["kind"] else None})
