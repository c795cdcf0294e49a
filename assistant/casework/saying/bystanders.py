"""How many who never wrote to the desk one talk, one sender or one address on the network can have it write to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.events import Event, note_event
from assistant.casework.requests.intake import set_attention
from assistant.domain.attention import Attention
from assistant.domain.mailboxes import counted_as
from assistant.domain.networks import is_this_machine
from assistant.services import Unit
from assistant.store.tables import Conversation, EvidenceRow, PrivacyRequest, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.services import Services

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
OF_ONE: Final = 8  # mailboxes that a talk, or a sender of mail, may have written to in a day
OF_A_NETWORK: Final = 60  # in an hour: four for each of an office of fifteen that shares one address
_TOLD: Final = "wrote_to:"


def full_until(unit: Unit, conversation: Conversation, whom: str, proved_as: str) -> datetime | None:
    """Count one more who is written to because a stranger named them; where there is no room, say from when there is.

    Whoever was written to already is counted once, and nobody who proved to be there, nor the sender of a mail.
    """
    now = unit.now
    if _is_own(unit, conversation, whom, proved_as):
        return None
    name = f"{_TOLD}{whom}"
    key = _counted_under(unit.services, conversation)
    counted = select(Tally.what, Tally.at).where(
        col(Tally.subject_hash) == key,
        col(Tally.what).startswith(_TOLD, autoescape=True),
        col(Tally.at) > now - _DAY,
    )
    earlier: dict[str, datetime] = dict(unit.session.exec(counted).all())
    if name not in earlier and len(earlier) >= OF_ONE:
        return sorted(earlier.values())[-OF_ONE] + _DAY
    network = unit.services.peers.of(conversation.id)
    if not is_this_machine(network) and (
        until := unit.services.written_to.full_until(network, whom, now, OF_A_NETWORK, _HOUR)
    ):
        return until
    if name not in earlier:
        unit.session.add(Tally(subject_hash=key, what=name, at=now))
        unit.session.flush()
    return None


def _counted_under(services: Services, conversation: Conversation) -> str:
    """Name who writes: by mail the sender, whatever the thread; in a chat the talk."""
    sender = _sender(conversation)
    return services.keyring.keyed_hash(sender or f"talk:{conversation.id}", "bystanders")


def _sender(conversation: Conversation) -> str | None:
    by_mail = conversation.channel == "email" and conversation.subject_hint
    return counted_as(conversation.subject_hint or "") if by_mail else None


def _is_own(unit: Unit, conversation: Conversation, whom: str, proved_as: str) -> bool:
    sender = _sender(conversation)
    if sender is not None and whom == unit.services.keyring.keyed_hash(sender):
        return True
    proved = select(EvidenceRow.id).where(
        col(EvidenceRow.conversation_id) == conversation.id, col(EvidenceRow.contact_hash) == proved_as
    )
    return unit.session.exec(proved).first() is not None


def hold_back(unit: Unit, requests: Sequence[PrivacyRequest]) -> None:
    """Call an agent where somebody named is not written to: what was asked is kept all the same."""
    note_event(unit.services, Event.TOO_MANY_NAMED)
    for request in requests:
        record(unit, request.ref, "desk", "bystander_not_told")
        if request.attention is None:
            set_attention(unit, request, Attention.TOO_MANY_NAMED)
