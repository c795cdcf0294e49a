"""A turn asks once which requests its talk has, and knows of one that it opens itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.conversation.desk import TalkingDesk
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store.tables import Conversation
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


async def test_what_a_turn_opens_it_knows_of(site: ConsoleSite, reader: Reader) -> None:
    def work(unit: Unit) -> tuple[int, int]:
        talk = unit.session.get_one(Conversation, site.conversations["chat"])
        turn = TalkingDesk(site.services, reader).quiet_turn(unit, talk)
        before = len(turn.own_requests())
        turn._open_one(Right.ACCESS, {}, unit.now)
        return before, len(turn.own_requests())

    before, after = await site.services.write(work)
    assert after == before + 1
