"""What a step did table by table, and why it did not, so that letters are written from results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("step", sa.Column("error_code", sa.String(), nullable=False, server_default=""))
    op.add_column("step", sa.Column("done", sa.JSON(), nullable=False, server_default="[]"))
