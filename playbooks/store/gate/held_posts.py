"""Posts that the gate held back: noted by the gate, looked at by people, let go one after another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, bindparam, func, insert, or_, select, update

from playbooks.holds.held_post import HeldPost
from playbooks.holds.planned import planned_ms
from playbooks.store.engine import reading
from playbooks.store.schema import held_by, held_posts, held_texts

#: Made once: the gate asks them for every answer, and making them costs more than running them.
_KNOWN = select(held_posts).where(held_posts.c.key.in_(bindparam("keys", expanding=True)))
_WITH_TEXT = (
    select(held_texts.c.text_hash.label("by_text"), held_posts)
    .join(held_posts, held_posts.c.key == held_texts.c.post)
    .where(held_texts.c.text_hash.in_(bindparam("hashes", expanding=True)))
)


def known(conn: Connection, keys: Collection[str]) -> list[HeldPost]:
    """The held posts with one of these keys."""
    return [_post(row) for row in conn.execute(_KNOWN, {"keys": list(keys)}).mappings()]


def with_texts(conn: Connection, hashes: Collection[str]) -> list[tuple[str, HeldPost]]:
    """The posts that were held with one of these texts, or had it before a person edited them; each with the hash."""
    rows = conn.execute(_WITH_TEXT, {"hashes": list(hashes)}).mappings()
    return [(row["by_text"], _post(row)) for row in rows]


def note_text(conn: Connection, post: HeldPost) -> bool:
    """Note by which text, too, a post is to be known again; False where it was."""
    mine = {"post": post.key, "text_hash": post.text_hash}
    same = (held_texts.c.post == post.key, held_texts.c.text_hash == post.text_hash)
    if post.text_hash is None or conn.execute(select(held_texts.c.post).where(*same)).first() is not None:
        return False
    conn.execute(insert(held_texts).values(**mine, text_ref=post.text_ref))
    return True


def note(conn: Connection, post: HeldPost, holds: Iterable[str]) -> bool:
    """Note that the gate held a post back, because of these holds; again: how often, and when last.

    Whether anything of it is new: the post, its text, or a hold.
    """
    again = {"last_ms": post.last_ms, "times": held_posts.c.times + 1}
    there = conn.execute(update(held_posts).where(held_posts.c.key == post.key).values(again)).rowcount
    if not there:
        conn.execute(insert(held_posts).values(msgspec.structs.asdict(post)))
    known_by = set(conn.execute(select(held_by.c.hold).where(held_by.c.post == post.key)).scalars())
    new = [{"hold": hold, "post": post.key} for hold in dict.fromkeys(holds) if hold not in known_by]
    if new:
        conn.execute(insert(held_by), new)
    return note_text(conn, post) or bool(new) or not there


def went(conn: Connection, key: str, now_ms: int) -> None:
    """Note that the gate has let a post go that was held."""
    first = (held_posts.c.key == key, held_posts.c.went_ms.is_(None))
    conn.execute(update(held_posts).where(*first).values(went_ms=now_ms))


def last_went_ms(conn: Connection, post: HeldPost) -> int | None:
    """When the last post of the same account went that had been held; an account that is not known may be any."""
    same = _of_account(post)
    query = select(func.max(held_posts.c.went_ms)).where(*same, held_posts.c.key != post.key)
    return conn.execute(query).scalar()


def times_given(conn: Connection, post: HeldPost) -> list[int]:
    """The times that other posts of the same account were given and have not gone yet."""
    waiting = (held_posts.c.went_ms.is_(None), held_posts.c.not_before_ms.is_not(None), held_posts.c.key != post.key)
    query = select(held_posts.c.not_before_ms).where(*_of_account(post), *waiting)
    return list(conn.execute(query).scalars())


def read_post(conn: Connection, key: str) -> HeldPost | None:
    """One held post by its key; nobody else changes it until the transaction ends."""
    return next(iter(_read(conn, select(held_posts).where(held_posts.c.key == key).with_for_update())), None)


def decide(conn: Connection, post: HeldPost) -> None:
    """Write down a person's word on a post; the caller has read it in this transaction."""
    told = ("word", "person", "reason", "said_ms", "not_before_ms", "text_ref", "text_hash")
    values = {name: value for name, value in msgspec.structs.asdict(post).items() if name in told}
    conn.execute(update(held_posts).where(held_posts.c.key == post.key).values(values))
    note_text(conn, post)


