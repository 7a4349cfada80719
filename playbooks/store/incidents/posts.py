"""The posts that signals quote: kept apart from the append-only log, so that they can be erased.

The log has a post by `ref`, a salted hash of the platform's id, the handle and the text; what the hash is of stands in
one row here. Erasing empties the row, salt and all: the log still verifies, and nobody can find out by trying handles
who it was. A post that was erased is known when it comes again (by another salted hash, of its id), and is not kept
anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, RowMapping, insert, select

from detectors.signal import Post, Signal
from playbooks.store.engine import reading
from playbooks.store.incidents.log_hash import digest
from playbooks.store.schema import erasures, posts

#: What a reference begins with.
PREFIX = "sha256:"


class Quoted(msgspec.Struct, frozen=True):
    """A post as people may see it. Of one that was erased only when, by whom and why is left."""

    ref: str
    platform: str
    at_ms: int
    post: str = ""
    handle: str = ""
    text: str = ""
    erased_ms: int | None = None
    erased_by: str = ""
    why: str = ""


class Referred(NamedTuple):
    """A signal that names its posts by reference, and the rows that it needs."""

    signal: Signal
    rows: Sequence[dict[str, Any]] = ()


def refer(conn: Connection, signal: Signal, now_ms: int) -> Referred:
    """The signal as log and messages may have it; `keep` writes the rows. A post that is known keeps its reference."""
    quoted = signal.evidence.posts
    if not quoted:
        return Referred(signal)
    known = _known(conn, signal)
    named: list[Post] = []
    rows: list[dict[str, Any]] = []
    for post in quoted:
        ref = next((row["ref"] for row in known if _is(row, post)), None)
        if ref is None:
            rows.append(_row(signal, post, now_ms))
            ref = rows[-1]["ref"]
        named.append(replace(post, id=ref, text="", handle=""))
    evidence = replace(signal.evidence, posts=tuple(named))
    return Referred(replace(signal, evidence=evidence), rows)


def keep(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of a signal that goes into the log, in the caller's transaction."""
    if rows:
        conn.execute(insert(posts), list(rows))


def quoted(engine: Engine, refs: Collection[str]) -> dict[str, Quoted]:
    """What is known of the posts with these references."""
    query = (
        select(posts, erasures.c.at_ms.label("erased_ms"), erasures.c.person, erasures.c.reason)
        .outerjoin(erasures, erasures.c.seq == posts.c.erasure)
        .where(posts.c.ref.in_(list(refs)))
    )
    with reading(engine) as conn:
        return {row["ref"]: _quoted(row) for row in conn.execute(query).mappings()}


def storable(text: str) -> str:
    r"""Text as every database takes it: without NUL and half pairs. A post must not keep its signal from being taken.

    >>> storable("nul\x00, half a pair \ud800")
    'nul?, half a pair ?'
    """
    return text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")


def is_intact(row: RowMapping) -> bool:
    """Whether what a row holds is what its reference is the hash of; one that was erased holds nothing."""
    if row["salt"] is None:
        return row["erasure"] is not None and (row["post"], row["handle"], row["text"]) == (None, None, None)
    return bool(row["ref"] == _ref(row["salt"], row["platform"], row["post"], row["handle"], row["text"]))


def refs_in(bodies: Iterable[Any]) -> set[str]:
    """The references in bodies of log entries; an entry may name a signal by its id alone."""
    signals = (signal for body in bodies if isinstance(signal := body.get("signal"), dict))
    return {post["id"] for signal in signals for post in signal["evidence"].get("posts", ())}


def _known(conn: Connection, signal: Signal) -> Sequence[RowMapping]:
    times = [post.at_ms for post in signal.evidence.posts]
    mine = (posts.c.brand == signal.brand, posts.c.run == signal.run, posts.c.at_ms.in_(times))
    return conn.execute(select(posts).where(*mine)).mappings().all()


def _is(row: RowMapping, post: Post) -> bool:
    return bool(row["platform"] == post.platform and row["mark"] == _mark(row["mark_salt"], post.platform, post.id))


def _row(signal: Signal, post: Post, now_ms: int) -> dict[str, Any]:
    salt, mark_salt = secrets.token_hex(16), secrets.token_hex(16)
    id, handle, text = storable(post.id), storable(post.handle) or None, storable(post.text) or None
    return {
        "ref": _ref(salt, post.platform, id, handle, text),
        "run": signal.run,
        "brand": signal.brand,
        "platform": post.platform,
        "at_ms": post.at_ms,
        "kept_ms": now_ms,
        "mark": _mark(mark_salt, post.platform, post.id),
        "mark_salt": mark_salt,
        "salt": salt,
        "post": id,
        "handle": handle,
        "text": text,
    }


def _ref(salt: str, platform: str, post: str, handle: str | None, text: str | None) -> str:
    return PREFIX + digest([salt, platform, post, handle, text])


def _mark(salt: str, platform: str, post: str) -> str:
    return digest([salt, platform, post])


def _quoted(row: RowMapping) -> Quoted:
    return Quoted(
        ref=row["ref"],
        platform=row["platform"],
        at_ms=row["at_ms"],
        post=row["post"] or "",
        handle=row["handle"] or "",
        text=row["text"] or "",
        erased_ms=row["erased_ms"],
        erased_by=row["person"] or "",
        why=row["reason"] or "",
    )
