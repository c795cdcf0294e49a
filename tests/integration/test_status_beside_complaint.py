"""Whoever complains of waiting and asks where their request stands hears both: what becomes of the complaint, and the status."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.domain.rights import Right
from assistant.store.tables import Message
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_sparing import ERASE, Talk

WORDS = {
    "en": "Where is my request? I have waited long enough, I am filing a complaint with the authority.",
    "fr": "Où en est ma demande ? J'ai assez attendu, je dépose plainte à la CNIL.",
}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


async def _said_since(talk: Talk, count: int) -> list[str]:
    ours = select(Message.text).where(col(Message.sender) == "assistant").order_by(col(Message.id))
    return list(await talk.site.services.read(lambda unit: unit.session.exec(ours).all()))[count:]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("channel", ["webchat", "email"])
async def test_a_complaint_of_waiting_is_told_where_the_request_stands(
    talk: Talk, channel: str, language: str
) -> None:
    await talk.write(ERASE[language], channel, locale=language)
    erasure = (await talk.one()).ref
    await talk.prove(erasure)
    before = len(await _said_since(talk, 0))
    await talk.write(WORDS[language], channel, locale=language)
    complaint = next(r.ref for r in await talk.requests() if r.right == Right.COMPLAINT)
    said = await _said_since(talk, before)
    assert any(complaint in text and erasure not in text for text in said), "the complaint by its own words"
    assert any(erasure in text for text in said), "and the request that is waited for"


async def test_a_complaint_alone_is_told_no_status(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    erasure = (await talk.one()).ref
    await talk.prove(erasure)
    before = len(await _said_since(talk, 0))
    await talk.write("I am filing a complaint with the authority.")
    assert not any(erasure in text for text in await _said_since(talk, before))
