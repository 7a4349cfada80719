"""The first tables, and the triggers that make the log and the ledger append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_APPEND_ONLY = ("incident_log", "deliveries")


def upgrade() -> None:
    """Make everything."""
    _signals_and_incidents()
    _holds()
    _outbox()
    _processes_and_people()
    for table in _APPEND_ONLY:
        _refuse_changes(table)


def _signals_and_incidents() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signals"),
    )
    op.create_table(
        "brand_locks",
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("run", "brand", name="pk_brand_locks"),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("playbook", sa.String(64), nullable=False),
        sa.Column("playbook_version", sa.String(32), nullable=False),
        sa.Column("playbook_hash", sa.String(64), nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_newest", "incidents", ["opened_ms", "id"])
    op.create_index(
        "uq_incidents_one_open",
        "incidents",
        ["run", "brand", "playbook"],
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "incident_log",
        sa.Column("seq", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("incident", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("entry", sa.String(32), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_incident_log"),
        sa.UniqueConstraint("incident", "n", name="uq_incident_log_incident_n"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_incident_log_incident"),
    )
    op.create_index("ix_incident_log_entry", "incident_log", ["incident", "entry", "at_ms"])


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("incident", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("brand", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("releasers_needed", sa.Integer, nullable=False),
        sa.Column("placed_ms", sa.BigInteger, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("released_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_holds_incident"),
    )
    op.create_index("ix_holds_in_force", "holds", ["brand", "released_ms"])
    op.create_index("ix_holds_incident", "holds", ["incident"])
    op.create_table(
        "hold_releases",
        sa.Column("hold", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hold", "person", name="pk_hold_releases"),
        sa.ForeignKeyConstraint(["hold"], ["holds.id"], name="fk_hold_releases_hold"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("incident", sa.String(64), nullable=False),
        sa.Column("run", sa.String(128), nullable=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String(128), nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_outbox_incident"),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_ms"])
    op.create_index("ix_outbox_incident", "outbox", ["incident"])
    op.create_table(
        "deliveries",
        sa.Column("seq", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("outbox", sa.String(128), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_deliveries"),
        sa.UniqueConstraint("outbox", "attempt", "person", "channel", "outcome", name="uq_deliveries_attempt"),
        sa.ForeignKeyConstraint(["outbox"], ["outbox.id"], name="fk_deliveries_outbox"),
    )


def _processes_and_people() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "source_cursors",
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_source_cursors"),
    )
    op.create_table(
        "console_tokens",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("used_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_console_tokens"),
    )


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
