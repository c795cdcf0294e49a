"""Which objections keep an address off marketing, so that their undo knows what they changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("suppression", sa.Column("refs", sa.JSON(), nullable=False, server_default="[]"))
