"""The way in from a mailbox: looked at regularly over IMAP, each mail moved away once the desk has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from assistant.channels.email.settings import EmailSettings, ImapSettings
from assistant.errors import AssistantError

_LONGEST_WAIT = 900.0  # seconds between two tries
_HEAD = 1_000_000  # bytes read of a mail that is larger than the desk takes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """One mail in the mailbox."""

    uid: int
    raw: bytes
    arrived_at: datetime | None  # when the mailbox got it, by its server's clock
    is_cut: bool  # only its head was read; the whole of it stays in the mailbox


Store = Callable[[Found], Awaitable[None]]
"""Stores one mail; returns after the commit."""


async def watch(settings: EmailSettings, imap: ImapSettings, store: Store) -> None:
    """Look at the mailbox until cancelled; what fails is tried again later, and later still."""
    failures = 0
    while True:
        try:
            await look(imap, settings.max_bytes, store)
            failures = 0
        except (IMAPClientError, OSError, EOFError, ValueError, LookupError) as error:
            failures += 1
            log.warning("mailbox.unreachable", error=type(error).__name__, failures=failures)
        await asyncio.sleep(min(settings.poll_every * 2 ** min(failures, 10), _LONGEST_WAIT))


async def look(imap: ImapSettings, max_bytes: int, store: Store) -> int:
    """Take every mail that is in the mailbox now, and say how many; one that cannot be stored stays there."""
    taken = 0
    async with _mailbox(imap) as client:
        for uid in sorted(await asyncio.to_thread(client.search, ["UNDELETED"])):
            found = await asyncio.to_thread(_fetched, client, uid, max_bytes)
            if found is not None and await _is_stored(found, store):
                await asyncio.to_thread(_put_away, client, uid, imap.processed_folder)
                taken += 1
    return taken


async def _is_stored(found: Found, store: Store) -> bool:
    try:
        await store(found)
    except AssistantError as error:
        log.warning("mailbox.not_stored", reason=error.code)
        return False
    return True


@asynccontextmanager
async def _mailbox(imap: ImapSettings) -> AsyncIterator[Any]:
    """Give a client that is signed in and has the folder open; every call to it belongs into a thread."""
    client = await asyncio.to_thread(
        IMAPClient, imap.host, port=imap.port, ssl=imap.tls, timeout=imap.timeout, use_uid=True
    )
    client.normalise_times = False  # instants with their zone
    try:
        await asyncio.to_thread(_open, client, imap)
        yield client
        await asyncio.to_thread(client.logout)
    finally:
        with suppress(IMAPClientError, OSError):
            client.shutdown()


def _open(client: Any, imap: ImapSettings) -> None:
    client.login(imap.user, imap.password)
    if not client.folder_exists(imap.processed_folder):
        client.create_folder(imap.processed_folder)
    client.select_folder(imap.folder)


def _fetched(client: Any, uid: int, max_bytes: int) -> Found | None:
    """Read one mail without marking it as read; None if somebody moved it meanwhile."""
    facts = client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]).get(uid)
    if facts is None:
        return None
    is_cut = facts[b"RFC822.SIZE"] > max_bytes
    wanted = f"BODY.PEEK[]<0.{_HEAD}>" if is_cut else "BODY.PEEK[]"
    parts = client.fetch([uid], [wanted]).get(uid, {})
    raw = next((value for name, value in parts.items() if name.startswith(b"BODY[]")), None)
    return None if raw is None else Found(uid, raw, facts.get(b"INTERNALDATE"), is_cut)


def _put_away(client: Any, uid: int, folder: str) -> None:
    """Move one mail; without MOVE and UIDPLUS it stays in the folder, marked as deleted."""
    if client.has_capability("MOVE"):
        client.move([uid], folder)
        return
    client.copy([uid], folder)
    client.delete_messages([uid])
    if client.has_capability("UIDPLUS"):
        client.uid_expunge([uid])
