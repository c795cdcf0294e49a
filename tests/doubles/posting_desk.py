"""A desk with a real store, a real reader and real SMTP to a mail server that refuses what it is told to."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from sqlmodel import col, select

from assistant.casework.answers import delivery, undelivered
from assistant.casework.proof import sending
from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.settings import EmailSettings, SmtpSettings
from assistant.conversation.desk import TalkingDesk
from assistant.domain.plan import Contact, Identity
from assistant.domain.rectifying import Correctable
from assistant.interfaces import DataSource, Incoming
from assistant.services import Services
from assistant.store import queries
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest
from assistant.verification import METHODS
from intents import Reader
from tests.doubles.bounces import bounce
from tests.doubles.chat_desk import StillClock
from tests.doubles.console_app import open_services
from tests.doubles.mail_desk import KEY
from tests.doubles.mail_server import Arrived, MailServer
from tests.doubles.schema import lay_schema

ADDRESS = "privacy@desk.example.test"
SUPPORT = "support@alder.example"
COPY = "Please send me a copy of all the personal data you hold about me."
INVOICE = "Where can I see the invoice of last month? The page shows nothing."


@dataclass
class Clients:
    """A source that knows the contact of each client number it was given."""

    known: dict[str, str] = field(default_factory=dict)
    name: str = "clients"
    kind: str = "sql"

    async def contacts(self, identity: Identity) -> Sequence[Contact]:
        by_number = [self.known[n] for n in identity.client_ids if n in self.known]
        by_mail = [a for a in identity.emails if a in self.known.values()]
        return [Contact("email", None, address, own=True) for address in (*by_number, *by_mail)]

    def correctable(self) -> Mapping[str, Correctable]:
        return {}


@dataclass
class PostingDesk:
    """The desk, and everybody who writes to it."""

    services: Services
    clock: StillClock
    server: MailServer
    channel: EmailChannel
    desk: TalkingDesk
    clients: Clients
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def mail(
        self,
        sender: str,
        words: str = COPY,
        *fields: str,
        to: str = ADDRESS,
        envelope_sender: str | None = None,
    ) -> None:
        """Receive a mail."""
        head = [
            f"From: {sender}",
            f"To: {to}",
            *([] if any(field.startswith("Subject:") for field in fields) else ["Subject: About me"]),
            f"Message-ID: <{next(self._numbers)}@mail.example>",
        ]
        text = "\r\n".join([*head, *fields, "Content-Type: text/plain; charset=utf-8", "", words, ""])
        await self.channel.take(self.desk, text.encode(), envelope_sender=envelope_sender)

    async def chat(self, thread: str, *said: str, channel: str = "webchat", locale: str = "en") -> None:
        """Receive messages of a chat."""
        for words in said:
            now = self.clock.now()
            await self.desk.receive(
                Incoming(channel, thread, f"m{next(self._numbers)}", words, now, locale=locale)
            )
        await self.desk.settle()

    async def press(self, thread: str, value: str, channel: str = "webchat") -> None:
        """Receive a press of a button of a chat."""
        now = self.clock.now()
        number = f"m{next(self._numbers)}"
        await self.desk.receive(Incoming(channel, thread, number, value, now, kind="choice"))

    async def report(self, name: str, about: Arrived) -> None:
        """Receive what a mail server writes back about a mail."""
        raw = bounce(name, to=about.to, message_id=about.message_id, mark=about.mark)
        raw = raw.replace(
            b"Message-ID: <" + name.encode(), f"Message-ID: <{next(self._numbers)}-{name}".encode(), 1
        )
        await self.channel.take(self.desk, raw)

    async def post(self) -> None:
        """Send everything that is due now."""
        busy = True
        while busy:  # a link waits for its receipt
            busy = bool(await sending.send_challenges(self.services))
            busy |= bool(await delivery.deliver_due(self.services))

    async def wait(self, **duration: float) -> None:
        """Let time pass, then send what is due."""
        self.clock.at += timedelta(**duration)
        await self.post()

    # ── what is on record ──────────────────────────────────────────────────────────────────────────

    async def all(self, table: type[Any], *conditions: Any) -> list[Any]:
        query = select(table).where(*conditions)
        return await self.services.read(lambda unit: list(unit.session.exec(query)))

    async def conversation_of(self, sender: str) -> Conversation:
        (found,) = [each for each in await self.all(Conversation) if each.subject_hint == sender]
        return cast("Conversation", found)

    async def chat_of(self, thread: str) -> Conversation:
        (found,) = [each for each in await self.all(Conversation) if each.thread == thread]
        return cast("Conversation", found)

    async def requests_in(self, conversation: Conversation) -> list[PrivacyRequest]:
        return await self.all(PrivacyRequest, col(PrivacyRequest.conversation_id) == conversation.id)

    async def lost(self, request: PrivacyRequest) -> list[undelivered.Lost]:
        return await self.services.read(lambda unit: undelivered.lost_letters_of(unit, request))

    async def said_in(self, conversation: Conversation) -> list[str]:
        rows = await self.services.read(lambda unit: queries.messages_of(unit.session, conversation.id))
        return [row.text for row in rows if row.sender != "you"]

    async def messages_in(self, conversation: Conversation) -> list[Message]:
        return await self.services.read(lambda unit: queries.messages_of(unit.session, conversation.id))

    async def outbox(self, *conditions: Any) -> list[Outbox]:
        return await self.all(Outbox, *conditions)


@asynccontextmanager
async def posting_desk(
    folder: Path, reader: Reader, authserv_id: str | None = None
) -> AsyncIterator[PostingDesk]:
    """Open a desk and the mail server that it sends to."""
    lay_schema(folder / "desk.db")
    clock, clients = StillClock(), Clients()
    async with MailServer().running() as server:
        smtp = SmtpSettings(host="127.0.0.1", port=server.port, starttls=False, timeout=5.0)
        settings = EmailSettings(address=ADDRESS, smtp=smtp, authserv_id=authserv_id)
        channel = EmailChannel(settings, clock, KEY)
        services = open_services(folder, clock, 1).with_parts(
            channels={"email": channel},
            methods={method.method: method for method in METHODS},
            sources=(cast("DataSource", clients),),
        )
        yield PostingDesk(services, clock, server, channel, TalkingDesk(services, reader), clients)
        services.store.close()
