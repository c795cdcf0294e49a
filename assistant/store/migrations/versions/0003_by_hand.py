"""Steps that people carry out, and how far a plan has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.store.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("step", sa.Column("found", sa.String(), nullable=True))
    op.add_column("step", sa.Column("opened_at", Instant(), nullable=True))
    op.add_column("step", sa.Column("remind_at", Instant(), nullable=True))
    op.add_column("action", sa.Column("rows_done", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("action", sa.Column("rows_to_do", sa.Integer(), nullable=False, server_default="0"))
