"""A desk in memory that takes mail, for trying the ways in without the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from assistant.channels.email.settings import EmailSettings
from assistant.errors import AssistantError
from assistant.interfaces import Incoming, Outgoing, Receipt

KEY = b"a key for tests, 32 bytes long.."
ADDRESS = "privacy@desk.example.test"
MAILS = Path(__file__).parent.parent / "data" / "mail"


class MemoryMailDesk:
    """Keeps what it is given; an external id twice in a thread is one message."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []
        self.earlier: list[Incoming] = []
        self.looked: dict[str, int] = {}
        self.poisoned: set[str] = set()  # subjects of mails that nobody thought of
        self.calls = 0
        self.failure: AssistantError | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.called = asyncio.Event()

    async def receive(self, incoming: Incoming) -> Receipt:
        self.calls += 1
        self.called.set()
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        if incoming.subject in self.poisoned:
            raise RuntimeError("nobody thought of this")
        known = {(each.thread, each.external_id) for each in self.taken}
        duplicate = (incoming.thread, incoming.external_id) in known
        if not duplicate:
            self.taken.append(incoming)
        return Receipt(conversation_id=incoming.thread, message_id=len(self.taken), duplicate=duplicate)

    async def receive_earlier(self, incoming: Incoming) -> None:
        if incoming.subject in self.poisoned:
            raise RuntimeError("nobody thought of this")
        self.earlier.append(incoming)

    async def looked_through(self, mailbox: str) -> int:
        return self.looked.get(mailbox, 0)

    async def note_looked_through(self, mailbox: str, number: int) -> None:
        self.looked[mailbox] = number


def mail_settings(tmp_path: Path, **changed: Any) -> EmailSettings:
    """Settings that write into a folder."""
    return EmailSettings(
        **{
            "address": ADDRESS,
            "display_name": "Privacy Desk",
            "authserv_id": "mail.desk.example.test",
            "mailbox_dir": tmp_path / "sent",
            **changed,
        }
    )


def outgoing(**changed: Any) -> Outgoing:
    """A reply of the desk."""
    return Outgoing(
        **{
            "key": "outbox-1",
            "kind": "reply",
            "thread": "thread7",
            "recipient": "claire.dumas@client.example",
            "subject": None,
            "text": "Bonjour,\n\nvotre demande est bien arrivée.",
            "language": "fr",
            **changed,
        }
    )
