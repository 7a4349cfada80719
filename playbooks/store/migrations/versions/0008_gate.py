"""The gate: wider holds, what was held, break-glass, and the audit chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and say of the holds there are that they are as wide as they were."""
    op.add_column("holds", sa.Column("only", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("holds", sa.Column("protects", sa.String(64), nullable=False, server_default=""))
    op.add_column("holds", sa.Column("placed_by", sa.String(64), nullable=False, server_default=""))
    _texts_and_posts()
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("post", sa.String(64), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("used_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_break_glass"),
    )
    op.create_index("ix_break_glass_post", "break_glass", ["post", "used_ms"])
    _audit()


def _texts_and_posts() -> None:
    op.create_table(
        "gate_texts",
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("post", sa.String(64), nullable=False),
        sa.Column("kept_ms", sa.BigInteger, nullable=False),
        sa.Column("salt", sa.String(64), nullable=True),
        sa.Column("text", sa.Text, nullable=True),
        sa.Column("erased_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("ref", name="pk_gate_texts"),
    )
    op.create_index("ix_gate_texts_post", "gate_texts", ["post"])
    op.create_index("ix_gate_texts_kept", "gate_texts", ["erased_ms", "kept_ms"])
    op.create_table(
        "held_posts",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("account", sa.String(256), nullable=False),
        sa.Column("post", sa.Text, nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("scheduled_ms", sa.BigInteger, nullable=True),
        sa.Column("text_ref", sa.String(64), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=True),
        sa.Column("first_ms", sa.BigInteger, nullable=False),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("word", sa.String(16), nullable=True),
        sa.Column("person", sa.String(64), nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("said_ms", sa.BigInteger, nullable=True),
        sa.Column("not_before_ms", sa.BigInteger, nullable=True),
        sa.Column("went_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_held_posts"),
    )
    op.create_index("ix_held_posts_account", "held_posts", ["run", "brand", "platform", "account"])
    op.create_index("ix_held_posts_text", "held_posts", ["text_hash"])
    op.create_table(
        "held_by",
        sa.Column("hold", sa.String(64), nullable=False),
        sa.Column("post", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("hold", "post", name="pk_held_by"),
        sa.ForeignKeyConstraint(["hold"], ["holds.id"], name="fk_held_by_hold"),
        sa.ForeignKeyConstraint(["post"], ["held_posts.key"], name="fk_held_by_post"),
    )
    op.create_index("ix_held_by_post", "held_by", ["post"])


def _audit() -> None:
    op.create_table(
        "gate_audit",
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "n", name="pk_gate_audit"),
    )
    op.create_table(
        "gate_chains",
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_gate_chains"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER gate_audit_refuses_{change.lower()} BEFORE {change} ON gate_audit "
                "BEGIN SELECT RAISE(ABORT, 'gate_audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER gate_audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
