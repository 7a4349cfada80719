"""A person's word that one held post may go, once: written down by people, used up by the gate."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, insert, select, update

from playbooks.store.schema import break_glass


class Glass(msgspec.Struct, frozen=True):
    """One post, by its key and the hash of its text, may go until `expires_ms`."""

    id: str
    post: str
    text_hash: str
    person: str
    reason: str
    made_ms: int
    expires_ms: int


def add(conn: Connection, glass: Glass) -> None:
    """Write a word down."""
    conn.execute(insert(break_glass).values(**msgspec.structs.asdict(glass), used_ms=None))


def unused(conn: Connection, posts: Collection[str], now_ms: int) -> list[Glass]:
    """The words for these posts that were not used and have not expired, the oldest first."""
    good = (break_glass.c.post.in_(posts), break_glass.c.used_ms.is_(None), break_glass.c.expires_ms > now_ms)
    rows = conn.execute(select(break_glass).where(*good).order_by(break_glass.c.made_ms, break_glass.c.id)).mappings()
    return [msgspec.convert({name: row[name] for name in Glass.__struct_fields__}, Glass) for row in rows]


class Broken(msgspec.Struct, frozen=True):
    """A word that somebody gave: for which post, and when it was used, None where it was not."""

    post: str
    person: str
    reason: str
    made_ms: int
    expires_ms: int
    used_ms: int | None


def broken_for(conn: Connection, posts: Collection[str]) -> dict[str, list[Broken]]:
    """Every word that was given for these posts, by post, the oldest first; used, expired or neither."""
    query = select(break_glass).where(break_glass.c.post.in_(posts)).order_by(break_glass.c.made_ms, break_glass.c.id)
    found: dict[str, list[Broken]] = {}
    for row in conn.execute(query).mappings():
        found.setdefault(row["post"], []).append(Broken(**{name: row[name] for name in Broken.__struct_fields__}))
    return found


def use(conn: Connection, id: str, now_ms: int) -> bool:
    """Use a word up; False where somebody was quicker."""
    mine = (break_glass.c.id == id, break_glass.c.used_ms.is_(None))
    return conn.execute(update(break_glass).where(*mine).values(used_ms=now_ms)).rowcount == 1
