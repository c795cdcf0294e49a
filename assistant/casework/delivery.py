"""Handing the outbox to the channels: claimed, delivered, marked; what cannot be delivered gets a person."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.intake import set_attention
from assistant.casework.originals import original_of
from assistant.casework.transferring import PUT, do_sent, document, package_of
from assistant.errors import AssistantError, DeliveryRefused
from assistant.interfaces import Channel, Choice, Outgoing, OutgoingKind
from assistant.services import Services
from assistant.store.tables import Conversation, Outbox, PrivacyRequest

log = structlog.get_logger(__name__)
_LEASE = timedelta(minutes=2)
_FIRST_RETRY = timedelta(seconds=20)
_MOST_ATTEMPTS = 12
_AT_ONCE = 20
_LARGE_AT_ONCE = 2  # originals and documents: each is held in memory while it goes out


async def deliver_due(services: Services) -> int:
    """Deliver what is due; the same key never reaches a channel as two different messages."""
    claimed = await services.write(lambda session: _claim(services, session))
    large = asyncio.Semaphore(_LARGE_AT_ONCE)
    await asyncio.gather(*(_deliver(services, row, outgoing, large) for row, outgoing in claimed))
    return len(claimed)


def release_leases(session: Session) -> None:
    """Take back what a killed process had claimed; only for a desk that is alone on its database."""
    for row in session.exec(
        select(Outbox).where(col(Outbox.state) == "waiting", col(Outbox.lease_until).is_not(None))
    ):
        row.lease_until = None
        session.add(row)


def _claim(services: Services, session: Session) -> list[tuple[Outbox, Outgoing]]:
    now = services.clock.now()
    due = session.exec(
        select(Outbox)
        .where(
            col(Outbox.state) == "waiting",
            col(Outbox.due_at) <= now,
            col(Outbox.lease_until).is_(None) | (col(Outbox.lease_until) <= now),
        )
        .order_by(col(Outbox.due_at), col(Outbox.id))
        .limit(_AT_ONCE)
    ).all()
    claimed = []
    for row in due:
        row.lease_until = now + _LEASE
        row.attempts += 1
        session.add(row)
        claimed.append((row.model_copy(), _outgoing(services, session, row)))
    return claimed


def _outgoing(services: Services, session: Session, row: Outbox) -> Outgoing:
    payload = json.loads(services.keyring.unseal(row.payload))
    conversation = session.get(Conversation, row.conversation_id) if row.conversation_id else None
    headers = payload["headers"]
    automatic = headers.pop("automatic", "auto-generated")
    return Outgoing(
        key=row.key,
        kind=_kind(row.kind),
        thread=conversation.thread if conversation else None,
        recipient=services.keyring.unseal(row.recipient) if row.recipient else None,
        subject=payload["subject"],
        text=payload["text"],
        language=payload["language"],
        choices=tuple(Choice(**c) for c in payload["choices"]),
        headers=headers,
        automatic=automatic,
    )


def _kind(stored: str) -> OutgoingKind:
    kinds: dict[str, OutgoingKind] = {"reply": "reply", "mail": "mail", "relay": "relay", "put": "put"}
    return kinds[stored]


def _channel(services: Services, name: str) -> Channel:
    if name not in services.channels:
        raise DeliveryRefused(f"There is no channel {name} in the settings.")
    return services.channels[name]


async def _deliver(services: Services, row: Outbox, outgoing: Outgoing, large: asyncio.Semaphore) -> None:
    try:
        async with large if outgoing.kind in {PUT, "relay"} else nullcontext():
            whole = replace(outgoing, raw=await _content(services, row, outgoing))
            await _channel(services, row.channel).deliver(whole)
    except AssistantError as error:
        await services.write(lambda session, e=error: _failed(services, session, row.id, e))  # type: ignore[misc]
        return
    except Exception as error:  # broad: one broken message must not stop the others; it is tried again
        log.exception("delivery.broken", outbox=row.id, channel=row.channel, kind=type(error).__name__)
        await services.write(lambda session: _failed(services, session, row.id, AssistantError()))
        return
    await services.write(lambda session: _done(services, session, row.id))


async def _content(services: Services, row: Outbox, outgoing: Outgoing) -> bytes | None:
    """Give what goes out as it is: an original to relay, a document to put."""
    if outgoing.kind == PUT:
        package = await services.read(lambda session: package_of(session, row))
        return await asyncio.to_thread(document, services, package)
    return await original_of(services, row.raw_message_id) if row.raw_message_id else None


def _done(services: Services, session: Session, ident: int | None) -> None:
    row = session.get_one(Outbox, ident)
    row.state, row.lease_until, row.done_at = "done", None, services.clock.now()
    session.add(row)
    if row.kind == PUT:
        do_sent(services, session, row)
    if row.ref:
        record(
            services, session, row.ref, "desk", "delivered", key=row.key.split(":")[0], channel=row.channel
        )


def _failed(services: Services, session: Session, ident: int | None, error: AssistantError) -> None:
    row = session.get_one(Outbox, ident)
    dead = isinstance(error, DeliveryRefused) or row.attempts >= _MOST_ATTEMPTS
    row.state = "dead" if dead else "waiting"
    row.lease_until = None
    row.due_at = services.clock.now() + _FIRST_RETRY * 2 ** min(row.attempts - 1, 9)
    session.add(row)
    log.warning(
        "delivery.failed",
        outbox=row.id,
        channel=row.channel,
        attempt=row.attempts,
        code=error.code,
        dead=dead,
    )
    request = session.get(PrivacyRequest, row.ref) if row.ref else None
    if dead and request:
        set_attention(services, session, request, "delivery_failed")
