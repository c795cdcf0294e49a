"""What the console says of who has a mail in doubt: support has it only where it was handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, update

from assistant.services import Unit
from assistant.store import queries
from assistant.store.tables import Conversation, Outbox
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

HELD = "Support has not got it: it bears an address of ours"


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as opened:
        yield opened


async def test_support_has_a_mail_only_where_it_was_handed_on(site: ConsoleSite) -> None:
    def unit(unit: Unit) -> None:
        talk = site.conversations["chat"]
        (message, *_) = queries.messages_of(unit.session, talk)
        unit.session.exec(update(Conversation).where(col(Conversation.id) == talk).values(triage=True))
        unit.session.exec(update(Outbox).values(raw_message_id=None))
        assert not queries.was_passed_on(unit.session, message.id)

    async with AgentBrowser(site, "Liis") as liis:
        await liis.sign_in()
        await liis.get("triage")
        before = liis.text.count(HELD)
        await site.services.write(unit)
        await liis.get("triage")
        assert liis.text.count(HELD) > before
