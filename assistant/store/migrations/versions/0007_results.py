"""What a step did table by table, and why it did not, so that letters are written from results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("step", sa.Column("error_code", sa.String(), nullable=False, server_default=""))
    op.add_column("step", sa.Column("done", sa.JSON(), nullable=False, server_default="[]"))
