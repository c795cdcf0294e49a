"""Originals of mails and the files in them: sealed at rest, opened one at a time, each opening on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, cast

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.requests.queue import WORKERS, Principal, Scope
from assistant.errors import NotFound
from assistant.interfaces import Attaching, Attachment, Incoming
from assistant.services import Services, Unit
from assistant.store.keyring import mail_name
from assistant.store.queries import message_without_original, requests_in
from assistant.store.tables import Message

WHOLE = "original"  # instead of a file's number: the mail itself, for what only other programs open
_GONE = "That file is not kept any more; look at the message again."


class Write(Protocol):
    """Runs a unit as who an agent is by then."""

    async def __call__(self, work: Callable[[Unit, Principal], None], /) -> None:
        """Run it; raises what it raised."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it leaves the desk."""

    name: str
    content: bytes


async def sealed(services: Services, incoming: Incoming) -> Incoming:
    """Seal the original of a mail before it is stored, beside the writer: it may be large."""
    if incoming.raw is None:
        return incoming
    return replace(incoming, raw=await asyncio.to_thread(services.keyring.seal_bytes, incoming.raw))


def named(services: Services, incoming: Incoming) -> Incoming:
    """Give a message whose mail ids are hashes; other channels give no id that names anybody."""
    if incoming.raw is None:
        return incoming
    return replace(incoming, external_id=mail_name(services.keyring, incoming.external_id))


async def original_of(services: Services, message_id: int) -> bytes | None:
    """Give the original of a message; None where none is kept."""
    query = select(Message.raw).where(col(Message.id) == message_id)
    kept = await services.read(lambda unit: unit.session.exec(query).first())
    return await asyncio.to_thread(services.keyring.unseal_bytes, kept) if kept else None


def files_of(message: Message) -> list[Attachment]:
    """List what came with a message."""
    return [Attachment(**each) for each in message.attachments or ()]


async def open_file(services: Services, message_id: int, which: str, write: Write) -> File:
    """Hand a file of a message, or its original, to an agent, with the audit entry; raises NotFound, NotAllowed.

    `write` runs a unit as who the agent is by then.
    """
    await write(lambda _, agent: agent.require(*WORKERS, scope=Scope.REPLY))
    message = await services.read(lambda unit: message_without_original(unit.session, message_id))
    original = await original_of(services, message_id) if message else None
    if message is None or original is None:
        raise NotFound(_GONE)
    file = await _file(services, message, original, which)
    await write(lambda unit, agent: _note(unit, message, which, agent))
    return file


async def _file(services: Services, message: Message, original: bytes, which: str) -> File:
    if which == WHOLE:
        return File(f"message-{message.id}.eml", original)
    listed = files_of(message)
    channel = services.channels.get("email")
    numbered = {str(number): number for number in range(len(listed))}
    if which not in numbered or channel is None:
        raise NotFound(_GONE)
    number = numbered[which]
    content = await asyncio.to_thread(cast("Attaching", channel).attached, original, number)
    return File(listed[number].name, content)


def _note(unit: Unit, message: Message, which: str, agent: Principal) -> None:
    refs = [request.ref for request in requests_in(unit.session, message.conversation_id)]
    for ref in refs or [""]:
        record(unit, ref, agent.actor, "file_opened", message=message.id, file=which)
