"""Examines an installation: one line each, with the mend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from assistant.config import Settings, load_settings, require_complete
from assistant.disclosure.unwritten import unwritten
from assistant.domain.networks import is_this_machine
from assistant.errors import AssistantError, ConfigurationError
from assistant.reaching import check_each
from assistant.store.migrate import is_current

Row = Mapping[str, Any]


async def examine(config: Path) -> list[Row]:
    """Check settings, database, migrations, channels, sources and model."""
    try:
        settings = load_settings(config)
    except AssistantError as error:
        return [_row("settings", error.message)]
    rows = [
        _try("settings", lambda: require_complete(settings)),
        _try("database", lambda: _database(settings)),
        _try("keys", lambda: _keys(settings)),
        _try("support", lambda: _support(settings)),
        _try("letters", lambda: _letters(settings)),
        _try("model", _model),
    ]
    rows += _untold(settings)
    rows += _too_few(settings)
    rows += _watched_from_outside(settings)
    rows += [{"part": "letters", "level": "warning", "text": text} for text in unwritten(settings)]
    channels, sources = await asyncio.gather(_channels(settings), _sources(settings))
    return [*rows, *channels, *sources]


async def _sources(settings: Settings) -> list[Row]:
    from assistant.reading_commands import check_sources

    try:
        found = [row for row in await check_sources(settings) if row["level"] != "ok"]
    except AssistantError as error:
        return [_row("sources", error.message)]
    told: list[Row] = [
        {"part": f"sources {row['source']}", "level": row["level"], "text": f"{row['where']}: {row['text']}"}
        for row in found
    ]
    return told or [_row("sources", None)]


def _untold(settings: Settings) -> list[Row]:
    """Name the recipients whom the desk cannot tell by itself (GDPR 19)."""
    known = settings.catalogue.recipients
    named = {
        each.name for mapped in settings.maps.values() for table in mapped.tables for each in table.recipients
    }
    silent = sorted(name for name in named if name in known and not known[name].notify)
    if not silent:
        return []
    text = f"no notify address for {', '.join(silent)}: people are asked to tell them of erasures and corrections"
    return [{"part": "recipients", "level": "warning", "text": text}]


def _too_few(settings: Settings) -> list[Row]:
    """Say when nobody, or only one person, could approve what takes two."""
    from assistant.casework.agents.staff import who_may_approve_all

    if not settings.approvals.four_eyes or (database := _opened(settings)) is None:
        return []
    with database as engine, Session(engine) as session:
        names = who_may_approve_all(session)
    if len(names) >= 2:  # noqa: PLR2004 - four eyes
        return []
    text = (
        f"approvals.four_eyes is on and {len(names)} active approver or lead is there: erasure and disclosure "
        "need two. Add one with `assistant agents add NAME --role approver`, or set four_eyes = false."
    )
    return [{"part": "people", "level": "warning", "text": text}]


def _watched_from_outside(settings: Settings) -> list[Row]:
    """Say when others than this machine may read the figures."""
    host, _ = settings.server.monitored_at
    if is_this_machine(host):
        return []
    text = (
        f"server.monitor: {settings.server.monitor} can be reached from elsewhere: have a firewall let only your monitoring "
        "through, or write 127.0.0.1"
    )
    return [{"part": "monitor", "level": "warning", "text": text}]


def _row(part: str, fault: str | None) -> Row:
    return {"part": part, "level": "error" if fault else "ok", "text": fault or "in order"}


def _try(part: str, look: Callable[[], object]) -> Row:
    try:
        look()
    except AssistantError as error:
        return _row(part, error.message)
    return _row(part, None)


def _database(settings: Settings) -> None:
    file = settings.server.data_dir / "desk.db"
    if settings.database_url.startswith("sqlite") and not settings.server.database_url and not file.exists():
        raise ConfigurationError(f"{file}: is not there yet; `assistant serve` makes it.")
    with _engine(settings) as engine:
        if not is_current(engine):
            raise ConfigurationError(
                "the schema is older than this version; `assistant serve` brings it up to date."
            )


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = create_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _opened(settings: Settings) -> AbstractContextManager[Engine] | None:
    """Give the database to look into; None where it is not in order, which the line on it says."""
    try:
        _database(settings)
    except (ConfigurationError, SQLAlchemyError):
        return None
    return _engine(settings)


def _keys(settings: Settings) -> None:
    """Say whether the keys are those of the database, and whether anything of the desk is open to others."""
    from assistant.store.keyfiles import read_keyring
    from assistant.store.private import opened_to_others

    if (database := _opened(settings)) is None:
        return
    with database as engine:
        read_keyring(settings.server.data_dir, engine)
    opened = list(opened_to_others(settings.server.data_dir))
    if opened:
        raise ConfigurationError(
            f"{opened[0]}: others on this machine may open it, and {len(opened) - 1} more; run `chmod -R go= "
            f"{settings.server.data_dir}` as their owner."
        )


def _support(settings: Settings) -> None:
    """Say whether customers' mails wait because support's address does not take them."""
    from assistant.store.queries import undelivered_to_support

    if (database := _opened(settings)) is None:
        return
    with database as engine, Session(engine) as session:
        mails, since = undelivered_to_support(session)
    if since:
        raise ConfigurationError(
            f"{mails} mails for support wait since {since:%Y-%m-%d %H:%M} UTC: support.forward_to does not take them; "
            "they are kept and tried again, so mend the address or its mailbox."
        )


async def _channels(settings: Settings) -> list[Row]:
    """Sign in wherever mail and messages come from and go to."""
    from assistant.app import open_channels, texts_of
    from assistant.opening import SystemClock
    from assistant.store.keyring import INDEX_BYTES, Keyring

    try:
        channels = open_channels(settings, Keyring(bytes(INDEX_BYTES)), SystemClock(), texts_of(settings))
    except AssistantError as error:
        return [_row("channels", error.message)]
    return [
        {"part": f"channels {each.source}", "level": each.level, "text": f"{each.where}: {each.text}"}
        for each in await check_each(tuple(channels.values()))
    ] or [_row("channels", None)]


def _letters(settings: Settings) -> None:
    from assistant.app import calendar_of, texts_of

    require_complete(settings)
    texts_of(settings)
    calendar_of(settings)


def _model() -> None:
    from intents import Reader

    Reader.load().read("Delete my data, please.")
