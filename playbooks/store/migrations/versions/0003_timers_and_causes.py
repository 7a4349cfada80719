"""Timers, and one open incident for each cause."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column; an incident from before has its playbook's name for a cause."""
    op.create_table(
        "timers",
        sa.Column("id", sa.String(192), nullable=False),
        sa.Column("incident", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("woken_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_timers"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_timers_incident"),
    )
    op.create_index("ix_timers_due", "timers", ["woken_ms", "due_ms"])
    op.add_column("incidents", sa.Column("cause", sa.String(64), nullable=False, server_default=""))
    op.execute(sa.text("UPDATE incidents SET cause = playbook"))
    op.drop_index("uq_incidents_one_open", "incidents")
    op.create_index(
        "uq_incidents_one_open",
        "incidents",
        ["run", "brand", "cause"],
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
