"""What becomes of every letter: it belongs somewhere, a report finds it, and a mail's own header says whether it is a machine's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.store.tables import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Codes, reminders, tickets and relays were written without an owner; each names it in its key or by its message.
_NOBODY = "ref IS NULL AND conversation_id IS NULL"
_OF_CHALLENGE = "SELECT c.conversation_id FROM challenge c WHERE outbox.key LIKE 'challenge:' || c.id || ':%'"
_OF_MESSAGE = "SELECT m.conversation_id FROM message m WHERE m.id = outbox.raw_message_id"
_OWNERS = (
    f"UPDATE outbox SET conversation_id = ({_OF_CHALLENGE}) WHERE {_NOBODY} AND key LIKE 'challenge:%'",
    f"UPDATE outbox SET ref = substr(key, 8, 11) WHERE {_NOBODY} AND key LIKE 'remind:%'",
    f"UPDATE outbox SET conversation_id = substr(key, 8, 24) WHERE {_NOBODY} AND key LIKE 'ticket:%'",
    f"UPDATE outbox SET conversation_id = ({_OF_MESSAGE}) WHERE {_NOBODY} AND raw_message_id IS NOT NULL",
    # What is left named something that is gone already: it belongs to the desk itself.
    f"UPDATE outbox SET ref = '' WHERE {_NOBODY}",
)


def upgrade() -> None:
    """Apply."""
    for owner in _OWNERS:
        op.execute(owner)
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.add_column(sa.Column("recipient_hash", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("sent_as", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("failure", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("failed_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("settled_at", Instant(), nullable=True))
        batch_op.create_check_constraint(
            "ck_outbox_belongs", "ref IS NOT NULL OR conversation_id IS NOT NULL"
        )
    for name in ("recipient_hash", "sent_as", "failed_at"):
        op.create_index(f"ix_outbox_{name}", "outbox", [name])
    op.drop_column("conversation", "answerable")
