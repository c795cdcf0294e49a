"""A turn asks once which requests its talk has, and knows of one that it opens itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.casework.talk.carry_out import carry_out
from assistant.casework.talk.turn import Turn
from assistant.domain.moves import Open
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store.tables import Conversation
from tests.doubles.console_app import ConsoleSite, console_site


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


async def test_what_a_turn_opens_it_knows_of(site: ConsoleSite) -> None:
    def work(unit: Unit) -> tuple[int, int]:
        talk = unit.session.get_one(Conversation, site.conversations["chat"])
        turn = Turn.quiet(unit, talk)
        before = len(turn.own_requests())
        carry_out(turn, [Open((Right.PORTABILITY,), unit.now, {})])
        return before, len(turn.own_requests())

    before, after = await site.services.write(work)
    assert after == before + 1
