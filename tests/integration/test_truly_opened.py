"""Nothing that is said beside a request that a message opened denies that anything was opened."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest

from assistant.store.tables import PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

# Whatever denies that a message opened anything. "None", of erasures, denies no other right.
DENIES = re.compile(
    r"opened nothing(?! new)|nothing (?:has been|was|is) opened(?! for this)|no (?:open )?request in this conversation"
    r"|rien ouvert(?! de nouveau)|rien n’(?:est|a été) ouvert|pas (?:encore )?de demande (?:en cours )?.{0,12}dans cette conversation",
    re.IGNORECASE,
)
WISHES = {
    "en": [
        "Please restrict the use of my data.",
        "Please send me a copy of my data.",
        "Please correct my address: it is 4 Elm Street, Durham.",
        "I object to the use of my data for advertising.",
        "I withdraw my consent to your newsletter.",
        "I want to take my data to another provider, in a machine-readable format.",
        "I complain about how you handled my personal data.",
    ],
    "fr": [
        "Limitez l'usage de mes données.",
        "Envoyez-moi une copie de mes données.",
        "Corrigez mon adresse : c'est 4 rue des Ormes, 44999 Bourg-Exemple.",
        "Je m'oppose à l'usage de mes données pour la publicité.",
        "Je retire mon consentement à votre infolettre.",
        "Je veux transférer mes données à un autre prestataire, dans un format lisible par machine.",
        "Je me plains de la manière dont vous avez traité mes données personnelles.",
    ],
}
BESIDE = {
    "en": ["But do not delete it.", "Don't delete anything for now.", "Please keep my account.", "Where is my request?"],
    "fr": [
        "Mais ne les supprimez pas.",
        "Ne supprimez rien pour l'instant.",
        "Gardez mon compte.",
        "Où en est ma demande ?",
    ],
}  # fmt: skip
IN_ONE = [
    "Limitez l'usage de mes données, mais ne les supprimez pas",
    "gelez mes données mais ne les supprimez surtout pas",
    "Please restrict my data. Don't delete it, I need it in court",
    "Envoyez-moi une copie de mes données. Ne supprimez rien pour l'instant.",
    "Send me a copy of my data, but don't delete anything.",
]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def denied(desk: PostingDesk, messages: list[str], channel: str, language: str) -> list[str]:
    """Send each message in a talk of its own; give what was said of those that opened something and denied it."""
    found, opened = [], 0
    for at, words in enumerate(messages):
        if channel == "email":
            await desk.mail(f"w{at}@h{at}.example", words)
            talk = await desk.conversation_of(f"w{at}@h{at}.example")
        else:
            await desk.chat(f"t{at}", words, locale=language)
            talk = await desk.chat_of(f"t{at}")
        if await desk.requests_in(talk):
            opened += 1
            found += [f"{words} → {said}" for said in await desk.said_in(talk) if DENIES.search(said)]
    assert opened > len(messages) // 2
    return found


@pytest.mark.parametrize("channel", ["webchat", "email"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_opens_something_is_not_told_that_nothing_was_opened(
    desk: PostingDesk, language: str, channel: str
) -> None:
    pairs = [f"{wish} {beside}" for wish in WISHES[language] for beside in BESIDE[language]]
    turned = [f"{beside} {wish}" for wish in WISHES[language] for beside in BESIDE[language]]
    assert await denied(desk, [*pairs, *turned], channel, language) == []


@pytest.mark.parametrize("channel", ["webchat", "email"])
async def test_a_restriction_or_a_copy_beside_a_dont_denies_itself_nowhere(
    desk: PostingDesk, channel: str
) -> None:
    assert await denied(desk, IN_ONE, channel, "fr") == []
    assert len(await desk.all(PrivacyRequest)) == len(IN_ONE)


async def test_a_dont_beside_another_request_that_is_open_denies_it_no_more_than_one_in_the_same_message(
    desk: PostingDesk,
) -> None:
    await desk.chat("t", "Please send me a copy of my data.", "Don't delete my data, please.")
    talk = await desk.chat_of("t")
    assert len(await desk.requests_in(talk)) == 1
    assert not any(DENIES.search(said) for said in await desk.said_in(talk))


def test_what_denies_is_said_in_both_languages_by_the_same_texts() -> None:
    """The grid looks for what these say: a new wording is to be found there too."""
    folder = files("assistant.replies")
    named = {
        language: {
            text.name
            for text in (folder / language).iterdir()
            if text.name.endswith(".txt") and DENIES.search(text.read_text())
        }
        for language in ("en", "fr")
    }
    assert named["en"] == named["fr"] == {"request_status_none.txt", "withdraw_nothing.txt"}
