"""The texts that the gate was asked about, kept apart from the audit so that they can be erased."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from playbooks.gate.audit import text_hash
from playbooks.store.engine import reading
from playbooks.store.schema import gate_texts, held_posts

_KEEP = insert(gate_texts)


class KeptText(msgspec.Struct, frozen=True):
    """A text that was kept: where, and the hash that the audit has of it."""

    ref: str
    hash: str


def keep(conn: Connection, texts: Sequence[tuple[str, str]], now_ms: int) -> list[KeptText]:
    """Keep texts, each with the key of its post, in the caller's transaction."""
    rows = [
        {"ref": secrets.token_hex(16), "post": post, "kept_ms": now_ms, "salt": secrets.token_hex(16), "text": text}
        for post, text in texts
    ]
    if rows:
        # As JSON: a database takes no NUL, a post may have one.
        stored = [row | {"text": msgspec.json.encode(row["text"]).decode(), "erased_ms": None} for row in rows]
        conn.execute(_KEEP, stored)
    return [KeptText(str(row["ref"]), text_hash(str(row["salt"]), str(row["text"]))) for row in rows]


def read_text(engine: Engine, ref: str) -> str | None:
    """A text, None where it is erased or never was."""
    with reading(engine) as conn:
        return texts_in(conn, [ref]).get(ref)


def texts_in(conn: Connection, refs: Sequence[str]) -> dict[str, str]:
    """Those of the texts that are still there, by reference."""
    query = select(gate_texts.c.ref, gate_texts.c.text).where(
        gate_texts.c.ref.in_(refs), gate_texts.c.text.is_not(None)
    )
    return {ref: msgspec.json.decode(text, type=str) for ref, text in conn.execute(query)}


def erase_post(conn: Connection, post: str, now_ms: int) -> int:
    """Erase every text of a post, by its key; how many went. The audit still verifies."""
    return _erase(conn, gate_texts.c.post == post, now_ms)


def erase_before(conn: Connection, before_ms: int, now_ms: int) -> int:
    """Erase what was kept before a moment; how many texts went."""
    return _erase(conn, gate_texts.c.kept_ms < before_ms, now_ms)


def _erase(conn: Connection, which: ColumnElement[bool], now_ms: int) -> int:
    there = (which, gate_texts.c.erased_ms.is_(None))
    refs = select(gate_texts.c.ref).where(*there)
    # Without the hash a held post is known by its name alone, and a changed text cannot be told: it stays held.
    conn.execute(update(held_posts).where(held_posts.c.text_ref.in_(refs)).values(text_hash=None))
    return conn.execute(update(gate_texts).where(*there).values(text=None, salt=None, erased_ms=now_ms)).rowcount
