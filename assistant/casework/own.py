"""The desk's own records of a person, for the source that discloses and erases them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import Session, col, select

from assistant.casework.presses import labels_of
from assistant.domain.addresses import normal_address
from assistant.domain.plan import Identity
from assistant.domain.retention import own_retention
from assistant.domain.status import CLOSED
from assistant.store.keyring import Keyring
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, Message, PrivacyRequest
from assistant.store.writer import Store


@dataclass(frozen=True, slots=True)
class DeskQueries:
    """Answers what the own-records source asks; whose they are is what was proved, never what was claimed."""

    store: Store
    keyring: Keyring

    async def count(self, identity: Identity) -> Mapping[str, int]:
        """Count conversations, messages and requests."""
        return await self.store.read(lambda session: self._count(session, identity))

    def _count(self, session: Session, identity: Identity) -> Mapping[str, int]:
        ids = self._conversations(session, identity)
        messages = select(func.count()).where(_shown(ids))
        requests = select(func.count()).where(col(PrivacyRequest.conversation_id).in_(ids))
        return {
            "conversations": len(ids),
            "messages": session.exec(messages).one(),
            "requests": session.exec(requests).one(),
        }

    def _conversations(self, session: Session, identity: Identity) -> list[str]:
        hashes = [self.keyring.keyed_hash(normal_address(email)) for email in identity.emails]
        proved = session.exec(
            select(EvidenceRow.conversation_id).where(col(EvidenceRow.contact_hash).in_(hashes))
        )
        asked = session.exec(
            select(PrivacyRequest.conversation_id).where(col(PrivacyRequest.contact_hash).in_(hashes))
        )
        return sorted({*proved, *asked, *identity.values("conversation")})

    async def rows(self, identity: Identity, table: str) -> Sequence[tuple[Any, ...]]:
        """Give the rows of a table, oldest first."""
        return await self.store.read(lambda session: self._rows(session, identity, table))

    def _rows(self, session: Session, identity: Identity, table: str) -> Sequence[tuple[Any, ...]]:
        ids = self._conversations(session, identity)
        if table == "conversations":
            held = session.exec(
                select(Conversation)
                .where(col(Conversation.id).in_(ids))
                .order_by(col(Conversation.started_at))
            )
            return [(c.channel, c.language, c.started_at, c.last_at) for c in held]
        if table == "requests":
            requests = session.exec(
                select(PrivacyRequest)
                .where(col(PrivacyRequest.conversation_id).in_(ids))
                .order_by(col(PrivacyRequest.received_at))
            )
            return [
                (r.ref, r.right, r.status, r.channel, r.received_at, r.due_on, r.closed_at) for r in requests
            ]
        said = session.exec(
            select(Message, Conversation.channel)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(_shown(ids))
            .order_by(col(Message.id))
        )
        rows = said.all()
        pressed = labels_of(message for message, _ in rows)
        return [(m.at, channel, m.sender, m.name, pressed.get(m.id, m.text)) for m, channel in rows]

    async def erasable(self, identity: Identity, today: date) -> int:
        """Count the messages of conversations that no request needs any more."""
        return await self.store.read(lambda s: self._erasable(s, identity, today)[1])

    def _erasable(self, session: Session, identity: Identity, today: date) -> tuple[list[str], int]:
        ids = [i for i in self._conversations(session, identity) if not _needed(session, i, today)]
        return ids, session.exec(select(func.count()).where(_shown(ids))).one()

    async def kept(self, identity: Identity, today: date) -> Mapping[str, tuple[int, date | None]]:
        """Count what open and recent requests need, and until when."""
        return await self.store.read(lambda session: self._kept(session, identity, today))

    def _kept(
        self, session: Session, identity: Identity, today: date
    ) -> Mapping[str, tuple[int, date | None]]:
        everything = self._conversations(session, identity)
        ids = [i for i in everything if _needed(session, i, today)]
        messages = session.exec(select(func.count()).where(_shown(ids))).one()
        requests = select(func.count()).where(col(PrivacyRequest.conversation_id).in_(everything))
        return {"messages": (messages, None), "requests": (session.exec(requests).one(), None)}

    async def erase(self, identity: Identity, today: date) -> int:
        """Erase what is erasable, with the challenges and addresses that hang on it."""
        return await self.store.write(lambda session: self._erase(session, identity, today))

    def _erase(self, session: Session, identity: Identity, today: date) -> int:
        ids, rows = self._erasable(session, identity, today)
        session.execute(delete(Message).where(_shown(ids)))
        session.execute(delete(ChallengeRow).where(col(ChallengeRow.conversation_id).in_(ids)))
        return rows


def _shown(ids: Sequence[str]) -> ColumnElement[bool]:
    return col(Message.conversation_id).in_(ids)


def _needed(session: Session, conversation_id: str, today: date) -> bool:
    """The text of a request is kept until it is closed and 90 days more (law/own_retention.toml)."""
    requests = session.exec(
        select(PrivacyRequest).where(col(PrivacyRequest.conversation_id) == conversation_id)
    )
    return any(_still_kept(request, today) for request in requests)


def _still_kept(request: PrivacyRequest, today: date) -> bool:
    if request.closed_at is None or request.status not in CLOSED:  # lapsed, then proved late: open again
        return True
    gone_at = own_retention()["case_message"].gone_at(request.closed_at)
    return gone_at is None or gone_at.date() >= today
