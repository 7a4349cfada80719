"""How far each brand is armed, by named acts; mutes; and actions that belong to no incident."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; a brand that was heard of before is known since then."""
    op.create_table(
        "known_brands",
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("first_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("brand", name="pk_known_brands"),
    )
    op.execute(
        "INSERT INTO known_brands (brand, first_ms) SELECT brand, MIN(recorded_ms) FROM signals WHERE run = '' "
        "GROUP BY brand"
    )
    op.create_table(
        "arming_acts",
        sa.Column("seq", _ROW_ID, nullable=False, autoincrement=True),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("arming", sa.String(16), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("early", sa.Boolean, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_arming_acts"),
    )
    op.create_index("ix_arming_acts_newest", "arming_acts", ["brand", "seq"])
    op.create_table(
        "mutes",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("brand", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(32), nullable=True),
        sa.Column("playbook", sa.String(64), nullable=True),
        sa.Column("begins_ms", sa.BigInteger, nullable=False),
        sa.Column("ends_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("lifted_ms", sa.BigInteger, nullable=True),
        sa.Column("lifted_by", sa.String(64), nullable=True),
        sa.Column("lifted_why", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mutes"),
    )
    op.create_index("ix_mutes_in_force", "mutes", ["lifted_ms", "ends_ms"])
    _refuse_changes("arming_acts")
    _let_actions_stand_alone()


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


def _let_actions_stand_alone() -> None:
    """`outbox.incident` may be empty.

    SQLite has no ALTER for it, and the table cannot be made anew without taking away what refers to it; so its text is
    changed, as https://www.sqlite.org/lang_altertable.html says for a NOT NULL that goes.
    """
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        op.alter_column("outbox", "incident", nullable=True)
        return
    version = conn.exec_driver_sql("PRAGMA schema_version").scalar_one()
    conn.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = conn.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, 'incident VARCHAR(64) NOT NULL', 'incident VARCHAR(64)') "
        "WHERE type = 'table' AND name = 'outbox'"
    )
    conn.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    conn.exec_driver_sql("PRAGMA writable_schema = OFF")
    if changed.rowcount != 1:
        raise RuntimeError("the table outbox is not there")
