"""What is wished beside the address or the code that is awaited, in words that are few: opened, asked about, or handed over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers import HANDLERS
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_nothing_silent import Visitor
from tests.integration.test_sparing import Talk
from tests.integration.test_while_a_code_is_awaited import sent

BEGIN = {"en": "please restrict the use of my data", "fr": "merci de limiter l'utilisation de mes données"}
# What each comes to: a right that is opened, or asked about (None), or a person.
WITH_ADDRESS = {
    "en": {"{0} and art. 15 too please": "access", "{0} can i talk to someone": "human", "unsubscribe {0}": "objection"},
    "fr": {"{0} et l'article 15 aussi": "access", "{0} je veux parler à quelqu'un": "human", "désabonnez {0}": "objection"},
}  # fmt: skip
WITH_CODE = {
    "en": {"art 21 too": "objection", "also article 15": "access", "delete too": None, "and a copy?": None},
    "fr": {
        "et l'article 21 rgpd aussi": "objection",
        "et la suppression ?": None,
        "la copie aussi svp": None,
    },
}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        handlers = {handler.right: handler for handler in HANDLERS}
        yield Talk(replace(site, services=replace(site.services, handlers=handlers)), reader)


async def _is_heard(visitor: Visitor, before: set[str], wish: str | None) -> None:
    conversation = await visitor.conversation()
    opened = set(await visitor.requests()) - before
    if wish == "human":
        assert conversation.wants_person_at is not None
    elif wish is None:
        assert conversation.state["question"] == "chat_ask_right"
    else:
        assert opened == {wish}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_stands_beside_the_address_is_heard(talk: Talk, language: str) -> None:
    for number, (words, wish) in enumerate(WITH_ADDRESS[language].items()):
        visitor = Visitor(talk, f"address{number}", language)
        await visitor.write(BEGIN[language])
        before = set(await visitor.requests())
        address = f"beside{number}@post.example"
        await visitor.write(words.format(address))
        await _is_heard(visitor, before, wish)
        if wish == "objection":
            assert (await visitor.requests())["objection"].details["address"] == address
        else:
            assert await visitor.asked_of(address), words


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_is_wished_instead_of_a_code_is_heard(talk: Talk, language: str) -> None:
    for number, (words, wish) in enumerate(WITH_CODE[language].items()):
        visitor = Visitor(talk, f"code{number}", language)
        await visitor.write(BEGIN[language])
        await visitor.write(f"code{number}@post.example")
        await sent(talk)
        before = set(await visitor.requests())
        await visitor.write(words)
        await _is_heard(visitor, before, wish)
