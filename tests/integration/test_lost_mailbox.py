"""Whoever says that they lost their mailbox is heard, in their own words: nothing goes there, and a person finds another way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from assistant.services import Unit
from assistant.store.tables import ChallengeRow, Message, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

LOST, ELSEWHERE = "anna.kask@post.example", "anna@elsewhere.example"
SAID = {  # with a place for the address that may be named
    "fr": (
        "je n'ai plus accès à ma boîte mail {}",
        "je n ai plus acces a ma boite mail {}",
        "j'ai plus acces a ma boite {}",
        "je ne peux plus lire ma boite {}",
        "ma boite mail {} est morte",
        "ma boîte {} a été piratée",
        "je ne lis plus cette boite",
        "mon adresse mail {} n existe plus",
        "je ne reçois plus rien sur ma boite mail",
    ),
    "en": (
        "I can't get into my old inbox {} any more",
        "my mailbox {} is dead",
        "my email account was hacked",
        "I lost access to my email {}",
        "I no longer have access to that email",
        "I'm locked out of my mailbox",
    ),
}
WISHES = {
    "fr": (
        ("{}. Je voudrais une copie de toutes mes données.", "access"),
        ("Bonjour, {} et je veux supprimer mon compte", "erasure"),
    ),
    "en": (
        ("{}. I would like a copy of all my data.", "access"),
        ("Hi, {} and I want you to delete my account", "erasure"),
    ),
}
INSTEAD = {  # of the address or of the code that is awaited
    "fr": (
        f"j'ai plus acces a cette adresse {LOST}",
        "je peux pas lire le code, la boite est morte",
        "cette adresse n'existe plus",
        "je ne reçois plus rien dessus",
        "j ai change de fournisseur",
        "on m'a piraté ma boîte mail",
        "je n'y travaille plus",
    ),
    "en": (
        "can't get into that inbox any more",
        f"that mailbox {LOST} is closed",
        "I no longer have that email",
        "I left that job",
        "that address no longer exists",
    ),
}
ASKS = {
    "fr": "Je voudrais une copie de toutes mes données personnelles.",
    "en": "Please send me a copy of all my personal data.",
}
TOLD = {"fr": "plus ouvrir cette boîte", "en": "no longer open that mailbox"}
BY_MAIL = {"fr": "Une personne vous écrira", "en": "A person will write to you"}
LANGUAGES = ("fr", "en")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known["10042"] = LOST
        yield opened


def _said(language: str) -> list[tuple[str, str]]:
    grid = product(SAID[language], (LOST, ""), WISHES[language])
    return [(form.format(" ".join(said.format(named).split())), right) for said, named, (form, right) in grid]


async def _a_person_is_called(desk: PostingDesk, rights: set[str]) -> None:
    requests = await desk.all(PrivacyRequest)
    assert {request.right for request in requests} == rights
    assert {request.attention for request in requests} == {"mailbox_lost"}
    await desk.post()
    assert await desk.all(ChallengeRow) == []
    assert LOST not in {mail.to for mail in desk.server.arrived}


@pytest.mark.parametrize(("words", "right"), [*_said("fr"), *_said("en")])
async def test_a_mail_is_opened_as_what_it_asks_and_sends_no_link(
    desk: PostingDesk, words: str, right: str
) -> None:
    await desk.mail(ELSEWHERE, f"{words}\n\nC-10042")
    await _a_person_is_called(desk, {right})
    (told,) = await _told(desk)
    assert any(said in told for said in BY_MAIL.values())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_by_mail_that_says_so_sends_the_link_there_no_more(
    desk: PostingDesk, language: str
) -> None:
    for number, words in enumerate(INSTEAD[language]):
        sender = f"{number}.{ELSEWHERE}"
        await desk.mail(sender, f"{ASKS[language]} C-10042", "Subject: Data")
        conversation = await desk.conversation_of(sender)
        asked = len(await desk.all(ChallengeRow))
        (receipt,) = await desk.all(
            Message, Message.conversation_id == conversation.id, Message.sender == "assistant"
        )
        await desk.post()
        last = [mail for mail in desk.server.arrived if mail.to == sender][-1]
        await desk.mail(sender, words, f"In-Reply-To: {last.message_id}", "Subject: Re: Data")
        (request,) = await desk.all(PrivacyRequest, PrivacyRequest.conversation_id == conversation.id)
        assert request.attention == "mailbox_lost", words
        assert len(await desk.all(ChallengeRow)) == asked, words
        said = await desk.all(
            Message, Message.conversation_id == conversation.id, Message.sender == "assistant"
        )
        assert BY_MAIL[language] in said[-1].text, (words, receipt.text)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_chat_that_says_so_sends_no_code_and_calls_a_person(desk: PostingDesk, language: str) -> None:
    for number, (words, right) in enumerate(_said(language)):
        await desk.chat(f"first-{number}", words, locale=language)
        (request,) = await desk.all(
            PrivacyRequest, PrivacyRequest.right == right, PrivacyRequest.attention == "mailbox_lost"
        )
        assert TOLD[language] in (await _told(desk))[-1], words
        await desk.services.write(partial(_forget, request.ref))
    assert await desk.all(ChallengeRow) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("named_before", [False, True])
async def test_a_chat_is_heard_while_an_address_or_a_code_is_awaited(
    desk: PostingDesk, language: str, *, named_before: bool
) -> None:
    for number, words in enumerate(INSTEAD[language]):
        thread = f"awaited-{number}"
        await desk.chat(
            thread, ASKS[language], *([f"{number}.{LOST}"] if named_before else []), locale=language
        )
        before = len(await desk.all(ChallengeRow))
        await desk.chat(thread, words, locale=language)
        called = await desk.all(PrivacyRequest, PrivacyRequest.attention == "mailbox_lost")
        assert len(called) == number + 1, words
        assert len(await desk.all(ChallengeRow)) == before, words
        assert TOLD[language] in (await _told(desk))[-1], words


@pytest.mark.parametrize(
    "words",
    [
        f"j'ai plus acces a {LOST}, ma nouvelle adresse est {ELSEWHERE}",
        f"I lost access to my mailbox {LOST}, please use {ELSEWHERE}",
        f"I lost that mailbox. You can reach me at {ELSEWHERE}",
    ],
)
async def test_an_address_that_is_named_beside_it_as_one_that_is_read_gets_the_code(
    desk: PostingDesk, words: str
) -> None:
    await desk.chat("beside", ASKS["en"], words)
    (challenge,) = await desk.all(ChallengeRow)
    assert desk.services.keyring.unseal(challenge.claimed) == ELSEWHERE


@pytest.mark.parametrize(
    "words",
    [
        "je n'ai pas reçu le code",
        "votre mail n'est pas arrivé",
        "I can't find your email",
        "no email in my inbox",
    ],
)
async def test_a_code_that_did_not_come_is_no_lost_mailbox(desk: PostingDesk, words: str) -> None:
    await desk.chat("late", ASKS["en"], LOST, words)
    (request,) = await desk.all(PrivacyRequest)
    assert request.attention is None


async def _told(desk: PostingDesk) -> list[str]:
    rows = await desk.all(Message, Message.sender == "assistant")
    return [row.text for row in sorted(rows, key=lambda row: row.id)]


def _forget(ref: str, unit: Unit) -> None:
    unit.session.delete(unit.session.get_one(PrivacyRequest, ref))
