"""The outbox: what is to be handed to a channel, written with its cause; every letter belongs to a request or a talk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from sqlalchemy import ColumnElement, insert
from sqlmodel import Session, col, select

from assistant.domain.addresses import normal_address
from assistant.domain.letter import Letter
from assistant.domain.lifecycle import LetterState
from assistant.domain.mailboxes import mailbox_of
from assistant.errors import ConfigurationError
from assistant.services import Services, Unit
from assistant.store.tables import Outbox, PrivacyRequest

RELAY: Final = "relay"
REPLY: Final = "reply"
PROOF: Final = "challenge:"  # begins the key of what somebody waits for who is asked to prove who they are
_LINK = re.compile(r"https?://\S+")


def queue_outgoing(unit: Unit, letter: Letter) -> bool:
    """Write one row of the outbox unless the same letter is there already; another one under its key gets its own key."""
    key = _free_key(unit, letter)
    if key is None:
        return False
    now = unit.now
    to = letter.recipient
    unit.session.execute(
        insert(Outbox).values(
            key=key,
            channel=letter.channel,
            kind=letter.kind,
            conversation_id=letter.conversation_id,
            ref=letter.ref,
            recipient=unit.services.keyring.seal(to) if to else None,
            recipient_hash=unit.services.keyring.keyed_hash(normal_address(to)) if to else None,
            payload=_sealed(unit.services, letter),
            raw_message_id=letter.raw_message_id,
            state=LetterState.WAITING,
            attempts=0,
            due_at=letter.due_at or now,
            created_at=now,
        )
    )
    unit.letters.append(letter)
    unit.wake("deliver")
    return True


def _sealed(services: Services, letter: Letter) -> str:
    payload = {
        "subject": letter.subject,
        "text": letter.text,
        "language": letter.language,
        "choices": list(letter.choices),
        "headers": dict(letter.headers),
        "about": list(letter.about),
        "typed": letter.typed,
        "until": letter.until.isoformat() if letter.until else None,
    }
    return services.keyring.seal(json.dumps(payload))


def queue_or_join(unit: Unit, letter: Letter, write: Callable[[Sequence[str]], Letter | None]) -> None:
    """Write a letter about what it names, or write it anew about that too while it waits to be sent to the same mailbox."""
    held = unit.session.exec(select(Outbox).where(col(Outbox.key) == letter.key)).first()
    if held is None:
        if ready := write(letter.about):
            queue_outgoing(unit, ready)
        return
    to = unit.services.keyring.unseal(held.recipient) if held.recipient else ""
    is_theirs = mailbox_of(to) == mailbox_of(letter.recipient or "")
    if held.state != LetterState.WAITING or held.lease_until is not None or not is_theirs:
        return
    about = list(dict.fromkeys([*payload_of(unit.services, held).get("about", ()), *letter.about]))
    if ready := write(about):
        held.payload = _sealed(unit.services, ready)
        unit.session.add(held)


def payload_of(services: Services, row: Outbox) -> dict[str, Any]:
    """Give what a row says; nothing of it is left once its words were dropped."""
    found: dict[str, Any] = json.loads(services.keyring.unseal(row.payload)) if row.payload else {}
    return found


def said_in(services: Services, row: Outbox) -> dict[str, Any]:
    """Give what a letter said; one that cannot be read is lost all the same, and its owner stands beside."""
    return opened(services, row.payload)


def opened(services: Services, payload: str) -> dict[str, Any]:
    """Read the sealed words of a letter; of one that cannot be read nothing is known."""
    try:
        said: dict[str, Any] = json.loads(services.keyring.unseal(payload)) if payload else {}
    except (ValueError, ConfigurationError):
        return {}
    return said


def lost_in(session: Session, conversation_id: str) -> list[Outbox]:
    """List what did not arrive in a conversation and nobody has dealt with, newest first."""
    refs = select(PrivacyRequest.ref).where(col(PrivacyRequest.conversation_id) == conversation_id)
    here: ColumnElement[bool] = (col(Outbox.conversation_id) == conversation_id) | col(Outbox.ref).in_(refs)
    query = select(Outbox).where(here, col(Outbox.failed_at).is_not(None), col(Outbox.settled_at).is_(None))
    return list(session.exec(query.order_by(col(Outbox.failed_at).desc(), col(Outbox.id).desc())))


def lost_about(unit: Unit, request: PrivacyRequest) -> list[Outbox]:
    """List what of that is about a request: what names it, or no request at all."""
    rows = [row for row in lost_in(unit.session, request.conversation_id) if row.kind != RELAY]
    return [row for row in rows if request.ref in _named(unit.services, row, request.ref)]


def is_untaken(session: Session, challenge_id: str, conversation_id: str) -> bool:
    """Tell whether the letter of a challenge was tried, and no mail server has taken it yet."""
    tried = select(Outbox.id).where(
        col(Outbox.conversation_id) == conversation_id,
        col(Outbox.key).startswith(f"{PROOF}{challenge_id}:"),
        col(Outbox.state) == LetterState.WAITING,
        col(Outbox.attempts) > 0,
        col(Outbox.lease_until).is_(None),
    )
    return session.exec(tried).first() is not None


def settle_relays(unit: Unit, conversation_id: str) -> None:
    """Note that an agent has seen which mails support did not get; what is still tried again says so by itself."""
    for row in lost_in(unit.session, conversation_id):
        if row.kind == RELAY and row.state != LetterState.WAITING:
            row.settled_at = unit.now
            unit.session.add(row)


def _named(services: Services, row: Outbox, otherwise: str) -> Sequence[str]:
    return [row.ref] if row.ref else said_in(services, row).get("about") or [otherwise]


def _free_key(unit: Unit, letter: Letter) -> str | None:
    """Give the key to write under; None where this very letter was written before."""
    for number in count(2):
        key = letter.key if number == 2 else f"{letter.key}~{number - 1}"  # noqa: PLR2004 - the second of that key
        held = unit.session.exec(select(Outbox).where(col(Outbox.key) == key)).first()
        if held is None:
            return key
        if _is_same(unit.services, held, letter):
            return None
    return None


def _is_same(services: Services, held: Outbox, letter: Letter) -> bool:
    """Compare what is said to whom; a fresh secret in a link makes no other letter."""
    to = services.keyring.unseal(held.recipient) if held.recipient else None
    said = payload_of(services, held)
    return (held.channel, held.kind, held.raw_message_id, to) == (
        letter.channel,
        letter.kind,
        letter.raw_message_id,
        letter.recipient,
    ) and (
        not said
        or (said["subject"], _LINK.sub("", said["text"])) == (letter.subject, _LINK.sub("", letter.text))
    )
