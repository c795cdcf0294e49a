"""What is written to a mailbox that proved nothing has a limit, over all threads, senders and channels; one notice says the rest.

Whoever forges mail in its name uses that up, so what surely comes from it has a share of its own, and so have live talks
beside unproved mail: neither of these two spends what is the other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.outbox import queue_or_join, queue_outgoing
from assistant.casework.requests.intake import requests_of, set_attention
from assistant.casework.saying.seen import as_seen
from assistant.casework.saying.unwritten import written
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import DENIED, Method
from assistant.domain.attention import Attention
from assistant.domain.letter import Letter
from assistant.domain.lifecycle import CLOSED
from assistant.domain.mailboxes import counted_as, domain_of
from assistant.services import Unit
from assistant.store.tables import Audit, Conversation, EvidenceRow, Message, PrivacyRequest, Tally

if TYPE_CHECKING:
    from sqlmodel import Session

    from assistant.services import Services

_HELD_BACK: Final = "letter_held_back"
_MAILED: Final = "mailed"  # what a mail caused that may be anybody's
_TALKED: Final = "mailed_of_talk"  # what a live talk caused in which nobody proved to be there
_SAID: Final = "said"
_OWN: Final = "mailed_own"  # what answers a mail that surely came from the mailbox
_ANY: Final = (_MAILED, _TALKED, _OWN)
DAY: Final = timedelta(days=1)
# For which a day is remembered: its letters count half against the later ones.
WEEK: Final = timedelta(days=8)
# Of the letters of a day one part is kept for what surely comes from the mailbox, one for each way.
OWNERS_PART: Final = 4
_LEAST: Final = 2  # a receipt and its link
_PROOFS: Final = (Method.EMAIL_CODE, Method.EMAIL_LINK, Method.CLIENT_AREA)
_SURE: Final = ("authenticated", "in_thread")
_COLLECTED: Final = timedelta(minutes=10)  # a flood comes at once: its notice waits for the most of it
_MOST_LISTED: Final = 50


def queue_within_limits(unit: Unit, letter: Letter) -> None:
    """Write what a rule says to a mailbox, or have the one notice of the day stand for it.

    What is about requests that this very address proved is no part of any flood; what a person decided never comes here.
    """
    to = letter.recipient
    if letter.channel != "email" or to is None or _is_proved(unit, to, letter.about):
        queue_outgoing(unit, letter)
    elif until := take_room(unit, to, thread=letter.conversation_id):
        _hold_back(unit, letter, to, until)
    else:
        queue_outgoing(unit, letter)


def take_room(
    unit: Unit,
    address: str,
    about: Sequence[str] = (),
    *,
    thread: str | None = None,
) -> datetime | None:
    """Count a letter to an address; where there is no room for it nothing is counted, and it is said from when there is."""
    if _is_proved(unit, address, about):
        return None
    if until := full_until(unit, address, thread=thread):
        return until
    now = unit.now
    what = _whose(unit, address, thread)
    unit.session.add_all(
        Tally(subject_hash=limit.key, what=what, at=now) for limit in _limits(unit.services, address)
    )
    unit.session.flush()
    return None


def is_said_again(unit: Unit, address: str, text: str) -> bool:
    """Tell whether the very same words went to a mailbox within a day, in whatever thread; if not they count from now on."""
    now = unit.now
    key = unit.services.keyring.keyed_hash(f"{counted_as(address)}\0{text}", "said")
    before = select(Tally.at).where(
        col(Tally.subject_hash) == key, col(Tally.what) == _SAID, col(Tally.at) > now - DAY
    )
    if unit.session.exec(before.limit(1)).first() is not None:
        return True
    unit.session.add(Tally(subject_hash=key, what=_SAID, at=now))
    unit.session.flush()
    return False


def full_until(unit: Unit, address: str, letters: int = 1, *, thread: str | None = None) -> datetime | None:
    """Say from when so many letters may go to an address, in answer to the last mail of a thread; None means now."""
    what = _whose(unit, address, thread)
    waits = (_wait(unit, limit, letters, what) for limit in _limits(unit.services, address))
    return max((wait for wait in waits if wait), default=None)


def _whose(unit: Unit, address: str, thread: str | None) -> str:
    """Name the share that a letter to an address is of: its owner's, or that of the way by which a stranger caused it."""
    if is_own(unit, address, thread):
        return _OWN
    conversation = unit.session.get(Conversation, thread) if thread else None
    return _MAILED if conversation is None or conversation.channel == "email" else _TALKED


