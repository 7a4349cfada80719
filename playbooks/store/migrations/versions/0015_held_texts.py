"""A held post is known again by each text it had, and by its links; names of accounts are as they are compared."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: As in this version's `as_read`, whatever later versions do.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_POSTS = sa.table(
    "held_posts", *(sa.column(name) for name in ("key", "account", "text_ref", "text_hash", "word", "went_ms"))
)
_TEXTS = sa.table("gate_texts", *(sa.column(name) for name in ("ref", "post", "text")))
_HELD = sa.table("held_texts", *(sa.column(name) for name in ("post", "text_hash", "text_ref")))


def upgrade() -> None:
    """Make the table, and fill it from the texts that are still there."""
    op.add_column("held_posts", sa.Column("links_hash", sa.String(64), nullable=True))
    op.create_table(
        "held_texts",
        sa.Column("post", sa.String(64), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("text_ref", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("post", "text_hash", name="pk_held_texts"),
        sa.ForeignKeyConstraint(["post"], ["held_posts.key"], name="fk_held_texts_post"),
    )
    op.create_index("ix_held_texts_text", "held_texts", ["text_hash"])
    op.create_index("ix_held_texts_ref", "held_texts", ["text_ref"])
    conn = op.get_bind()
    for post in conn.execute(sa.select(_POSTS)).mappings().all():
        _move(conn, post)


def _move(conn: sa.Connection, post: sa.RowMapping) -> None:
    mine = _POSTS.c.key == post["key"]
    conn.execute(sa.update(_POSTS).where(mine).values(account=_plain(post["account"])))
    # Of an edited post the text that was held stands beside the new one.
    which = _TEXTS.c.post == post["key"] if post["word"] == "edit" else _TEXTS.c.ref == post["text_ref"]
    texts = conn.execute(sa.select(_TEXTS.c.ref, _TEXTS.c.text).where(which, _TEXTS.c.text.is_not(None))).all()
    hashes = {ref: hashlib.sha256(_as_read(json.loads(text)).encode()).hexdigest() for ref, text in texts}
    if post["text_hash"] is not None and post["text_ref"] in hashes:
        conn.execute(sa.update(_POSTS).where(mine).values(text_hash=hashes[post["text_ref"]]))
    # Posts without a text are not known by it.
    by_hash = {hashed: ref for ref, hashed in hashes.items() if hashed != hashlib.sha256(b"").hexdigest()}
    rows = [{"post": post["key"], "text_hash": hashed, "text_ref": ref} for hashed, ref in by_hash.items()]
    if rows:
        conn.execute(sa.insert(_HELD), rows)


def _as_read(text: str) -> str:
    composed = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    return " ".join(_UNSEEN.sub("", composed).split())


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lstrip("@#").strip().casefold()
