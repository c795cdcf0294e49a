"""What was said once in a chat is not asked again: an address that was typed or proved answers for every wish that needs one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.domain.presses import unmarked
from assistant.domain.rights import Right
from assistant.domain.uses import addresses_in
from assistant.store.tables import Message
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


# While the address, then the code, is awaited: what is asked of it, and what answers that.
ASKED_BACK = {
    ("en", "email"): {
        "i dont remeber my email": "client number",
        "which email?": "client number",
        "why do you need my email?": "check that the request comes from you",
        "why?": "check that the request comes from you",
        "no I won't give you my email": "check that the request comes from you",
        "will you shut down my website?": "Nothing is done about your request before",
        "I have to go, I'll answer by mail": "Come back to this chat",
    },
    ("fr", "email"): {
        "non je ne vous donne pas mon mail": "vérifier que la demande vient de vous",
        "pourquoi ?": "vérifier que la demande vient de vous",
        "pourquoi vous voulez mon mail ?": "vérifier que la demande vient de vous",
        "je sais plus avec quelle adresse je me suis inscrit": "numéro client",
        "vous allez couper mon site ?": "Rien n’est fait pour votre demande avant",
        "je dois y aller": "Revenez dans cette conversation",
    },
    ("en", "code"): {
        "what's a code?": "number of 8 digits that stands in an e-mail from us",
        "why?": "number of 8 digits that stands in an e-mail from us",
        "will you shut down my website?": "Nothing is done about your request before",
        "i have to go, i'll reply by email": "not in an answer to our e-mail",
    },
    ("fr", "code"): {
        "c'est quoi le code": "un nombre de 8 chiffres",
        "j'ai rien reçu": "courriers indésirables",
        "vous allez couper mon site?": "Rien n’est fait pour votre demande avant",
        "je dois y aller, je réponds par mail": "non en réponse à notre e-mail",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("awaited", ["email", "code"])
async def test_what_is_asked_of_the_proof_is_answered_and_it_stays_asked(
    talk: Talk, language: str, awaited: str
) -> None:
    thread = await _say(talk, language, COPY[language], *([MARI] if awaited == "code" else []))
    for words, told in ASKED_BACK[language, awaited].items():
        before = len(await thread.said())
        await _say(talk, language, words)
        said = "\n".join((await thread.said())[before:])
        assert told in said, (words, said)
        assert (await thread.conversation()).state["expects"] == awaited, words
    assert len(await talk.requests()) == 1
    await _say(talk, language, NO_ADS[language])
    assert len(await talk.requests()) == 2, "a wish beside it is still heard"


async def test_a_name_that_is_misspelt_is_no_mistake_in_the_address(talk: Talk) -> None:
    thread = await _say(talk, "fr", COPY["fr"])
    before = len(await thread.said())
    await _say(talk, "fr", "et mon prénom est mal écrit, c'est Camilla")
    said = (await thread.said())[before:]
    assert "bonne adresse" not in "\n".join(said)
    assert {r.right for r in await talk.requests()} == {"access", "rectification"}


WHEN = {
    "en": ("when will I get my answer?", "when do you reply?"),
    "fr": ("c'est quand que j'aurai la réponse?", "quand répondez-vous ?"),
}
FREE = {"en": "is it free of charge?", "fr": "c'est gratuit ?"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_when_the_answer_comes_is_told_of_what_is_under_way(talk: Talk, language: str) -> None:
    thread = await _say(talk, language, COPY[language], MARI)
    ref = (await talk.one()).ref
    await talk.prove(ref)
    for words, own in [*((each, True) for each in WHEN[language]), (FREE[language], False)]:
        before = len(await thread.said())
        await _say(talk, language, words)
        assert (ref in (await thread.said())[before]) is own, words


CALLS = {"en": "I want to talk to a person", "fr": "je veux parler à quelqu'un"}
THERE = {"en": "are you there?", "fr": "vous êtes là ?"}
CALLED = {"en": "We have called a person", "fr": "Nous avons appelé une personne"}
PAPERS = {"en": "I have the death certificate", "fr": "j'ai l'acte de décès"}
STILL_OPEN = {"en": "what is still open?", "fr": "qu'est-ce qui est encore en cours ?"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_whoever_looks_for_the_person_they_called_hears_that_one_was_called(
    talk: Talk, language: str
) -> None:
    thread = await _say(talk, language, THERE[language])
    assert CALLED[language] not in (await thread.said())[-1]
    await _say(talk, language, CALLS[language], THERE[language])
    assert CALLED[language] in (await thread.said())[-1]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_papers_go_to_a_person_and_what_is_open_is_told(talk: Talk, language: str) -> None:
    thread = await _say(talk, language, PAPERS[language])
    assert (await thread.conversation()).wants_person_at is not None
    await _say(talk, language, COPY[language], STILL_OPEN[language])
    assert (await talk.one()).ref in (await thread.said())[-1]


DOUBT = {"en": "I have a question about my data.", "fr": "J’ai une question au sujet de mes données."}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_something_else_offers_the_rights_that_the_menu_left_out(talk: Talk, language: str) -> None:
    thread = await _say(talk, language, DOUBT[language])
    offered = [await _buttons(talk)]
    await talk.press(next(value for value in offered[0] if value.startswith("right:none")))
    offered.append(await _buttons(talk))
    first, second = ({unmarked(v)[0] for v in each if v.startswith("right:")} for each in offered)
    assert first | second == {f"right:{right}" for right in Right} | {"right:none"}
    assert not first & second
    assert unmarked(offered[1][-1])[0] == "human"
    await talk.press(offered[1][0])
    assert unmarked(offered[1][0])[0] == f"right:{(await talk.one()).right}"
    assert (await thread.conversation()).state["expects"] == "detail", "what is to be corrected"


async def _buttons(talk: Talk) -> list[str]:
    rows = select(Message).where(col(Message.sender) == "assistant").order_by(col(Message.id).desc())
    newest = await talk.site.services.read(lambda unit: unit.session.exec(rows).first())
    return [each["value"] for each in newest.choices] if newest else []
