"""Alembic's environment: the connection is handed in, and the tables are those of the store."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import assistant.store.tables

assert assistant.store.tables.Message.__tablename__ in SQLModel.metadata.tables  # noqa: S101 - the import is what registers the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
