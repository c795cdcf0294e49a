"""Whoever asks about what is under way, in whatever words, hears where it stands and is offered a person: no menu, as if nothing had been said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.store.tables import Message
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_sparing import ERASE, Talk

ASKED = {
    "en": (
        "when will it be done?",
        "what happens now?",
        "do I need to do anything?",
        "is it done yet?",
        "why three days?",
    ),
    "fr": (
        "c'est pour quand ?",
        "et maintenant ?",
        "je dois faire quelque chose ?",
        "vous avez bien reçu ma demande ?",
        "mes sites vont tomber ?",
    ),
}
PERSON = {
    "en": "If that is not what you asked, a person can help you.",
    "fr": "Si ce n’était pas votre question, une personne peut vous aider.",
}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


async def _said_since(talk: Talk, count: int) -> list[Message]:
    ours = select(Message).where(col(Message.sender) == "assistant").order_by(col(Message.id))
    return list(await talk.site.services.read(lambda unit: unit.session.exec(ours).all()))[count:]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_is_asked_once_a_request_is_proved_is_told_where_it_stands(
    talk: Talk, language: str
) -> None:
    await talk.write(ERASE[language], locale=language)
    erasure = (await talk.one()).ref
    await talk.prove(erasure)
    for words in ASKED[language]:
        before = len(await _said_since(talk, 0))
        await talk.write(words, locale=language)
        said = await _said_since(talk, before)
        assert any(erasure in message.text for message in said), words
        if len(said) > 1:  # it was not read as a question of the status
            assert said[-1].text.strip() == PERSON[language]
            assert [each["value"] for each in said[-1].choices] == ["human"]


async def test_what_is_asked_of_support_is_left_to_a_person_without_a_status(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    erasure = (await talk.one()).ref
    await talk.prove(erasure)
    before = len(await _said_since(talk, 0))
    await talk.write("My website has been down since yesterday, please restart the server.")
    said = await _said_since(talk, before)
    assert not any(erasure in message.text for message in said)
    assert [each["value"] for each in said[-1].choices] == ["human"]
