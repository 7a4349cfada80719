"""What processes say of themselves, and test messages to contact points."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "pulses",
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("process", sa.String(128), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("reached_ms", sa.BigInteger, nullable=True),
        sa.Column("troubles", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("role", "process", name="pk_pulses"),
    )
    op.create_table(
        "contact_tests",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("sent_ms", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contact_tests"),
    )
    op.create_index("ix_contact_tests_person", "contact_tests", ["person", "channel"])
