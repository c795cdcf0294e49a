"""Ids of outside in a space of their own, what fails row by row in the sweeps, and the order of the lists of agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assistant.store.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPEN = "status NOT IN ('answered', 'forwarded', 'lapsed', 'partly_answered', 'refused', 'withdrawn')"
_TODO = (
    "status = 'awaiting_approval' OR attention IS NOT NULL OR "
    f"(dont_at IS NOT NULL AND dont_answer IS NULL AND {_OPEN})"
)


def upgrade() -> None:
    """Apply."""
    op.execute(
        "UPDATE message SET external_id = 'in:' || external_id WHERE sender = 'you' AND kind <> 'reduced'"
    )
    # A token that was taken is taken for whichever site it came from: until it runs out, nobody knows which.
    op.execute(
        "INSERT INTO seen (value, until) SELECT 'jti:client_area:' || substr(value, 5), until FROM seen"
        " WHERE value LIKE 'jti:%'"
    )
    op.execute(
        "UPDATE seen SET value = 'jti:page_token:' || substr(value, 5)"
        " WHERE value LIKE 'jti:%' AND value NOT LIKE 'jti:client_area:%'"
    )
    op.create_table(
        "sweep_failure",
        sa.Column("sweep", sa.String(), primary_key=True),
        sa.Column("which", sa.String(), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
    )
    if (
        op.get_bind().dialect.name == "postgresql"
    ):  # every other instant is text, and this one could not be written
        told = """to_char(dont_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        op.alter_column("request", "dont_at", type_=Instant(), postgresql_using=told)
    proved_first = sa.text("(CASE WHEN evidence_id IS NULL THEN 1 ELSE 0 END)")
    for name, condition in (("ix_request_todo", _TODO), ("ix_request_open", _OPEN)):
        op.create_index(
            name,
            "request",
            [proved_first, "due_on", "ref"],
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_index("ix_request_by_due_date", "request", ["due_on", "ref"])
