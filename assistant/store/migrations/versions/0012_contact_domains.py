"""Where the mail of a proved contact's domain went, by keyed hashes: who registers it anew is seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "contact_domain",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("house", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=True),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_index("ix_contact_domain_seen_at", "contact_domain", ["seen_at"])
