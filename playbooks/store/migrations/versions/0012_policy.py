"""What the policy held, and what people said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and an index by which signals of late are found."""
    op.create_table(
        "policy_posts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("account", sa.String(256), nullable=False),
        sa.Column("post", sa.Text, nullable=False),
        sa.Column("caller", sa.String(64), nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("text_ref", sa.String(64), nullable=False),
        sa.Column("salted_hash", sa.String(64), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=True),
        sa.Column("links", sa.JSON, nullable=True),
        sa.Column("findings", sa.JSON, nullable=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("topics", sa.JSON, nullable=False),
        sa.Column("first_ms", sa.BigInteger, nullable=False),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("went_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_policy_posts"),
        sa.UniqueConstraint("text_hash", "run", "brand", "platform", name="uq_policy_posts_text"),
    )
    op.create_index("ix_policy_posts_newest", "policy_posts", ["went_ms", "last_ms"])
    op.create_table(
        "policy_words",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("post", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("said_ms", sa.BigInteger, nullable=False),
        sa.Column("audited_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_policy_words"),
        sa.ForeignKeyConstraint(["post"], ["policy_posts.id"], name="fk_policy_words_post"),
    )
    op.create_index("ix_policy_words_post", "policy_words", ["post"])
    op.create_index("ix_policy_words_audited", "policy_words", ["audited_ms"])
    op.create_index("ix_signals_newest", "signals", ["at_ms"])