def held_for(engine: Engine, hold: str) -> list[HeldPost]:
    """Every post that a hold held back, the first due first."""
    with reading(engine) as conn:
        return held_for_in(conn, hold)


def held_for_in(conn: Connection, hold: str) -> list[HeldPost]:
    """As `held_for`, in the caller's transaction."""
    query = select(held_posts).join(held_by, held_by.c.post == held_posts.c.key).where(held_by.c.hold == hold)
    return _read(conn, query)


def how_many(conn: Connection, hold: str) -> int:
    """How many posts a hold held back so far. It only grows."""
    return conn.execute(select(func.count()).select_from(held_by).where(held_by.c.hold == hold)).scalar_one()


def counts(engine: Engine, holds: Collection[str]) -> dict[str, int]:
    """How many posts each of these holds held back so far; one that held none is left out."""
    query = select(held_by.c.hold, func.count()).where(held_by.c.hold.in_(holds)).group_by(held_by.c.hold)
    with reading(engine) as conn:
        return {row[0]: row[1] for row in conn.execute(query)}


def holds_of(conn: Connection, key: str) -> list[str]:
    """The holds that held a post back."""
    query = select(held_by.c.hold).where(held_by.c.post == key).order_by(held_by.c.hold)
    return list(conn.execute(query).scalars())


def without_hold(conn: Connection) -> list[HeldPost]:
    """Posts of life that no hold held, but that nobody watched: those that have not gone, the first due first."""
    by_none = ~select(held_by.c.post).where(held_by.c.post == held_posts.c.key).exists()
    may_go = or_(held_posts.c.word.is_(None), held_posts.c.word != "drop")
    waits = (held_posts.c.run == "", held_posts.c.went_ms.is_(None), may_go)
    return _read(conn, select(held_posts).where(by_none, *waits))


def undecided(conn: Connection) -> dict[str, int]:
    """How many posts of life still need a person's word, by each hold that held them."""
    query = (
        select(held_by.c.hold, func.count())
        .join(held_posts, held_posts.c.key == held_by.c.post)
        .where(held_posts.c.run == "", held_posts.c.went_ms.is_(None), held_posts.c.word.is_(None))
        .group_by(held_by.c.hold)
        .order_by(held_by.c.hold)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def waiting(engine: Engine, brand: str | None = None, platform: str | None = None) -> list[HeldPost]:
    """Posts that have not gone and were not dropped, of every run, the first due first."""
    query = select(held_posts).where(
        held_posts.c.went_ms.is_(None), or_(held_posts.c.word.is_(None), held_posts.c.word != "drop")
    )
    if brand is not None:
        query = query.where(held_posts.c.brand == brand)
    if platform is not None:
        query = query.where(held_posts.c.platform == platform)
    with reading(engine) as conn:
        return _read(conn, query)


def _of_account(post: HeldPost) -> Sequence[Any]:
    same = [held_posts.c.run == post.run, held_posts.c.brand == post.brand, held_posts.c.platform == post.platform]
    return [*same, held_posts.c.account.in_([post.account, ""])] if post.account else same


def _read(conn: Connection, query: Select[Any]) -> list[HeldPost]:
    due = func.coalesce(held_posts.c.scheduled_ms, held_posts.c.first_ms)
    rows = conn.execute(query.order_by(due, held_posts.c.key)).mappings().all()
    return [_post(row) for row in rows]


def _post(row: Mapping[Any, Any]) -> HeldPost:
    values = {name: row[name] for name in HeldPost.__struct_fields__}
    # What cannot be told as a time would make no page and no answer.
    times = {name: planned_ms(values[name]) for name in ("scheduled_ms", "not_before_ms")}
    return msgspec.convert(values | times, HeldPost)
