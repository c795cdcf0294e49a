"""What was written of a challenge and never read: links that stop have a table of their own, renewing counts from the receipt."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("challenge") as batch_op:
        batch_op.drop_column("not_me_hash")
        batch_op.drop_column("renewable_until")
