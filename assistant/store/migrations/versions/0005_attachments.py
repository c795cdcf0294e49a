"""What came attached to a message, to be listed without opening the original."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("message", sa.Column("attachments", sa.JSON(none_as_null=True), nullable=True))
