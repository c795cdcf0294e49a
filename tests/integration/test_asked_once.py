"""What was said once in a chat is not asked again: an address that was typed or proved answers for every wish that needs one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain.uses import addresses_in
from handlers import HANDLERS
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_after_going_on import Thread
from tests.integration.test_sparing import MARI, Talk

LANGUAGES = ("en", "fr")
COPY = {"en": "Please send me a copy of my data.", "fr": "Je veux une copie de mes données."}
NO_ADS = {"en": "and stop the newsletter", "fr": "arrêtez les newsletters"}
ASKS = {"en": "Which e-mail address", "fr": "Quelle adresse e-mail"}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        handlers = {handler.right: handler for handler in HANDLERS}
        yield Talk(replace(site, services=replace(site.services, handlers=handlers)), reader)


async def _say(talk: Talk, language: str, *words: str) -> Thread:
    for each in words:
        await talk.write(each, locale=language)
    return Thread(talk, "mari", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("proved", [False, True])
async def test_marketing_ends_for_the_address_that_was_typed_or_proved(
    talk: Talk, language: str, proved: bool
) -> None:
    await _say(talk, language, COPY[language], MARI)
    if proved:
        await talk.prove((await talk.one()).ref)
    thread = await _say(talk, language, NO_ADS[language])
    assert ASKS[language] not in "\n".join(await thread.said())
    stopped = next(r for r in await talk.requests() if r.details.get("marketing"))
    assert addresses_in(stopped.details) == (MARI,)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_client_number_names_no_address_to_leave_alone(talk: Talk, language: str) -> None:
    thread = await _say(talk, language, COPY[language], "C-10044", NO_ADS[language])
    assert ASKS[language] in (await thread.said())[-1]
