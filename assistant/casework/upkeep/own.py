"""The desk's own records of a person, for the source that discloses and erases them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter, itemgetter
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from assistant.casework.presses import labels_of
from assistant.casework.requests.whose import HIDING, Part, part_of
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import TO_A_CONTACT, without_codes
from assistant.domain.lifecycle import CLOSED
from assistant.domain.plan import Identity
from assistant.domain.retention import own_retention
from assistant.store.keyring import Keyring, client_hash
from assistant.store.tables import ChallengeRow, EvidenceRow, Message, PrivacyRequest
from assistant.store.writer import Store

_AT_ONCE: Final = 500  # rows named in one statement: a database takes so many values and no more


@dataclass(frozen=True, slots=True)
class DeskQueries:
    """Answers what the own-records source asks; whose they are is what was proved, never what was claimed."""

    store: Store
    keyring: Keyring

    async def count(self, identity: Identity) -> Mapping[str, int]:
        """Count conversations, messages and requests."""
        return await self.store.read(lambda session: self._count(session, identity))

    def _count(self, session: Session, identity: Identity) -> Mapping[str, int]:
        parts = self._parts(session, identity)
        return {
            "conversations": len(parts),
            "messages": sum(len(part.messages) for part in parts),
            "requests": sum(len(part.requests) for part in parts),
        }

    def _parts(self, session: Session, identity: Identity) -> list[Part]:
        """Give of each talk in which the person had a part what is theirs: others may have sat at it too (GDPR 15(4))."""
        if identity.client_ids and not identity.emails:
            return self._parts_of_account(session, identity)
        hashes = {self.keyring.keyed_hash(normal_address(email)) for email in identity.emails}
        proved = session.exec(
            select(EvidenceRow.conversation_id).where(col(EvidenceRow.contact_hash).in_(hashes))
        )
        asked = session.exec(
            select(PrivacyRequest.conversation_id).where(col(PrivacyRequest.contact_hash).in_(hashes))
        )
        idents = sorted({*proved, *asked, *identity.values("conversation")})
        found = (part_of(session, self.keyring, ident, hashes) for ident in idents)
        return [part for part in found if part]

    def _parts_of_account(self, session: Session, identity: Identity) -> list[Part]:
        """Give the talks in which this account was signed in to, and nobody proved its address or another account there."""
        numbers = {client_hash(self.keyring, number) for number in identity.client_ids}
        signed = session.exec(
            select(EvidenceRow).where(
                col(EvidenceRow.client_hash).in_(numbers), col(EvidenceRow.method).not_in(TO_A_CONTACT)
            )
        ).all()
        own, names = {each.id for each in signed}, {each.contact_hash for each in signed}
        idents = {each.conversation_id for each in signed} | set(identity.values("conversation"))
        others = session.exec(
            select(EvidenceRow.conversation_id).where(
                col(EvidenceRow.conversation_id).in_(idents),
                col(EvidenceRow.contact_hash).in_(names),
                col(EvidenceRow.id).not_in(own),
            )
        )
        theirs = session.exec(
            select(PrivacyRequest.conversation_id).where(
                col(PrivacyRequest.conversation_id).in_(idents),
                col(PrivacyRequest.contact_hash).in_(names),
                col(PrivacyRequest.evidence_id).is_not(None),
                col(PrivacyRequest.evidence_id).not_in(own),
            )
        )
        found = (
            part_of(session, self.keyring, ident, names) for ident in sorted(idents - {*others, *theirs})
        )
        return [part for part in found if part]

    async def rows(self, identity: Identity, table: str) -> Sequence[tuple[Any, ...]]:
        """Give the rows of a table, oldest first."""
        return await self.store.read(lambda session: self._rows(session, identity, table))

    def _rows(self, session: Session, identity: Identity, table: str) -> Sequence[tuple[Any, ...]]:
        parts = self._parts(session, identity)
        if table == "conversations":
            talks = sorted(((*_lasted(part), part.conversation) for part in parts), key=itemgetter(0, 1))
            return [(c.channel, c.language, began, ended) for began, ended, c in talks]
        if table == "requests":
            requests = sorted((r for part in parts for r in part.requests), key=attrgetter("received_at"))
            return [
                (r.ref, r.right, r.status, r.channel, r.received_at, r.due_on, r.closed_at) for r in requests
            ]
        said = ((m, text, part) for part in parts for m, text in _words(part))
        return [
            (m.at, part.conversation.channel, m.sender, m.name, text)
            for m, text, part in sorted(said, key=lambda each: each[0].id or 0)
        ]

    async def erasable(self, identity: Identity, today: date) -> int:
        """Count the messages of conversations that no request needs any more."""
        return await self.store.read(
            lambda s: sum(len(_erasable_of(part)) for part in self._erasable(s, identity, today))
        )

    def _erasable(self, session: Session, identity: Identity, today: date) -> list[Part]:
        return [part for part in self._parts(session, identity) if not _needed(part, today)]

    async def kept(self, identity: Identity, today: date) -> Mapping[str, tuple[int, date | None]]:
        """Count what open and recent requests need, and until when."""
        return await self.store.read(lambda session: self._kept(session, identity, today))

    def _kept(
        self, session: Session, identity: Identity, today: date
    ) -> Mapping[str, tuple[int, date | None]]:
        parts = self._parts(session, identity)
        messages = sum(len(part.messages) for part in parts if _needed(part, today))
        requests = sum(len(part.requests) for part in parts)
        return {"messages": (messages, None), "requests": (requests, None)}

    async def erase(self, identity: Identity, today: date) -> int:
        """Erase what is erasable, with the challenges and addresses that hang on it."""
        return await self.store.write(lambda session: self._erase(session, identity, today))

    def _erase(self, session: Session, identity: Identity, today: date) -> int:
        parts = self._erasable(session, identity, today)
        ids = [ident for part in parts for ident in _erasable_of(part)]
        for begin in range(0, len(ids), _AT_ONCE):
            session.execute(delete(Message).where(col(Message.id).in_(ids[begin : begin + _AT_ONCE])))
        for part in parts:
            session.execute(delete(ChallengeRow).where(col(ChallengeRow.id).in_(part.challenges)))
        return len(ids)


def _lasted(part: Part) -> tuple[datetime, datetime]:
    """Tell from when to when somebody's part of a talk lasted; nothing of when others were there."""
    whole = part.conversation.started_at, part.conversation.last_at
    moments = [m.at for m in part.messages] or [r.received_at for r in part.requests]
    return whole if part.whole or not moments else (min(moments), max(moments))


