"""What is written to a mailbox that proved nothing has a limit, over all threads, senders and channels; one notice says the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.intake import local_day, requests_of, set_attention
from assistant.casework.outbox import Letter, queue_or_join, queue_outgoing
from assistant.casework.unwritten import written
from assistant.domain.addresses import normal_address
from assistant.domain.mailboxes import counted_as, domain_of
from assistant.domain.status import CLOSED
from assistant.store.tables import Conversation, PrivacyRequest, Tally

if TYPE_CHECKING:
    from sqlmodel import Session

    from assistant.services import Services

ATTENTION: Final = "too_many_letters"
_MAILED: Final = "mailed"
_SAID: Final = "said"
_DAY: Final = timedelta(days=1)
_COLLECTED: Final = timedelta(minutes=10)  # a flood comes at once: its notice waits for the most of it
_MOST_LISTED: Final = 50


def queue_within_limits(services: Services, session: Session, letter: Letter) -> None:
    """Write what a rule says to a mailbox, or have the one notice of the day stand for it.

    What is about requests that this very address proved is no part of any flood; what a person decided never comes here.
    """
    to = letter.recipient
    if letter.channel != "email" or to is None or _is_proved(services, session, to, letter.about):
        queue_outgoing(services, session, letter)
    elif until := take_room(services, session, to):
        _hold_back(services, session, letter, to, until)
    else:
        queue_outgoing(services, session, letter)


def take_room(
    services: Services, session: Session, address: str, about: Sequence[str] = ()
) -> datetime | None:
    """Count a letter to an address; where there is no room for it nothing is counted, and it is said from when there is."""
    if _is_proved(services, session, address, about):
        return None
    if until := full_until(services, session, address):
        return until
    now = services.clock.now()
    session.add_all(Tally(subject_hash=key, what=_MAILED, at=now) for key, _ in _limits(services, address))
    session.flush()
    return None


def is_said_again(services: Services, session: Session, address: str, text: str) -> bool:
    """Tell whether the very same words went to a mailbox within a day, in whatever thread; if not they count from now on."""
    now = services.clock.now()
    key = services.keyring.keyed_hash(f"{counted_as(address)}\0{text}", "said")
    before = select(Tally.at).where(
        col(Tally.subject_hash) == key, col(Tally.what) == _SAID, col(Tally.at) > now - _DAY
    )
    if session.exec(before.limit(1)).first() is not None:
        return True
    session.add(Tally(subject_hash=key, what=_SAID, at=now))
    session.flush()
    return False


def full_until(services: Services, session: Session, address: str, letters: int = 1) -> datetime | None:
    """Say from when so many letters may go to an address; None means now."""
    waits = (_wait(services, session, key, most - letters) for key, most in _limits(services, address))
    return max((wait for wait in waits if wait), default=None)


def _wait(services: Services, session: Session, key: str, left: int) -> datetime | None:
    """Say when no more than so many letters are left of the last day; None where it is so already."""
    now = services.clock.now()
    sent = session.exec(
        select(Tally.at)
        .where(col(Tally.subject_hash) == key, col(Tally.what) == _MAILED, col(Tally.at) > now - _DAY)
        .order_by(col(Tally.at).desc())
        .limit(1)
        .offset(max(0, left))
    ).first()
    return sent + _DAY if sent else None


def _limits(services: Services, address: str) -> list[tuple[str, int]]:
    """Give what an address counts under, and how much each may get in a day: the domain first, as it holds the mailbox."""
    email = services.settings.email
    limits = [(counted_as(address), email.letters_a_day)]
    if domain := domain_of(address):
        limits.insert(0, (f"@{domain}", email.letters_a_day_to_a_domain))
    return [(services.keyring.keyed_hash(name, "mailbox"), most) for name, most in limits]


def _is_proved(services: Services, session: Session, address: str, about: Sequence[str]) -> bool:
    proved = services.keyring.keyed_hash(normal_address(address))
    found = [session.get(PrivacyRequest, ref) for ref in about]
    return bool(found) and all(request and request.contact_hash == proved for request in found)


# ── what has no room ────────────────────────────────────────────────────────────────────────────────


def _hold_back(services: Services, session: Session, letter: Letter, to: str, until: datetime) -> None:
    """Say nothing more than the one notice; whoever is at the requests hears that nobody else did."""
    requests = [r for ref in letter.about if (r := session.get(PrivacyRequest, ref))]
    for request in requests:
        if request.attention is None:
            set_attention(services, session, request, ATTENTION)
    ref = requests[0].ref if requests else ""
    record(services, session, ref, "desk", "letter_held_back", conversation=letter.conversation_id)
    _announce(services, session, letter, to, until)


def _announce(services: Services, session: Session, letter: Letter, to: str, until: datetime) -> None:
    """Write the notice of the day, or name one more request in it as long as it waits; a full domain gets one for all."""
    full = next(key for key, most in _limits(services, to) if _wait(services, session, key, most - 1))
    day = local_day(services, services.clock.now())
    notice = replace(
        letter,
        key=f"more:{full[:32]}:{day}",
        kind="mail",
        choices=(),
        headers={},
        until=None,
        about=_to_be_told(session, letter),
        due_at=services.clock.now() + _COLLECTED,
    )
    queue_or_join(services, session, notice, lambda about: _written(services, session, notice, about, until))


def _to_be_told(session: Session, letter: Letter) -> Sequence[str]:
    conversation = session.get(Conversation, letter.conversation_id) if letter.conversation_id else None
    here = requests_of(session, conversation) if conversation else []
    return letter.about or [request.ref for request in here if request.status not in CLOSED]


def _written(
    services: Services, session: Session, notice: Letter, about: Sequence[str], until: datetime
) -> Letter | None:
    listed = [r for ref in about[:_MOST_LISTED] if (r := session.get(PrivacyRequest, ref))]
    text = written(
        services,
        session,
        "mail_all_kept",
        notice.language,
        conversation_id=notice.conversation_id,
        listed=listed,
        more=len(about) > _MOST_LISTED,
        until=until,
    )
    return replace(notice, subject=text.subject, text=text.text, about=about) if text else None
