"""The gate's audit can be cut where a sealed checkpoint says so; texts know what they are the text of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of cuts, and let rows go that are behind one. Older texts are erased by age alone."""
    op.create_table(
        "gate_cuts",
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_gate_cuts"),
    )
    for name, kind in (("platform", sa.String(32)), ("name", sa.Text), ("account", sa.Text)):
        op.add_column("gate_texts", sa.Column(name, kind, nullable=False, server_default=""))
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    op.execute("DROP TRIGGER gate_audit_refuses_delete")
    op.execute(
        "CREATE TRIGGER gate_audit_refuses_delete BEFORE DELETE ON gate_audit "
        "WHEN NOT EXISTS (SELECT 1 FROM gate_cuts WHERE chain = OLD.chain AND n >= OLD.n) "
        "BEGIN SELECT RAISE(ABORT, 'gate_audit is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER gate_cuts_refuses_delete BEFORE DELETE ON gate_cuts "
        "BEGIN SELECT RAISE(ABORT, 'gate_cuts only move on'); END"
    )
    op.execute(
        "CREATE TRIGGER gate_cuts_refuses_back BEFORE UPDATE ON gate_cuts "
        "WHEN NEW.chain <> OLD.chain OR NEW.n < OLD.n "
        "BEGIN SELECT RAISE(ABORT, 'gate_cuts only move on'); END"
    )


def _postgresql() -> None:
    op.execute("DROP TRIGGER gate_audit_refuses_change ON gate_audit")
    op.execute(
        "CREATE TRIGGER gate_audit_refuses_change BEFORE UPDATE OR TRUNCATE ON gate_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_uncut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM gate_cuts WHERE chain = OLD.chain AND n >= OLD.n) THEN "
        "RAISE EXCEPTION 'gate_audit is append-only'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER gate_audit_refuses_delete BEFORE DELETE ON gate_audit "
        "FOR EACH ROW EXECUTE FUNCTION refuse_uncut()"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION 'gate_cuts only move on'; END IF; "
        "IF NEW.chain <> OLD.chain OR NEW.n < OLD.n THEN RAISE EXCEPTION 'gate_cuts only move on'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER gate_cuts_refuses_back BEFORE UPDATE OR DELETE ON gate_cuts "
        "FOR EACH ROW EXECUTE FUNCTION refuse_back()"
    )
