"""Whatever is awaited, words of every day take back all that is open in a talk: it stands still, and is asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from assistant.casework.decisions import sparing
from handlers import HANDLERS
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_nothing_silent import Visitor
from tests.integration.test_sparing import ERASE, Talk
from tests.integration.test_while_a_code_is_awaited import sent

LANGUAGES = ("en", "fr")
WORDS = {
    "en": ("cancel everything", "never mind", "forget it", "I changed my mind", "Call it off.", "stop everything!"),
    "fr": ("annulez tout", "Annule.", "laissez tomber", "oubliez", "j’ai changé d’avis", "stop tout", "non je me suis trompée, annulez tout"),
}  # fmt: skip
COPY = {"en": "Send me a copy of all my data.", "fr": "Envoyez-moi une copie de toutes mes données."}
CORRECT = {"en": "Please correct my phone number.", "fr": "Corrigez mon numéro de téléphone."}
# What was said before, by what is open then and what is awaited.
BEFORE = {
    "erasure, address": (ERASE,),
    "erasure, code": (ERASE, "address"),
    "erasure, wrong code": (ERASE, "address", "12345678"),
    "copy, address": (COPY,),
    "copy, code": (COPY, "address"),
    "both, code": (ERASE, COPY, "address"),
    "correction": (CORRECT,),
}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        handlers = {handler.right: handler for handler in HANDLERS}
        yield Talk(replace(site, services=replace(site.services, handlers=handlers)), reader)


async def _taken_back(talk: Talk, name: str, language: str, awaited: str, words: str) -> Visitor:
    """Begin a talk, take everything back in it, and check that it is asked about and that no code is spoken of."""
    visitor = Visitor(talk, name, language)
    for said in BEFORE[awaited]:
        typed = said if isinstance(said, str) else said[language]
        await visitor.write(f"{name}@post.example" if typed == "address" else typed)
        await sent(talk)
    await visitor.write(words)
    state = (await visitor.conversation()).state
    found = await visitor.requests()
    alone = set(found) == {"erasure"}
    assert state["question"] == ("dont_asked" if alone else "withdraw_confirm"), (awaited, words)
    assert set(state["about"]) == {request.ref for request in found.values()}, (awaited, words)
    assert "erasure" not in found or sparing.is_paused(found["erasure"]), (awaited, words)
    return visitor


@pytest.mark.parametrize("language", LANGUAGES)
async def test_all_is_taken_back_whatever_is_awaited(talk: Talk, language: str) -> None:
    for number, (awaited, words) in enumerate(product(BEFORE, WORDS[language])):
        visitor = await _taken_back(talk, f"back{number}", language, awaited, words)
        alone = set(await visitor.requests()) == {"erasure"}
        await visitor.write("dont:keep" if alone else "withdraw:yes")
        assert {r.status for r in (await visitor.requests()).values()} == {"withdrawn"}, (awaited, words)


# Less says so where who asks is to be proved, as these answer nothing there.
UNWANTED = {
    "en": ("actually no", "no thanks, forget it", "I don't want it anymore", "no thanks"),
    "fr": ("finalement non", "je veux plus en fait", "finalement je veux pas", "non merci"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_fewer_words_take_it_back_where_an_address_or_a_code_is_awaited(
    talk: Talk, language: str
) -> None:
    awaited = [name for name in BEFORE if name != "correction"]
    for number, (name, words) in enumerate(product(awaited, UNWANTED[language])):
        await _taken_back(talk, f"less{number}", language, name, words)


TWO = {
    "en": ("send me a copy of my data and also delete my account", "forget about the copy, only delete", "access"),
    "fr": ("je voudrais une copie de mes données et corrigez mon prénom : Annelise", "annulez la correction svp", "rectification"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_one_that_is_named_is_asked_about(talk: Talk, language: str) -> None:
    visitor = Visitor(talk, "two", language)
    both, words, named = TWO[language]
    await visitor.write(both)
    found = await visitor.requests()
    await visitor.write(words)
    state = (await visitor.conversation()).state
    assert (state["question"], state["about"]) == ("withdraw_confirm", [found[named].ref])
    await visitor.write("withdraw:yes")
    after = await visitor.requests()
    assert {right for right, request in after.items() if request.status == "withdrawn"} == {named}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_just_the_newsletter_lets_the_erasure_stand_still_and_ends_it_without_a_code(
    talk: Talk, language: str
) -> None:
    visitor = Visitor(talk, "news", language)
    erase, words = {
        "en": ("delete all my data", "actually just the newsletter"),
        "fr": ("effacez tout", "en fait juste la newsletter"),
    }[language]
    await visitor.write(erase)
    await visitor.write(words)
    found = await visitor.requests()
    assert set(found) == {"erasure", "objection"}
    assert sparing.is_paused(found["erasure"])
    await visitor.write("news@post.example")
    found = await visitor.requests()
    assert found["objection"].details["address"] == "news@post.example"
    assert sparing.is_paused(found["erasure"])
    assert await visitor.asked_of("news@post.example") == []
    assert (await visitor.conversation()).state["question"] == "dont_asked"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_all_goes_on_where_it_is_wanted_after_all(talk: Talk, language: str) -> None:
    for number, awaited in enumerate(BEFORE):
        visitor = await _taken_back(talk, f"on{number}", language, awaited, WORDS[language][0])
        alone = set(await visitor.requests()) == {"erasure"}
        await visitor.write("dont:go_on" if alone else "withdraw:no")
        for request in (await visitor.requests()).values():
            assert request.status != "withdrawn", awaited
            assert not sparing.is_paused(request), awaited
        assert (await visitor.conversation()).state["expects"], "what was awaited is asked for again"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_to_stop_where_a_use_is_to_end_takes_nothing_back(talk: Talk, language: str) -> None:
    visitor = Visitor(talk, "stop", language)
    await visitor.write(
        {"en": "I object to direct marketing.", "fr": "Je m'oppose à la prospection."}[language]
    )
    await visitor.write({"en": "stop everything", "fr": "arrêtez tout"}[language])
    assert (await visitor.conversation()).state.get("question") != "withdraw_confirm"
