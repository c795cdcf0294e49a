"""Plans are the desk's; who had a hand in one stands in the audit. A proof covers the requests it named, and no later ones."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_column("action", "planned_by")
    op.drop_column("conversation", "proved_at")
