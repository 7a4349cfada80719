"""Texts that the policy held or rejected: noted by the gate, looked at by editors, let go by their words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from playbooks.labels import EditorialWord
from playbooks.policy.override import Word
from playbooks.policy.stopped import Given, Stopped, authors_with
from playbooks.store.engine import reading
from playbooks.store.schema import policy_posts, policy_words

#: Made once: the gate asks it for every answer about a text that the policy holds.
_KNOWN = select(policy_posts).where(policy_posts.c.text_hash.in_(bindparam("hashes", expanding=True)))
_WORDS = (
    select(policy_words)
    .where(policy_words.c.post.in_(bindparam("posts", expanding=True)))
    .order_by(policy_words.c.said_ms, policy_words.c.id)
)


def known(conn: Connection, hashes: Collection[str]) -> list[Stopped]:
    """Those that are kept of texts with these hashes, whatever brand, platform and run they are of."""
    return [_stopped(row) for row in conn.execute(_KNOWN, {"hashes": list(hashes)}).mappings()]


def words_of(conn: Connection, posts: Collection[str]) -> dict[str, list[Given]]:
    """What people said of these, by id, in the order in which they said it."""
    found: dict[str, list[Given]] = {}
    for row in conn.execute(_WORDS, {"posts": list(posts)}).mappings():
        found.setdefault(row["post"], []).append(_given(row))
    return found


def note(conn: Connection, new: Stopped, old: Stopped | None) -> Stopped:
    """Keep that a text was stopped; `old` is what is kept of it already."""
    if old is None:
        conn.execute(insert(policy_posts).values(msgspec.to_builtins(new)))
        return new
    told = msgspec.structs.replace(
        new,
        id=old.id,
        authors=authors_with(old.authors, new.authors[0] if new.authors else None),
        text_ref=old.text_ref,
        salted_hash=old.salted_hash,
        first_ms=old.first_ms,
        times=old.times + 1,
        went_ms=old.went_ms,
    )
    conn.execute(update(policy_posts).where(policy_posts.c.id == old.id).values(msgspec.to_builtins(told)))
    return told


def went(conn: Connection, id: str, now_ms: int) -> bool:
    """Note that the gate has let a text go by a person's word; False where it had before."""
    first = (policy_posts.c.id == id, policy_posts.c.went_ms.is_(None))
    return conn.execute(update(policy_posts).where(*first).values(went_ms=now_ms)).rowcount == 1


def audited(conn: Connection, ids: Sequence[str], now_ms: int) -> None:
    """Note that words stand in a gate's audit."""
    conn.execute(update(policy_words).where(policy_words.c.id.in_(ids)).values(audited_ms=now_ms))


def unaudited(conn: Connection) -> list[tuple[Given, Stopped]]:
    """Words that no gate has written into its audit yet; nobody else takes them until the transaction ends."""
    query = select(policy_words).where(policy_words.c.audited_ms.is_(None)).order_by(policy_words.c.said_ms)
    given = [_given(row) for row in conn.execute(query.with_for_update(skip_locked=True)).mappings()]
    posts = {post.id: post for post in _by_ids(conn, {one.post for one in given})}
    return [(one, posts[one.post]) for one in given]


def any_unaudited(engine: Engine) -> bool:
    """Whether there are such words."""
    query = select(policy_words.c.id).where(policy_words.c.audited_ms.is_(None)).limit(1)
    with reading(engine) as conn:
        return conn.execute(query).first() is not None


def read_stopped(conn: Connection, id: str) -> Stopped | None:
    """One of them; nobody else changes it until the transaction ends."""
    row = conn.execute(select(policy_posts).where(policy_posts.c.id == id).with_for_update()).mappings().first()
    return _stopped(row) if row else None


def newest(engine: Engine, limit: int, *, gone: bool = False, run: str = "") -> list[tuple[Stopped, list[Given]]]:
    """Those that have not gone (or have), the last asked about first, each with what people said of it."""
    there = policy_posts.c.went_ms.is_not(None) if gone else policy_posts.c.went_ms.is_(None)
    query = select(policy_posts).where(there, policy_posts.c.run == run)
    with reading(engine) as conn:
        rows = conn.execute(query.order_by(policy_posts.c.last_ms.desc(), policy_posts.c.id).limit(limit)).mappings()
        found = [_stopped(row) for row in rows]
        said = words_of(conn, [one.id for one in found])
    return [(one, said.get(one.id, [])) for one in found]


def add_word(conn: Connection, given: Given) -> None:
    """Write a word down; the caller has read the text in this transaction."""
    row = {
        "id": given.id,
        "post": given.post,
        "kind": given.word.kind.value,
        "topic": given.word.topic,
        "person": given.word.person,
        "name": given.word.name,
        "reason": given.word.reason,
        "reasons": list(given.word.reasons),
        "verdict": given.verdict.value,
        "said_ms": given.said_ms,
        "audited_ms": None,
    }
    conn.execute(insert(policy_words), row)


def _by_ids(conn: Connection, ids: Collection[str]) -> list[Stopped]:
    query = select(policy_posts).where(policy_posts.c.id.in_(list(ids)))
    return [_stopped(row) for row in conn.execute(query).mappings()]


def _stopped(row: Mapping[Any, Any]) -> Stopped:
    return msgspec.convert({name: row[name] for name in Stopped.__struct_fields__}, Stopped)


def _given(row: Mapping[Any, Any]) -> Given:
    kind = EditorialWord(row["kind"])
    word = Word(kind, row["person"], row["name"], row["reason"], tuple(row["reasons"]), row["topic"])
    return Given(row["id"], row["post"], word, row["verdict"], row["said_ms"], row["audited_ms"])
