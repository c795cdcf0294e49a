"""Whose the words and requests of a talk are: of each stretch between two hidings, who was proved while it lasted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from assistant.casework.requests.intake import OTHER_SENDER
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import Method
from assistant.store.keyring import Keyring
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, Message, PrivacyRequest

HIDING: Final = "hiding:"  # begins the key of what is said when a talk is hidden: there a stretch begins
_TYPED_THERE: Final = frozenset({Method.EMAIL_CODE, Method.PAGE_TOKEN})  # the others may be done anywhere


@dataclass(frozen=True, slots=True)
class Proof:
    """Who was proved, when, and the receipt of what it was for; `there` where it needed the very page of the talk."""

    name: str
    at: datetime
    there: bool = True
    asked: Sequence[datetime] = ()


@dataclass(slots=True)
class Stretch:
    """What was said between two hidings, by its first message, and who was proved and named in it."""

    first: int
    since: datetime | None
    proved: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)  # by whoever typed an address, proved or not


def divide(
    hidings: Sequence[tuple[int, datetime]],
    proofs: Sequence[Proof],
    named: Sequence[tuple[str, datetime]] = (),
) -> list[Stretch]:
    """Divide a talk by its hidings, and tell of each stretch who was proved and named in it.

    A link is followed anywhere, at any time: it tells who asked, and not who sits at the talk just then.
    """
    found = [Stretch(0, None), *(Stretch(first, at) for first, at in hidings)]
    begins = [at for _, at in hidings]

    def at_(moment: datetime) -> Stretch:
        return found[bisect_right(begins, moment)]

    for each in proofs:
        for moment in [each.at] if each.there or not hidings else each.asked:
            at_(moment).proved.add(each.name)
    for name, moment in named:
        at_(moment).named.add(name)
    return found


def is_theirs(stretches: Sequence[Stretch], at: int, names: Collection[str]) -> bool:
    """Tell whether a stretch is of whoever has these names, and of nobody else.

    One in which they were only named is theirs once they were proved, and nobody else was ever there (B13).
    """
    stretch, own = stretches[at], set(names)
    if stretch.proved:
        return stretch.proved <= own
    everybody = set().union(*(each.proved | each.named for each in stretches))
    return bool(stretch.named) and everybody <= own and any(each.proved for each in stretches)


@dataclass(frozen=True, slots=True)
class Part:
    """What of one talk is somebody's own."""

    conversation: Conversation
    messages: Sequence[Message]  # theirs, oldest first
    others: frozenset[int]  # numbers of the messages that are not, or of which it cannot be told
    requests: Sequence[PrivacyRequest]
    challenges: Sequence[str]
    said: Sequence[Message]  # all of it, for what stood on a button

    @property
    def whole(self) -> bool:
        """Tell whether all that was said there is theirs."""
        return not self.others


def part_of(session: Session, keyring: Keyring, ident: str, names: Collection[str]) -> Part | None:
    """Give what of a talk belongs to whoever has one of these keyed hashes of an address; nothing where nothing does."""
    conversation = session.get(Conversation, ident)
    if conversation is None:
        return None
    said = _said_in(session, ident)
    requests = _requests_in(session, ident)
    challenges = _challenges_in(session, ident)
    stretches = _stretches(session, keyring, conversation, said, requests, challenges)
    own = [is_theirs(stretches, at, names) for at in range(len(stretches))]
    begins = [each.since for each in stretches[1:] if each.since]

    def when(moment: datetime) -> bool:
        return own[bisect_right(begins, moment)]

    # A request is whose it was proved to be; one that asks for no proof goes with the words that asked it.
    theirs = [r for r in requests if (r.contact_hash in names if r.contact_hash else when(r.received_at))]
    about = _whose_requests(session, said, names, {r.ref for r in theirs}, {r.ref for r in requests})
    firsts = [each.first for each in stretches[1:]]
    messages = [
        m
        for m in said
        if _is_own(m, bisect_right(firsts, m.id or 0), stretches, own, names, about)
        and not _is_of_another(keyring, m, names)
    ]
    if not messages and not theirs and not any(own):
        return None
    ids = {m.id for m in messages}
    return Part(
        conversation,
        messages,
        frozenset(m.id for m in said if m.id is not None and m.id not in ids),
        theirs,
        [c.id for c in challenges if when(c.asked_at)],
        said,
    )


