"""Brings the schema up to date at start: Alembic migrations, forward only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    return config


def migrate(engine: sa.Engine) -> None:
    """Apply what is missing, in one transaction; does nothing to a schema that is up to date."""
    if is_current(engine):
        return
    # Alembic takes a tenth of the start to import, and reads every migration: only an upgrade pays for it.
    from alembic import command

    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: sa.Engine) -> bool:
    """Tell whether the schema is the one this version needs."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return False
        return list(connection.scalars(sa.text("SELECT version_num FROM alembic_version"))) == [_head()]


def is_current_in(session: Session) -> bool:
    """Tell the same of the database that a session reads."""
    return is_current(session.get_bind().engine)


@cache
def _head() -> str:
    """Name the newest migration: each file is called by its number."""
    return max(file.name[:4] for file in (_HERE / "migrations" / "versions").glob("[0-9]*.py"))
