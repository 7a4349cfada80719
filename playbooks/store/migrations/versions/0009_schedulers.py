"""What schedulers hold back: each account as it was last read, each post that was found, and a log of what was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "scheduler_accounts",
        sa.Column("scheduler", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("hold", sa.String(64), nullable=True),
        sa.Column("since_ms", sa.BigInteger, nullable=True),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("checked_ms", sa.BigInteger, nullable=False),
        sa.Column("proven_ms", sa.BigInteger, nullable=True),
        sa.Column("next_ms", sa.BigInteger, nullable=False),
        sa.Column("ahead_ms", sa.BigInteger, nullable=True),
        sa.Column("going", sa.Integer, nullable=False),
        sa.Column("stopped", sa.Integer, nullable=False),
        sa.Column("leaked", sa.Integer, nullable=False),
        sa.Column("canary", sa.String(16), nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("told_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("scheduler", name="pk_scheduler_accounts"),
    )
    op.create_table(
        "scheduled_posts",
        sa.Column("scheduler", sa.String(64), nullable=False),
        sa.Column("post", sa.String(128), nullable=False),
        sa.Column("hold", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("found_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("wish", sa.String(16), nullable=True),
        sa.Column("wish_ms", sa.BigInteger, nullable=True),
        sa.Column("wish_by", sa.String(64), nullable=True),
        sa.Column("wish_reason", sa.Text, nullable=True),
        sa.Column("new_post", sa.String(128), nullable=True),
        sa.Column("put_off_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("scheduler", "post", name="pk_scheduled_posts"),
    )
    op.create_index("ix_scheduled_posts_stage", "scheduled_posts", ["scheduler", "stage"])
    op.create_index("ix_scheduled_posts_hold", "scheduled_posts", ["hold"])
    op.create_table(
        "scheduler_log",
        sa.Column("seq", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("scheduler", sa.String(64), nullable=False),
        sa.Column("post", sa.String(128), nullable=False),
        sa.Column("hold", sa.String(64), nullable=True),
        sa.Column("entry", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_scheduler_log"),
    )
    op.create_index("ix_scheduler_log_scheduler", "scheduler_log", ["scheduler", "seq"])
    _refuse_changes("scheduler_log")


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
