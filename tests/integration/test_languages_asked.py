"""A chat goes on in the language that is asked for, or that its page is turned to; whoever writes another is told once which ones we write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_sparing import ERASE, MARI, Talk

OURS = "We answer in English and in French"
LOOK = {"en": "Under which e-mail address", "fr": "Sous quelle adresse e-mail"}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


async def said_to(talk: Talk, words: str, **more: str) -> str:
    """Write, and give what is said to it."""
    before = await talk.all_said()
    await talk.write(words, **more)
    return (await talk.all_said()).removeprefix(before)


@pytest.mark.parametrize(
    ("language", "other", "asks"),
    [
        ("en", "fr", "On peut continuer en français ?"),
        ("en", "fr", "vous parlez français"),
        ("fr", "en", "in English, please"),
        ("fr", "en", "Sorry, could we talk English?"),
    ],
)
async def test_what_is_open_is_asked_again_in_the_language_that_is_asked_for(
    talk: Talk, language: str, other: str, asks: str
) -> None:
    assert LOOK[language] in await said_to(talk, ERASE[language])
    assert LOOK[other] in await said_to(talk, asks)
    await talk.write(MARI)
    assert LOOK[language] not in (
        said := await said_to(talk, "en anglais" if language == "en" else "en français")
    )
    assert "e-mail" in said


@pytest.mark.parametrize("asks", ["en français svp", "je préfère le français"])
async def test_a_menu_is_shown_in_the_language_that_is_asked_for(talk: Talk, asks: str) -> None:
    await talk.write("Why would you delete my data?")
    assert "Que souhaitez-vous" in await said_to(talk, asks)


async def test_at_rest_the_talk_goes_on_in_the_language_that_is_asked_for(talk: Talk) -> None:
    await talk.write("hello")
    assert "français" in await said_to(talk, "français svp")
    assert "Ici, vous pouvez" in await said_to(talk, "abc def")


async def test_a_page_that_is_turned_to_another_language_is_answered_in_it(talk: Talk) -> None:
    assert LOOK["fr"] in await said_to(talk, ERASE["fr"], locale="fr")
    assert LOOK["en"] in await said_to(talk, "ok ?", locale="en")
    assert LOOK["en"] in await said_to(talk, "euh ?", locale="en")


async def test_a_word_that_is_no_language_is_answered_in_that_of_the_page(talk: Talk) -> None:
    assert "droits" in await said_to(talk, "rgpd", locale="fr")


@pytest.mark.parametrize(
    "wish",
    [
        "Quiero que borren todos mis datos personales.",
        "Bitte senden Sie mir eine Kopie meiner Daten.",
        "Palun kustutage kõik minu andmed.",
        "Verwijder al mijn persoonsgegevens alstublieft.",
        "Vorrei la cancellazione di tutti i miei dati.",
        "Пожалуйста, удалите все мои персональные данные.",
        "Proszę o usunięcie wszystkich moich danych osobowych.",
    ],
)
async def test_who_writes_another_language_is_told_once_which_ones_we_write(talk: Talk, wish: str) -> None:
    assert OURS in await said_to(talk, wish)
    assert len(await talk.requests()) == 1
    assert OURS not in await said_to(talk, wish)


async def test_who_speaks_neither_is_told_which_ones_we_write_and_offered_a_person(talk: Talk) -> None:
    await talk.write("Quiero que borren todos mis datos personales.")
    said = await said_to(talk, "no hablo inglés")
    assert OURS in said
    assert LOOK["en"] not in said


async def test_a_nationality_is_no_wish_for_a_language(talk: Talk) -> None:
    await talk.write("My nationality is wrong in your records, please correct it.")
    assert "go on" not in await said_to(talk, "French")
