"""Holds of which one who releases has to be of a role, and in which roles people were who agreed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of the holds there are anybody who may is as good as another, as they were placed."""
    op.add_column("holds", sa.Column("one_of", sa.String(64), nullable=False, server_default=""))
    op.add_column("hold_releases", sa.Column("roles", sa.JSON, nullable=False, server_default="[]"))
