"""Posts that can be erased, a hash for each entry of the log, and verdicts.

The log is written anew once: where an entry names posts by the platform's ids, it names them by a salted hash from
here on, and what the hash is of stands in a table of its own.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_LOG = sa.table(
    "incident_log",
    *(sa.column(name) for name in ("seq", "incident", "n", "at_ms", "recorded_ms", "actor", "entry", "hash")),
    sa.column("body", sa.JSON),
)
_INCIDENTS = sa.table("incidents", sa.column("id"), sa.column("run"), sa.column("brand"))
_SIGNALS = sa.table("signals", *(sa.column(n) for n in ("id", "run", "brand")), sa.column("body", sa.JSON))
_OUTBOX = sa.table("outbox", *(sa.column(n) for n in ("id", "incident")), sa.column("body", sa.JSON))
_POSTS = sa.table(
    "posts",
    *(
        sa.column(name)
        for name in ("ref", "run", "brand", "platform", "at_ms", "kept_ms", "mark", "mark_salt", "salt", "post")
    ),
)
_AT_ONCE = 500

#: A run and brand, and a post of theirs by platform and id.
Key = tuple[str, str, str, str]


def upgrade() -> None:
    """Make the tables and columns, and write the log's posts and hashes."""
    _tables()
    op.add_column("incidents", sa.Column("verdict", sa.String(16), nullable=True))
    op.add_column("incident_log", sa.Column("hash", sa.String(64), nullable=False, server_default=""))
    _allow_changes()
    _Rewriting(op.get_bind()).everything()
    _refuse_changes()


def _tables() -> None:
    op.create_table(
        "erasures",
        sa.Column("seq", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("posts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_erasures"),
    )
    op.create_table(
        "posts",
        sa.Column("ref", sa.String(80), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("kept_ms", sa.BigInteger, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("mark_salt", sa.String(32), nullable=False),
        sa.Column("salt", sa.String(32), nullable=True),
        sa.Column("post", sa.Text, nullable=True),
        sa.Column("handle", sa.Text, nullable=True),
        sa.Column("text", sa.Text, nullable=True),
        sa.Column("erasure", _ROW_ID, nullable=True),
        sa.PrimaryKeyConstraint("ref", name="pk_posts"),
        sa.ForeignKeyConstraint(["erasure"], ["erasures.seq"], name="fk_posts_erasure"),
    )
    op.create_index("ix_posts_when", "posts", ["brand", "at_ms"])


class _Rewriting:
    """Everything that names a post, written anew: the same post of a brand has the same reference everywhere."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn
        self._refs: dict[Key, str] = {}

    def everything(self) -> None:
        """The log with its hashes, the signals, and what is due."""
        brands = {id: (run, brand) for id, run, brand in self._conn.execute(sa.select(_INCIDENTS))}
        self._log(brands)
        query = sa.select(_SIGNALS.c.id, _SIGNALS.c.run, _SIGNALS.c.brand, _SIGNALS.c.body)
        self._bodies(_SIGNALS, ((id, (run, brand), body) for id, run, brand, body in self._rows(query, _SIGNALS.c.id)))
        due = sa.select(_OUTBOX.c.id, _OUTBOX.c.incident, _OUTBOX.c.body)
        rows = self._rows(due, _OUTBOX.c.id)
        self._bodies(_OUTBOX, ((id, brands.get(incident, ("", "")), body) for id, incident, body in rows))

    def _log(self, brands: Mapping[str, tuple[str, str]]) -> None:
        before: dict[str, str] = {}
        for row in self._rows(sa.select(_LOG), _LOG.c.seq):
            body = self._told(row.body, brands[row.incident])
            words = [row.incident, row.n, row.at_ms, row.recorded_ms, row.actor, row.entry, body]
            hash = before[row.incident] = _entry_hash(before.get(row.incident, ""), words)
            self._conn.execute(sa.update(_LOG).where(_LOG.c.seq == row.seq).values(body=body, hash=hash))

    def _bodies(self, table: Any, rows: Iterable[tuple[str, tuple[str, str], Any]]) -> None:
        for id, whose, body in rows:
            told = self._told(body, whose)
            if told is not body:
                self._conn.execute(sa.update(table).where(table.c.id == id).values(body=told))

    def _rows(self, query: Any, key: Any) -> Iterator[Any]:
        """All rows in order of `key`, some at a time: a store may have many."""
        last: Any = None
        while True:
            page = query if last is None else query.where(key > last)
            rows = self._conn.execute(page.order_by(key).limit(_AT_ONCE)).all()
            if not rows:
                return
            yield from rows
            last = getattr(rows[-1], key.name)

    def _told(self, body: Any, whose: tuple[str, str]) -> Any:
        """The body with references for posts; the very same object where it names none."""
        signal = body if "evidence" in body else body.get("signal")
        if not isinstance(signal, dict) or not signal.get("evidence", {}).get("posts"):
            return body
        posts = [post | {"id": self._ref(whose, post)} for post in signal["evidence"]["posts"]]
        told = signal | {"evidence": signal["evidence"] | {"posts": posts}}
        return told if signal is body else body | {"signal": told}

    def _ref(self, whose: tuple[str, str], post: Mapping[str, Any]) -> str:
        key = (*whose, post["platform"], post["id"])
        if key not in self._refs:
            self._refs[key] = self._kept(whose, post)
        return self._refs[key]

    def _kept(self, whose: tuple[str, str], post: Mapping[str, Any]) -> str:
        salt, mark_salt = secrets.token_hex(16), secrets.token_hex(16)
        run, brand = whose
        row = {
            "ref": "sha256:" + _hash([salt, post["platform"], post["id"], None, None]),
            "run": run,
            "brand": brand,
            "platform": post["platform"],
            "at_ms": post["at_ms"],
            "kept_ms": post["at_ms"],
            "mark": _hash([mark_salt, post["platform"], post["id"]]),
            "mark_salt": mark_salt,
            "salt": salt,
            "post": post["id"],
        }
        self._conn.execute(sa.insert(_POSTS).values(row))
        return str(row["ref"])


def _entry_hash(before: str, words: list[Any]) -> str:
    return _hash([before, *words])


def _hash(words: list[Any]) -> str:
    told = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _allow_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(f"DROP TRIGGER incident_log_refuses_{change}")
        return
    op.execute("DROP TRIGGER incident_log_refuses_change ON incident_log")


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER incident_log_refuses_{change.lower()} BEFORE {change} ON incident_log "
                "BEGIN SELECT RAISE(ABORT, 'incident_log is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER incident_log_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
