"""Why a plan is void or rejected stands in the audit: what also stood with the plan was read by nobody."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_column("action", "reason")