def is_own(unit: Unit, address: str, thread: str | None) -> bool:
    """Tell whether a mailbox was proved in a talk, or the last mail there surely came from it.

    That is so by its domain (DMARC), or as an answer to our own: the address of a thread stands in letters to its
    mailbox alone.
    """
    conversation = unit.session.get(Conversation, thread) if thread else None
    if conversation is None:
        return False
    if conversation.channel != "email":
        return _is_proved_in(unit, address, conversation.id)
    if counted_as(conversation.subject_hint or "") != counted_as(address):
        return False
    heard = select(Message.headers).where(
        col(Message.conversation_id) == conversation.id, col(Message.sender) == "you"
    )
    last = unit.session.exec(heard.order_by(col(Message.id).desc()).limit(1)).first() or {}
    return is_sure(last)


def _is_proved_in(unit: Unit, address: str, thread: str) -> bool:
    proofs = select(EvidenceRow).where(
        col(EvidenceRow.conversation_id) == thread,
        col(EvidenceRow.contact_hash) == unit.services.keyring.keyed_hash(normal_address(address)),
        col(EvidenceRow.method).in_(_PROOFS),
    )
    return any(DENIED not in proof.flags for proof in unit.session.exec(proofs))


def is_sure(headers: Mapping[str, str]) -> bool:
    """Tell whether a mail surely came from the mailbox that it names."""
    return any(sign in headers for sign in _SURE)


@dataclass(frozen=True, slots=True)
class _Limit:
    """What an address counts under, and how much it may get in a day; a mailbox gets less while it goes on for days."""

    key: str
    most: int
    backs_off: bool = False

    @property
    def part(self) -> int:
        """Give what is kept of it for the owner, and for each of the two ways by which strangers have it written to."""
        return self.most // OWNERS_PART

    def has_room(self, sent: Sequence[tuple[datetime, str]], letters: int, at: datetime, what: str) -> bool:
        """Tell whether so many letters of a share may go out at an instant, after those that were sent: never more than all."""
        today = [each for then, each in sent if then > at - DAY]
        if len(today) + letters > self.most or what == _OWN:
            return len(today) + letters <= self.most
        before = sum(each == what and at - WEEK < then <= at - DAY for then, each in sent)
        share = self.most - 2 * self.part - before // 2
        by_strangers = sum(each != _OWN for each in today) + letters
        return today.count(what) + letters <= max(_LEAST, share) and by_strangers <= self.most - self.part


def _wait(unit: Unit, limit: _Limit, letters: int, what: str) -> datetime | None:
    """Say when a limit has room for so many letters of a share; None where it has now."""
    now = unit.now
    if not limit.backs_off:  # a domain: very many may be sent to it
        if what == _OWN:
            return _wait_of_many(unit.session, limit, letters, now)
        strangers = _wait_of_many(unit.session, limit, letters + limit.part, now)
        return strangers or _wait_of_many(unit.session, limit, letters + 2 * limit.part, now, (what,))
    sent = unit.session.exec(
        select(Tally.at, Tally.what).where(
            col(Tally.subject_hash) == limit.key, col(Tally.what).in_(_ANY), col(Tally.at) > now - WEEK
        )
    ).all()
    later = sorted(then + DAY for then, _ in sent if then > now - DAY)
    free = next((at for at in (now, *later) if limit.has_room(sent, letters, at, what)), now + DAY)
    return None if free == now else free