def _is_own(
    message: Message,
    at: int,
    stretches: Sequence[Stretch],
    own: Sequence[bool],
    names: Collection[str],
    about: Mapping[str, bool],
) -> bool:
    """Words about requests go with these, wherever they were said; an agent writes to whom the talk was with before."""
    told = {about[ref] for each in message.requests if (ref := str(each["ref"])) in about}
    if told and message.sender != "you":
        return told == {True}
    if message.sender in {"agent", "note"}:
        return own[at] and all(each.proved | each.named <= set(names) for each in stretches[: at + 1])
    return own[at]


def _is_of_another(keyring: Keyring, message: Message, names: Collection[str]) -> bool:
    """Tell whether a mail in the thread came from an address that is not theirs: it is neither their word nor theirs to have."""
    sender = message.headers.get(OTHER_SENDER)
    return sender is not None and keyring.keyed_hash(normal_address(sender)) not in names


def _whose_requests(
    session: Session, said: Sequence[Message], names: Collection[str], theirs: set[str], here: set[str]
) -> dict[str, bool]:
    """Tell of each request that words are about whether it is theirs; one that is gone says nothing."""
    refs = {str(each["ref"]) for message in said for each in message.requests}
    found = {ref: ref in theirs for ref in refs & here}
    elsewhere = session.exec(select(PrivacyRequest).where(col(PrivacyRequest.ref).in_(refs - here)))
    return found | {r.ref: r.contact_hash in names for r in elsewhere if r.contact_hash}


def _said_in(session: Session, ident: str) -> list[Message]:
    query = select(Message).where(col(Message.conversation_id) == ident).order_by(col(Message.id))
    return list(session.exec(query.options(defer(Message.raw))))  # type: ignore[arg-type] # a column here


def _requests_in(session: Session, ident: str) -> list[PrivacyRequest]:
    query = select(PrivacyRequest).where(col(PrivacyRequest.conversation_id) == ident)
    return list(session.exec(query.order_by(col(PrivacyRequest.received_at))))


def _challenges_in(session: Session, ident: str) -> list[ChallengeRow]:
    return list(session.exec(select(ChallengeRow).where(col(ChallengeRow.conversation_id) == ident)))


def _stretches(
    session: Session,
    keyring: Keyring,
    conversation: Conversation,
    said: Sequence[Message],
    requests: Sequence[PrivacyRequest],
    challenges: Sequence[ChallengeRow],
) -> list[Stretch]:
    hidings = [(m.id or 0, m.at) for m in said if m.external_id.startswith(HIDING)]
    if not hidings and conversation.state.get("hidden_before"):
        return [Stretch(0, None)]  # where it was hidden is gone: nobody can be told apart any more
    received = {r.ref: r.received_at for r in requests}
    evidence = session.exec(select(EvidenceRow).where(col(EvidenceRow.conversation_id) == conversation.id))
    proofs = [
        Proof(
            e.contact_hash,
            e.obtained_at,
            e.method in _TYPED_THERE,
            [received[ref] for ref in e.references if ref in received],
        )
        for e in evidence
    ]
    if not hidings:  # proved in another talk, and heard here
        proofs += [Proof(r.contact_hash, r.received_at) for r in requests if r.contact_hash]
    named = [(_name(keyring, c), c.asked_at) for c in challenges if c.purpose == "prove" and c.claimed_hash]
    return divide(hidings, proofs, named)


def _name(keyring: Keyring, challenge: ChallengeRow) -> str:
    """Name who was claimed as a proof names them: by where the code of a client number went."""
    if challenge.claimed_kind == "email" or not challenge.contact:
        return challenge.claimed_hash
    return keyring.keyed_hash(normal_address(keyring.unseal(challenge.contact)))


def apart_from(session: Session, keyring: Keyring, request: PrivacyRequest) -> frozenset[int]:
    """Number the messages in the talk of a request that are in no copy of its person, for the agent to know."""
    said = _said_in(session, request.conversation_id)
    if request.contact_hash:
        part = part_of(session, keyring, request.conversation_id, {request.contact_hash})
        return part.others if part else frozenset(m.id for m in said if m.id)
    hidings = [m for m in said if m.external_id.startswith(HIDING)]
    own = bisect_right([m.at for m in hidings], request.received_at)
    firsts = [m.id or 0 for m in hidings]
    return frozenset(
        m.id for m in said if m.id and (bisect_right(firsts, m.id) != own or OTHER_SENDER in m.headers)
    )
