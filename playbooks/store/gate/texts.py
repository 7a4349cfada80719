"""The texts that the gate was asked about, kept apart from the audit so that they can be erased."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, select, update

from playbooks.gate.audit import text_hash
from playbooks.store.engine import reading
from playbooks.store.schema import gate_texts, held_posts, held_texts, policy_posts

_KEEP = insert(gate_texts)


class TextOf(msgspec.Struct, frozen=True):
    """A text, and of which post it is: its key, and by what people know it."""

    key: str
    platform: str
    name: str
    account: str
    text: str


class KeptText(msgspec.Struct, frozen=True):
    """A text that was kept: where, and the hash that the audit has of it."""

    ref: str
    hash: str


def keep(conn: Connection, texts: Sequence[TextOf], now_ms: int) -> list[KeptText]:
    """Keep texts in the caller's transaction."""
    kept = [(secrets.token_hex(16), secrets.token_hex(16), each) for each in texts]
    rows = [
        {
            "ref": ref,
            "post": each.key,
            "kept_ms": now_ms,
            "salt": salt,
            # As JSON: a database takes no NUL, a post may have one.
            "text": _json(each.text),
            "erased_ms": None,
            "platform": each.platform,
            "name": _json(each.name),
            "account": _handle(each.account),
        }
        for ref, salt, each in kept
    ]
    if rows:
        conn.execute(_KEEP, rows)
    return [KeptText(ref, text_hash(salt, each.text)) for ref, salt, each in kept]


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


def of_post(platform: str, name: str) -> ColumnElement[bool]:
    """The texts of the post that its scheduler calls so."""
    return and_(gate_texts.c.platform == platform, gate_texts.c.name == _json(name))


def of_account(account: str, platform: str | None = None) -> ColumnElement[bool]:
    """The texts of an account's posts, on one platform or on all; case and a leading ``@`` do not count."""
    mine = gate_texts.c.account == _handle(account)
    return mine if platform is None else and_(mine, gate_texts.c.platform == platform)


def kept_before(before_ms: int) -> ColumnElement[bool]:
    """The texts that were kept before a moment."""
    return gate_texts.c.kept_ms < before_ms


def erase_texts(conn: Connection, which: ColumnElement[bool], now_ms: int) -> int:
    """Erase texts for good, with what tells whose they are; how many went. The audit still verifies."""
    there = (which, gate_texts.c.erased_ms.is_(None))
    refs = select(gate_texts.c.ref).where(*there)
    # Without the hash a held post is known by its name alone, and a changed text cannot be told: it stays held.
    conn.execute(update(held_posts).where(held_posts.c.text_ref.in_(refs)).values(text_hash=None))
    conn.execute(delete(held_texts).where(held_texts.c.text_ref.in_(refs)))
    forgotten = {"text_hash": None, "links": None, "findings": None}
    conn.execute(update(policy_posts).where(policy_posts.c.text_ref.in_(refs)).values(forgotten))
    gone = {"text": None, "salt": None, "platform": "", "name": "", "account": "", "erased_ms": now_ms}
    return conn.execute(update(gate_texts).where(*there).values(gone)).rowcount


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _handle(account: str) -> str:
    return _json(account.strip().removeprefix("@").lower())
