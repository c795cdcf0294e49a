"""Browsers known as an agent's, recovery codes, wrong codes of a session, an end of every token, and counts of what was refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from assistant.store.tables import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Tokens made before had no end: whoever uses one has as long as a new one lasts to make another.
_TOKENS_LAST = timedelta(days=90)


def upgrade() -> None:
    """Apply."""
    op.add_column("agent_session", sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("agent_token", sa.Column("expires_at", Instant(), nullable=True))
    token = sa.table("agent_token", sa.column("expires_at", Instant()))
    op.execute(sa.update(token).values(expires_at=datetime.now(UTC) + _TOKENS_LAST))
    with op.batch_alter_table("agent_token") as batch_op:
        batch_op.alter_column("expires_at", existing_type=Instant(), nullable=False)
    op.create_table(
        "agent_browser",
        sa.Column("browser_hash", sa.String(), primary_key=True),
        sa.Column("agent", sa.String(), sa.ForeignKey("agent.name"), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
    )
    op.create_table(
        "agent_recovery",
        sa.Column("code_hash", sa.String(), primary_key=True),
        sa.Column("agent", sa.String(), sa.ForeignKey("agent.name"), nullable=False),
    )
    op.create_table(
        "refused_count",
        sa.Column("hour", Instant(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("agent", sa.String(), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
    )
    for name in ("agent_browser", "agent_recovery"):
        op.create_index(f"ix_{name}_agent", name, ["agent"])
