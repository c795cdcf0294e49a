"""Nothing is said to have gone out that no mail server took: with outgoing mail down, whatever has the desk send something."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.domain.messages import MESSAGES, Audience
from assistant.store.tables import Outbox
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.meta.reading import ROOT

ANNA, NUMBER = "anna.kask@post.example", "C-1001"
# What says that something has left, or has come: no chat knows either.
CLAIMS = {
    "en": r"\b(went out|(?:was|were|been|have|has|we) (?:already )?sent\b|have (?:e-?)?mailed|has arrived"
    r"|in your (?:inbox|mailbox)|look at our e-mail|you received)",
    "fr": r"\b((?:est|sont) parti|(?:a|ont|avons) (?:bien |déjà |été )*envoyé|réponse envoyée"
    r"|reçus? par e-mail|est arrivé|dans votre boîte|regardez (?:de nouveau )?notre e-mail|vous avez reçu)",
}
COPY = {
    "en": "Please send me a copy of all the personal data you hold about me.",
    "fr": "Envoyez-moi une copie de toutes les données personnelles que vous détenez sur moi.",
}
STOP = {
    "en": f"Stop sending advertising to {ANNA}, please.",
    "fr": f"Arrêtez d'envoyer de la publicité à {ANNA}.",
}
ERASE = {"en": "Please erase all my data.", "fr": "Effacez toutes mes données, s'il vous plaît."}
# What is said once the desk should have sent something.
AFTER = {
    "en": ("I never got the code", "1234567", "hm?", "hello", "thank you", "you are crooks", "wait a minute"),
    "fr": ("j'ai rien recu", "1234567", "hein ?", "bonjour", "merci", "vous êtes des escrocs", "attendez"),
}
AGAIN = {"en": "please send a new code", "fr": "renvoyez-moi un code"}
LETTERS_GONE = {"en": "No mail server", "fr": "Aucun serveur"}


class Down(dict[str, tuple[str, str]]):
    """A mail server that takes nothing."""

    def get(self, *_: object) -> tuple[str, str]:
        return ("rcpt", "451 4.3.0 try again later")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.server.answers = Down()
        opened.clients.known[NUMBER] = "mari.kask@post.example"
        yield opened


def chats(language: str) -> dict[str, tuple[str, ...]]:
    asks, after = COPY[language], AFTER[language]
    return {
        "by address": (asks, ANNA, *after),
        "by number": (asks, NUMBER, *after),
        "nobody's number": (asks, "C-1999", *after),
        "again": (asks, ANNA, AGAIN[language], *after),
        "for another too": (asks, ANNA, ERASE[language], *after),
        "marketing": (STOP[language], *after),
    }


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_no_chat_says_that_anything_went_out_that_no_mail_server_took(
    desk: PostingDesk, language: str
) -> None:
    wrong = []
    for name, said in chats(language).items():
        for words in said:
            await desk.chat(name, words, locale=language)
            await desk.wait(seconds=30)
        await desk.wait(minutes=20)
        texts = await desk.said_in(await desk.chat_of(name))
        wrong += [
            (name, found[0], text)
            for text in texts
            if (found := re.search(CLAIMS[language], text, re.IGNORECASE))
        ]
    assert desk.server.arrived == []
    assert await desk.outbox(col(Outbox.key).startswith("challenge:"))
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_who_asks_for_the_code_hears_that_it_could_not_go_out_and_is_tried_again(
    desk: PostingDesk, language: str
) -> None:
    await desk.chat("typed", COPY[language], ANNA, locale=language)
    await desk.post()
    await desk.chat("typed", AFTER[language][0], locale=language)
    assert LETTERS_GONE[language] in (await desk.said_in(await desk.chat_of("typed")))[-1]
    desk.server.answers = {}
    await desk.wait(minutes=2)
    assert len(desk.server.to(ANNA)) == 1
    await desk.chat("typed", AFTER[language][0], locale=language)
    assert LETTERS_GONE[language] not in (await desk.said_in(await desk.chat_of("typed")))[-1]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_of_a_client_number_nothing_is_told_by_what_became_of_its_mail(
    desk: PostingDesk, language: str
) -> None:
    for number in (NUMBER, "C-1999"):
        await desk.chat(number, COPY[language], number, locale=language)
    await desk.post()
    told = []
    for number in (NUMBER, "C-1999"):
        await desk.chat(number, AFTER[language][0], locale=language)
        told.append((await desk.said_in(await desk.chat_of(number)))[-1])
    assert told[0] == told[1]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_text_of_a_chat_says_what_no_chat_knows(language: str) -> None:
    replies = ROOT / "assistant/replies" / language
    files = [replies / f"{name}.txt" for name, each in MESSAGES.items() if each.audience is Audience.CHAT]
    said = {file.name: file.read_text("utf-8") for file in (*files, replies / "labels.toml")}
    widget = ROOT / f"assistant/web/widget/static/texts/{language}.json"
    said |= json.loads(widget.read_text("utf-8"))
    wrong = {
        name: found[0]
        for name, text in said.items()
        if (found := re.search(CLAIMS[language], text, re.IGNORECASE))
    }
    assert wrong == {}