def _words(part: Part) -> list[tuple[Message, str]]:
    """Give what was said with its words: of a press what stood on its button, and no code that was typed."""
    pressed = labels_of(part.said)
    asked = min((m.id or 0 for m in part.said if m.expects == "code"), default=None)

    def words(message: Message) -> str:
        text = pressed.get(message.id, message.text)
        was_asked = asked is not None and (message.id or 0) > asked
        left = without_codes(text)
        alone = not left.strip("* \n")
        return left if message.sender == "you" and (was_asked or alone) else text

    return [(m, words(m)) for m in part.messages]


def _erasable_of(part: Part) -> list[int]:
    """Number what goes; where a talk was hidden stays known, or its parts could be told apart no more."""
    return [m.id for m in part.messages if m.id is not None and not m.external_id.startswith(HIDING)]


def _needed(part: Part, today: date) -> bool:
    """The text of a request is kept until it is closed and 90 days more (law/own_retention.toml)."""
    return any(_still_kept(request, today) for request in part.requests)


def _still_kept(request: PrivacyRequest, today: date) -> bool:
    if request.closed_at is None or request.status not in CLOSED:  # lapsed, then proved late: open again
        return True
    gone_at = own_retention()["case_message"].gone_at(request.closed_at)
    return gone_at is None or gone_at.date() >= today
