"""Somebody who types in a chat of the desk inside the process, and what the desk made of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from assistant.casework.requests.intake import conversation_id
from assistant.domain.talk import TalkState as State
from assistant.interfaces import Incoming
from assistant.store.tables import ChallengeRow, Conversation, Message, PrivacyRequest
from tests.doubles.desk_inside import DeskInside

_threads = itertools.count()


@dataclass
class Talk:
    """A visitor who types, and what the desk made of it."""

    desk: DeskInside
    language: str = "en"
    thread: str = field(default_factory=lambda: f"typed-{next(_threads)}")
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def _conversation(self) -> str:
        return conversation_id(self.desk.assembly.services, "webchat", self.thread)

    async def say(self, words: str, kind: Any = "text") -> None:
        now = self.desk.assembly.services.clock.now()
        ident = f"m{next(self._numbers)}"
        await self.desk.assembly.desk.receive(
            Incoming("webchat", self.thread, ident, words, now, kind=kind, locale=self.language)
        )
        await self.desk.assembly.desk.settle()

    async def all_of(self, table: Any) -> list[Any]:
        rows = select(table).where(col(table.conversation_id) == self._conversation)
        return await self.desk.assembly.services.read(lambda unit: list(unit.session.exec(rows)))

    async def requests(self) -> dict[str, PrivacyRequest]:
        return {row.right: row for row in await self.all_of(PrivacyRequest)}

    async def claims(self) -> list[tuple[str, str]]:
        unseal = self.desk.assembly.services.keyring.unseal
        rows = sorted(await self.all_of(ChallengeRow), key=lambda row: row.asked_at)
        return [(row.claimed_kind, unseal(row.claimed)) for row in rows if row.claimed]

    async def state(self) -> State:
        rows = select(Conversation).where(col(Conversation.id) == self._conversation)
        (row,) = await self.desk.assembly.services.read(lambda unit: list(unit.session.exec(rows)))
        return State.of(row.state)

    async def answers(self) -> int:
        return len([row for row in await self.all_of(Message) if row.sender == "assistant"])
