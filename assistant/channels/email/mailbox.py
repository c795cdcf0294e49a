"""The way in from a mailbox: looked at regularly over IMAP, each mail moved away once the desk has it.

What came before `read_from` stays where it is; of its last days the desk is shown what may be a request.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Protocol

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from assistant.channels.email.reach import FolderRefused, fault_of
from assistant.channels.email.settings import EmailSettings, ImapSettings
from assistant.channels.hearing import NOT_STORED, Hearing
from assistant.errors import AssistantError

_LONGEST_WAIT = 900.0  # seconds between two tries
_HEAD = 1_000_000  # bytes read of a mail that is larger than the desk takes
_LOOKS_BACK = timedelta(days=90)  # as long as a request may still be open: a month, and two more (GDPR 12(3))
_ANY_ZONE = timedelta(days=1)  # a search by day goes by a zone that nobody names
_AT_ONCE = 500  # mails whose size and day are asked together
_EARLIER_AT_ONCE = 100  # shown in one look, so that new mail does not wait for them
_PATIENCE = 10.0  # seconds of `doctor` for each answer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """One mail in the mailbox."""

    uid: int
    raw: bytes
    arrived_at: datetime | None  # when the mailbox got it, by its server's clock
    is_cut: bool  # only its head was read; the whole of it stays in the mailbox


class Taker(Protocol):
    """Takes mails; each call returns after the commit."""

    async def store(self, found: Found) -> None:
        """Take a mail as it came in."""

    async def list_earlier(self, found: Found) -> None:
        """Show a mail that came before the mailbox was read, if it may be a request."""

    async def looked_through(self, mailbox: str) -> int:
        """Give the number up to which earlier mail was shown."""

    async def note_looked_through(self, mailbox: str, number: int) -> None:
        """Keep that number."""


@dataclass(slots=True)
class Look:
    """What one look at the mailbox came to."""

    taken: int = 0
    failed: int = 0


@dataclass(slots=True)
class Shown:
    """Which earlier mails were shown since the start: one that cannot be keeps no other behind it."""

    mailbox: str = ""
    numbers: set[int] = field(default_factory=set)

    def begin(self, mailbox: str) -> None:
        """Forget the numbers of a mailbox that its server numbers anew."""
        if mailbox != self.mailbox:
            self.mailbox, self.numbers = mailbox, set()


@dataclass(slots=True)
class Aside:
    """Mails that could not be stored: each waits by itself, longer each time, while the mailbox is read as ever."""

    first: float  # seconds
    tries: dict[int, tuple[int, float]] = field(default_factory=dict)  # how often, and until when it waits

    def waits(self, uid: int) -> bool:
        """Tell whether a mail waits for its next try."""
        return uid in self.tries and self.tries[uid][1] > asyncio.get_running_loop().time()

    def note(self, uid: int, *, done: bool) -> None:
        """Note how a try ended."""
        times, _ = self.tries.pop(uid, (0, 0.0))
        if not done:
            pause = min(self.first * 2 ** min(times, 16), _LONGEST_WAIT)
            self.tries[uid] = (times + 1, asyncio.get_running_loop().time() + pause)


@dataclass(frozen=True, slots=True)
class _Facts:
    uid: int
    size: int
    arrived_at: datetime | None


async def watch(settings: EmailSettings, imap: ImapSettings, taker: Taker, hearing: Hearing) -> None:
    """Look at the mailbox until cancelled; what fails is tried again later, and later still."""
    failures, shown, aside = 0, Shown(), Aside(settings.poll_every)
    while True:
        why, is_open = await _tried(settings, imap, taker, shown, aside)
        failures = 0 if is_open else failures + 1  # a mail that cannot be stored makes no other wait
        if why is None:
            hearing.works()
        else:
            hearing.fails(why)
        await asyncio.sleep(min(settings.poll_every * 2 ** min(failures, 10), _LONGEST_WAIT))


async def _tried(
    settings: EmailSettings, imap: ImapSettings, taker: Taker, shown: Shown, aside: Aside
) -> tuple[str | None, bool]:
    """Look once; say in a word why it failed, or None, and whether the mailbox could be looked at."""
    try:
        looked = await look(imap, settings.max_bytes, taker, shown, aside)
    except Exception as error:  # broad: whatever it is, the mailbox is looked at again later
        log.warning("mailbox.unreachable", error=type(error).__name__)
        return NOT_STORED if isinstance(error, AssistantError) else fault_of(error).why, False
    return NOT_STORED if looked.failed else None, True


async def look(imap: ImapSettings, max_bytes: int, taker: Taker, shown: Shown, aside: Aside) -> Look:
    """Take every mail that came since `read_from` and show the earlier ones; one that cannot be stored stays there."""
    looked = Look()
    async with _mailbox(imap) as (client, validity):
        for facts in await asyncio.to_thread(_arrived_since, client, imap.read_from):
            if aside.waits(facts.uid):
                looked.failed += 1
                continue
            found = await asyncio.to_thread(_fetched, client, facts, max_bytes)
            if found is None:
                continue
            stored = await _is_stored(taker.store, found)
            aside.note(facts.uid, done=stored)
            if stored:
                await asyncio.to_thread(_put_away, client, facts.uid, imap.processed_folder)
                looked.taken += 1
            else:
                looked.failed += 1
        shown.begin(_named(imap, validity))
        looked.failed += await _look_back(client, imap.read_from, max_bytes, taker, shown, aside)
    return looked


async def _look_back(
    client: Any, read_from: datetime, max_bytes: int, taker: Taker, shown: Shown, aside: Aside
) -> int:
    """Show what came in the days before; nothing is moved, each is shown once. Gives how many could not be."""
    upto = await taker.looked_through(shown.mailbox)
    earlier = await asyncio.to_thread(_arrived_before, client, read_from, upto)
    left = [uid for uid in earlier if uid not in shown.numbers]
    failed = sum(aside.waits(uid) for uid in left)
    waiting = [uid for uid in left if not aside.waits(uid)][:_EARLIER_AT_ONCE]
    facts = {each.uid: each for each in await asyncio.to_thread(_facts, client, waiting)}
    for uid in waiting:
        done = await _is_shown(client, facts.get(uid), read_from, max_bytes, taker)
        aside.note(uid, done=done)
        if done:
            shown.numbers.add(uid)
        else:
            failed += 1
    last = max(takewhile(shown.numbers.__contains__, earlier), default=upto)
    if last > upto:
        await taker.note_looked_through(shown.mailbox, last)
    return failed


async def _is_shown(
    client: Any, facts: _Facts | None, read_from: datetime, max_bytes: int, taker: Taker
) -> bool:
    """Show a mail if it is there and of the days that are looked back to; False where it must be tried again."""
    first = read_from - _LOOKS_BACK
    if facts is None or facts.arrived_at is None or not first <= facts.arrived_at < read_from:
        return True
    found = await asyncio.to_thread(_fetched, client, facts, max_bytes)
    return found is None or await _is_stored(taker.list_earlier, found)


async def check(imap: ImapSettings) -> Sequence[str]:
    """Sign in and open the folder as a look does, changing nothing; raises what that raises. Gives what to know."""
    async with _mailbox(replace(imap, timeout=_PATIENCE), makes_folder=False) as (client, _):
        if await asyncio.to_thread(client.folder_exists, imap.processed_folder):
            return []
    return [f"{imap.processed_folder} is not there yet; the desk makes it at its first look"]


async def _is_stored(store: Any, found: Found) -> bool:
    try:
        await store(found)
    except Exception as error:  # broad: what is wrong with one mail keeps no other from being read
        log.warning("mailbox.not_stored", reason=type(error).__name__)
        return False
    return True


@asynccontextmanager
async def _mailbox(imap: ImapSettings, *, makes_folder: bool = True) -> AsyncIterator[tuple[Any, int]]:
    """Give a client that is signed in and has the folder open; every call to it belongs into a thread."""
    made: list[Any] = []
    left = threading.Event()

    def connect() -> Any:
        made.append(IMAPClient(imap.host, port=imap.port, ssl=imap.tls, timeout=imap.timeout, use_uid=True))
        if left.is_set():  # whoever wanted it is gone: a connection that nobody holds is never closed
            _hang_up(made[0])
        return made[0]

    try:
        client = await asyncio.to_thread(connect)
        client.normalise_times = False  # instants with their zone
        validity = await asyncio.to_thread(_open, client, imap, makes_folder=makes_folder)
        yield client, validity
        await asyncio.to_thread(client.logout)
    finally:
        left.set()
        for client in made:
            _hang_up(client)


def _hang_up(client: Any) -> None:
    """Close the connection; a call that a thread still waits in ends by it, and would block the closing otherwise."""
    with suppress(IMAPClientError, OSError):
        client.socket().shutdown(socket.SHUT_RDWR)
    with suppress(IMAPClientError, OSError):
        client.shutdown()


def _open(client: Any, imap: ImapSettings, *, makes_folder: bool) -> int:
    client.login(imap.user, imap.password)
    try:
        if makes_folder and not client.folder_exists(imap.processed_folder):
            client.create_folder(imap.processed_folder)
        opened = client.select_folder(imap.folder)
    except IMAPClientError as error:
        raise FolderRefused(
            f"it does not let us open {imap.folder} or make {imap.processed_folder}; mend folder, "
            "processed_folder or the account's rights"
        ) from error
    if opened.get(b"READ-ONLY"):
        raise FolderRefused(
            f"it opens {imap.folder} for reading only; give the account the right to move mail"
        )
    return int(opened.get(b"UIDVALIDITY", 0))


def _named(imap: ImapSettings, validity: int) -> str:
    """Name a mailbox as its server numbers it now, without naming anybody."""
    told = f"{imap.host}\0{imap.port}\0{imap.user}\0{imap.folder}\0{validity}\0{imap.read_from.isoformat()}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _arrived_since(client: Any, read_from: datetime) -> list[_Facts]:
    uids = client.search(["UNDELETED", "SINCE", (read_from - _ANY_ZONE).date()])
    return [f for f in _facts(client, uids) if f.arrived_at is None or f.arrived_at >= read_from]


def _arrived_before(client: Any, read_from: datetime, upto: int) -> list[int]:
    """Give the numbers of the mails from before, behind those that were shown."""
    first = read_from - _LOOKS_BACK
    days = ["SINCE", (first - _ANY_ZONE).date(), "BEFORE", (read_from + 2 * _ANY_ZONE).date()]
    found = client.search(["UNDELETED", "UID", f"{upto + 1}:*", *days])
    return sorted(uid for uid in found if uid > upto)  # `n:*` always holds the last one


def _facts(client: Any, uids: Sequence[int]) -> list[_Facts]:
    """Ask size and arrival of mails; what somebody moved meanwhile is not there."""
    ordered = sorted(uids)
    told: dict[int, Any] = {}
    for at in range(0, len(ordered), _AT_ONCE):
        told |= client.fetch(ordered[at : at + _AT_ONCE], ["RFC822.SIZE", "INTERNALDATE"])
    return [
        _Facts(uid, told[uid][b"RFC822.SIZE"], told[uid].get(b"INTERNALDATE"))
        for uid in ordered
        if b"RFC822.SIZE" in told.get(uid, {})
    ]


def _fetched(client: Any, facts: _Facts, max_bytes: int) -> Found | None:
    """Read one mail without marking it as read; None if somebody moved it meanwhile."""
    is_cut = facts.size > max_bytes
    wanted = f"BODY.PEEK[]<0.{_HEAD}>" if is_cut else "BODY.PEEK[]"
    parts = client.fetch([facts.uid], [wanted]).get(facts.uid, {})
    raw = next((value for name, value in parts.items() if name.startswith(b"BODY[]")), None)
    return None if raw is None else Found(facts.uid, raw, facts.arrived_at, is_cut)


def _put_away(client: Any, uid: int, folder: str) -> None:
    """Move one mail; without MOVE and UIDPLUS it stays in the folder, marked as deleted."""
    if client.has_capability("MOVE"):
        client.move([uid], folder)
        return
    client.copy([uid], folder)
    client.delete_messages([uid])
    if client.has_capability("UIDPLUS"):
        client.uid_expunge([uid])