def _wait_of_many(
    session: Session, limit: _Limit, letters: int, now: datetime, what: Sequence[str] = _ANY
) -> datetime | None:
    sent = session.exec(
        select(Tally.at)
        .where(col(Tally.subject_hash) == limit.key, col(Tally.what).in_(what), col(Tally.at) > now - DAY)
        .order_by(col(Tally.at).desc())
        .limit(1)
        .offset(max(0, limit.most - letters))
    ).first()
    return sent + DAY if sent else None


def _limits(services: Services, address: str) -> list[_Limit]:
    """Give what an address counts under: the domain first, as it holds the mailbox."""
    email, keyed = services.settings.email, services.keyring.keyed_hash
    limits = [_Limit(keyed(counted_as(address), "mailbox"), email.letters_a_day, backs_off=True)]
    if domain := domain_of(address):
        limits.insert(0, _Limit(keyed(f"@{domain}", "mailbox"), email.letters_a_day_to_a_domain))
    return limits


def _is_proved(unit: Unit, address: str, about: Sequence[str]) -> bool:
    proved = unit.services.keyring.keyed_hash(normal_address(address))
    found = [unit.session.get(PrivacyRequest, ref) for ref in about]
    return bool(found) and all(request and request.contact_hash == proved for request in found)


# ── what has no room ────────────────────────────────────────────────────────────────────────────────


def _hold_back(unit: Unit, letter: Letter, to: str, until: datetime) -> None:
    """Say nothing more than the one notice; whoever is at the requests hears that nobody else did."""
    about = list(dict.fromkeys((*letter.about, *([letter.ref] if letter.ref else ()))))
    requests = [r for ref in about if (r := unit.session.get(PrivacyRequest, ref))]
    for request in requests or _open_in_talk(unit.session, letter):
        if request.attention is None:
            set_attention(unit, request, Attention.TOO_MANY_LETTERS)
    for ref in [request.ref for request in requests] or [""]:
        record(unit, ref, "desk", _HELD_BACK, conversation=letter.conversation_id)
    _announce(unit, letter, to, until)


def _announce(unit: Unit, letter: Letter, to: str, until: datetime) -> None:
    """Write the notice of the day, or name one more request in it as long as it waits; a full domain gets one for all."""
    what = _whose(unit, to, letter.conversation_id)
    full = next(each.key for each in _limits(unit.services, to) if _wait(unit, each, 1, what))
    day = unit.services.local_day(unit.now)
    notice = replace(
        letter,
        key=f"more:{full[:32]}:{day}",
        kind="mail",
        choices=(),
        headers={},
        until=None,
        about=_to_be_told(unit.session, letter),
        due_at=unit.now + _COLLECTED,
    )
    queue_or_join(unit, notice, lambda about: _written(unit, notice, about, until))


def _to_be_told(session: Session, letter: Letter) -> Sequence[str]:
    return letter.about or [request.ref for request in _open_in_talk(session, letter)]


def _open_in_talk(session: Session, letter: Letter) -> list[PrivacyRequest]:
    conversation = session.get(Conversation, letter.conversation_id) if letter.conversation_id else None
    here = requests_of(session, conversation) if conversation else []
    return [request for request in here if request.status not in CLOSED]


def was_held_back(session: Session, ref: str) -> bool:
    """Tell whether what was to be said about a request, to whomever, found no room."""
    held = select(Audit.id).where(col(Audit.chain) == ref, col(Audit.event) == _HELD_BACK)
    return session.exec(held.limit(1)).first() is not None


def _written(unit: Unit, notice: Letter, about: Sequence[str], until: datetime) -> Letter | None:
    listed = [as_seen(r) for ref in about[:_MOST_LISTED] if (r := unit.session.get(PrivacyRequest, ref))]
    text = written(
        unit,
        "mail_all_kept",
        notice.language,
        conversation_id=notice.conversation_id,
        listed=listed,
        more=len(about) > _MOST_LISTED,
        until=until,
    )
    return replace(notice, subject=text.subject, text=text.text, about=about) if text else None
