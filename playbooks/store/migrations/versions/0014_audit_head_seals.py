"""How far a chain of the gate's audit reaches bears a seal, as its rows do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the seal; heads that stand there bear none, and never will: their processes are over."""
    op.add_column("gate_chains", sa.Column("seal", sa.String(64), nullable=False, server_default=""))
