"""Indexes by which the sweeps that run out what is over find it, without reading tables whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_PARTS = (
    ("ix_message_of_a_person", "message", ["at", "id"], "sender IN ('you', 'note') AND kind <> 'reduced'"),
    ("ix_challenge_undecided", "challenge", ["expires_at"], "state IN ('wanted', 'sent', 'spent')"),
    (
        "ix_outbox_passing",
        "outbox",
        ["created_at", "id"],
        "(\"key\" LIKE 'challenge:%' OR \"key\" LIKE 'notice:%' OR \"key\" LIKE 'hold:%' OR ref IS NULL)",
    ),
)
_WHOLE = (
    ("challenge", "asked_at"),
    ("outbox", "raw_message_id"),
    ("package", "action_id"),
    ("package", "file"),
    ("stop_link", "made_at"),
)


def upgrade() -> None:
    """Apply."""
    for name, table, columns, condition in _PARTS:
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    for table, column in _WHOLE:
        op.create_index(f"ix_{table}_{column}", table, [column])
