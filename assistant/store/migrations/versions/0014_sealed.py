"""What a person wrote and who they are is sealed: JSON becomes text, and what was looked up by its value gets a keyed hash.

Values are sealed after this, with the keys that only the desk has (`store/resealing.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

_JSON = {
    "conversation": ("state",),
    "message": ("choices", "reading", "headers", "attachments"),
    "request": ("details",),
    "action": ("plan", "approvals"),
    "step": ("done", "left"),
    "package": ("manifest",),
    "audit": ("data",),
}


def upgrade() -> None:
    """Apply; SQLite keeps a text in any column, and need not be told."""
    op.add_column("conversation", sa.Column("hint_hash", sa.String(), nullable=True))
    op.create_index("ix_conversation_hint_hash", "conversation", ["hint_hash"])
    op.add_column("evidence", sa.Column("client_hash", sa.String(), nullable=True))
    op.create_index("ix_evidence_client_hash", "evidence", ["client_hash"])
    op.create_table(
        "keys_in_use",
        sa.Column("index_keys", sa.String(), nullable=False),
        sa.Column("sealing", sa.String(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("lay_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("index_keys"),
    )
    # How far looking through went was sealed by itself; it begins again, and stops nothing twice.
    op.execute("DELETE FROM note WHERE name LIKE 'marketing\\_looked\\_through:%' ESCAPE '\\'")
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _JSON.items():
            for column in columns:
                op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT')
                op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE TEXT USING "{column}"::text')
