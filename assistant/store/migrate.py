"""Brings the schema up to date at start: Alembic migrations, forward only."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlmodel import Session

_HERE = Path(__file__).parent


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    return config


def migrate(engine: Engine) -> None:
    """Apply what is missing, in one transaction; does nothing to a schema that is up to date."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Tell whether the schema is the one this version needs."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _head()


def is_current_in(session: Session) -> bool:
    """Tell the same of the database that a session reads."""
    return is_current(session.get_bind().engine)


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
