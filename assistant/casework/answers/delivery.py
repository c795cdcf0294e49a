"""Handing the outbox to the channels: claimed, delivered, marked; what cannot be delivered gets a person."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlmodel import Session, col, select

from assistant.casework.answers.forwarding import FORWARD, do_delivered
from assistant.casework.answers.originals import original_of
from assistant.casework.answers.transferring import PUT, do_sent, document, package_of
from assistant.casework.answers.undelivered import for_support, note_loss
from assistant.casework.audit import record
from assistant.casework.lease import LETTERS, pause_after
from assistant.casework.outbox import PROOF, RELAY, REPLY, payload_of
from assistant.casework.requests.one_by_one import may_be_tried, named, while_due
from assistant.casework.saying.unseen import thread_of, was_seen
from assistant.domain.lifecycle import LetterState, advance
from assistant.errors import AssistantError, DeliveryRefused
from assistant.interfaces import Channel, Choice, Outgoing, OutgoingKind
from assistant.services import Services, Unit
from assistant.store.tables import Outbox

log = structlog.get_logger(__name__)
_SWEEP = "deliver"
_AT_ONCE = 8  # so few others are on their way before what somebody waits for now
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=20), timedelta(hours=3)
_MOST_ATTEMPTS = 12
_MOST_WAITING = 1000  # of those that wait, looked at for whose turn it is
_LARGE_AT_ONCE = 2  # originals and documents: each is held in memory while it goes out
_SUPPORT_IS_LATE = 5  # tries, about ten minutes, after which agents hear that support does not get its mail


async def deliver_due(services: Services) -> int:
    """Deliver what is due; the same key never reaches a channel as two different messages."""
    large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def deliver(ident: int) -> None:
        await _deliver_one(services, ident, large)

    return await while_due(services, _SWEEP, LETTERS, _claim, deliver, at_once=_AT_ONCE)


def _claim(unit: Unit, most: int) -> list[int]:
    """Take the next few, everybody in turn, and of each what they wait for at a page or in a talk first."""
    now = unit.now
    # Asked of the database: a value that nobody can read ends no sweep.
    on_its_way = col(Outbox.lease_until) > now
    due = list(
        unit.session.exec(
            select(col(Outbox.id), Outbox.conversation_id, Outbox.key, on_its_way)
            .where(
                col(Outbox.state) == LetterState.WAITING,
                col(Outbox.due_at) <= now,
                may_be_tried(_SWEEP, Outbox.id, now),
            )
            .order_by(col(Outbox.due_at), col(Outbox.id))
            .limit(_MOST_WAITING)
        )
    )
    due.sort(key=lambda each: not each[2].startswith(PROOF))
    # One of a talk at a time: what is said there goes out in its order, a question never before its reason.
    next_of: dict[str, int] = {}
    for row, talk, key, _ in due:
        next_of.setdefault(talk or key, row or 0)
    for talk in (talk or key for _, talk, key, leased in due if leased):
        next_of.pop(talk, None)
    claimed = unit.services.peers.in_turn([(row, talk) for talk, row in next_of.items()])[:most]
    LETTERS.take(unit, claimed)
    return claimed


async def _deliver_one(services: Services, ident: int, large: asyncio.Semaphore) -> None:
    row, needless = await services.read(lambda unit: _load(unit.session, ident))
    if needless:
        await services.write(lambda unit: unit.session.execute(delete(Outbox).where(col(Outbox.id) == ident)))
    else:
        await _deliver(services, row, large)


def _load(session: Session, ident: int) -> tuple[Outbox, bool]:
    row = session.get_one(Outbox, ident)
    return row, was_seen(session, row)


def _outgoing(unit: Unit, row: Outbox) -> Outgoing:
    payload = payload_of(unit.services, row)
    if (until := payload.get("until")) and datetime.fromisoformat(until) <= unit.now:
        raise DeliveryRefused("It is too late for this letter: what it says has run out.", failure="too_late")
    headers = payload["headers"]
    automatic = headers.pop("automatic", "auto-generated")
    return Outgoing(
        key=row.key,
        kind=_kind(row.kind),
        thread=thread_of(unit.session, row),
        recipient=_recipient(unit.services, row),
        subject=payload["subject"],
        text=payload["text"],
        language=payload["language"],
        choices=tuple(Choice(**c) for c in payload["choices"]),
        headers=headers,
        automatic=automatic,
    )


def _recipient(services: Services, row: Outbox) -> str | None:
    """Give where it goes; support is where the settings say today, or a mended address would not help what waits."""
    if for_support(row):
        return services.settings.support.forward_to
    return services.keyring.unseal(row.recipient) if row.recipient else None


def _kind(stored: str) -> OutgoingKind:
    kinds: dict[str, OutgoingKind] = {"reply": "reply", "mail": "mail", "relay": "relay", "put": "put"}
    return kinds[stored]


def _channel(services: Services, name: str) -> Channel:
    if name not in services.channels:
        raise DeliveryRefused(f"There is no channel {name} in the settings.")
    return services.channels[name]


async def _deliver(services: Services, row: Outbox, large: asyncio.Semaphore) -> None:
    handed_over, sent_as = False, None
    try:
        async with large if row.kind in {PUT, RELAY} else nullcontext():
            sent_as = await _hand_over(services, row)
        handed_over = True
        await services.write(lambda unit: _done(unit, row.id, sent_as), whose=row.key)
    except AssistantError as error:
        failure = error
    except Exception as error:  # broad: one broken message must not stop the others; it is tried again
        log.error("delivery.broken", outbox=row.id, channel=row.channel, **named(error))  # noqa: TRY400 - as above
        failure = AssistantError(failure="broken")
    else:
        return
    if handed_over:  # what follows failed: nothing is sent twice, and a person is called
        await services.write(lambda unit: _taken(unit, row.id, sent_as))
    else:
        await services.write(lambda unit: _failed(unit, row.id, failure))


async def _content(services: Services, row: Outbox, outgoing: Outgoing) -> bytes | None:
    """Give what goes out as it is: an original to relay, a document to put."""
    if outgoing.kind == PUT:
        package = await services.read(lambda unit: package_of(unit.session, row))
        return await asyncio.to_thread(document, services, package)
    return await original_of(services, row.raw_message_id) if row.raw_message_id else None


async def _hand_over(services: Services, row: Outbox) -> str | None:
    ready = await services.read(lambda unit: _outgoing(unit, row))
    whole = replace(ready, raw=await _content(services, row, ready))
    return await _channel(services, row.channel).deliver(whole)


def _done(unit: Unit, ident: int | None, sent_as: str | None) -> None:
    """Note that somebody else answers for it now, with what follows from that: all of it, or nothing after a kill."""
    row = _noted(unit, ident, sent_as)
    if row.key.startswith(f"{FORWARD}:"):
        do_delivered(unit, row)
    if row.kind == PUT:
        do_sent(unit, row)
    if row.kind == REPLY:
        unit.wake("challenge")  # a link may have waited for it


def _taken(unit: Unit, ident: int | None, sent_as: str | None) -> None:
    note_loss(unit, _noted(unit, ident, sent_as), "broken")


def _noted(unit: Unit, ident: int | None, sent_as: str | None) -> Outbox:
    row = unit.session.get_one(Outbox, ident)
    row.state = advance(row.state, LetterState.DONE)
    row.lease_until, row.done_at, row.sent_as = None, unit.now, sent_as
    row.failure = row.failed_at = None
    unit.session.add(row)
    if row.ref:
        record(unit, row.ref, "desk", "delivered", key=row.key.split(":")[0], channel=row.channel)
    return row


def _failed(unit: Unit, ident: int | None, error: AssistantError) -> None:
    row = unit.session.get_one(Outbox, ident)
    final = isinstance(error, DeliveryRefused) or row.attempts >= _MOST_ATTEMPTS
    dead = final and not for_support(row)
    if dead:
        row.state = advance(row.state, LetterState.DEAD)
    row.lease_until = None
    row.due_at = unit.now + pause_after(row.attempts, _FIRST_RETRY, _LONGEST_RETRY)
    unit.session.add(row)
    log.warning(
        "delivery.failed",
        outbox=row.id,
        channel=row.channel,
        attempt=row.attempts,
        code=error.code,
        dead=dead,
    )
    if final or (for_support(row) and row.attempts >= _SUPPORT_IS_LATE):
        note_loss(unit, row, _why(error))


def _why(error: AssistantError) -> str:
    """Say in a word and digits why it failed; what the server said stays out, it quotes addresses."""
    if failure := error.data.get("failure"):
        return str(failure)
    kind = "refused" if isinstance(error, DeliveryRefused) else "not_taken"
    code = error.data.get("smtp_code")
    return f"{kind}:{code}" if code else kind
