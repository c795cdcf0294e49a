"""When a person said not to erase after all, and what came of the question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("request", sa.Column("dont_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("request", sa.Column("dont_answer", sa.String(), nullable=True))
    op.create_index("ix_request_dont_at", "request", ["dont_at"])
