"""The link of a named client number goes to its contact on file: what it promises there is kept there, and nobody else learns of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.domain.assurance import CODES_PER_HOUR
from assistant.store.tables import PrivacyRequest
from intents import Reader
from tests.doubles.mail_server import Arrived
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_limits_told import words_in

HOLDER, WRITER = "claire.dumas@home.example", "new.home@elsewhere.example"
KNOWN, UNKNOWN = "C-10044", "C-99999"
LINK = "/verify/stop/"
ASKS = {
    "en": "Please erase all my personal data. My client number is {}.",
    "fr": "Bonjour, merci d’effacer toutes mes données personnelles. Mon numéro client est {}.",
}
LOST = {
    "en": (
        "I lost your message with the reference.",
        "Please send both again.",
        "I can't find the reference, sorry.",
    ),
    "fr": (
        "Je ne retrouve pas le message avec la référence.",
        "Pouvez-vous me renvoyer les deux ?",
        "Oui, c’est bien moi, mais quelle référence ?",
    ),
}


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known[KNOWN] = HOLDER
        yield opened


async def got(desk: PostingDesk, address: str) -> list[Arrived]:
    await desk.post()
    return [mail for mail in desk.server.arrived if mail.to == address]


async def ask(desk: PostingDesk, number: str = KNOWN, writer: str = WRITER, language: str = "en") -> str:
    """Ask for a client number from an address that is not on file for it, and give the reference."""
    await desk.mail(writer, ASKS[language].format(number))
    (request,) = await desk.requests_in(await desk.conversation_of(writer))
    await desk.post()
    return request.ref


async def answer(desk: PostingDesk, mail: Arrived, sender: str, words: str, *fields: str) -> None:
    await desk.mail(sender, words, f"In-Reply-To: {mail.message_id}", *fields)


@pytest.mark.parametrize(
    ("language", "words"), [(language, words) for language, all_of in LOST.items() for words in all_of]
)
async def test_whoever_got_the_link_gets_receipt_and_link_again_for_an_answer_and_the_writer_nothing(
    desk: PostingDesk, language: str, words: str
) -> None:
    ref = await ask(desk, language=language)
    (first,) = await got(desk, HOLDER)
    before = len(await got(desk, WRITER))
    for again in range(2):  # their answer to the second link too
        await answer(desk, (await got(desk, HOLDER))[-1], HOLDER, words)
        receipt, link = (await got(desk, HOLDER))[-2:]
        assert ref in words_in(receipt), again
        assert LINK not in words_in(receipt)
        assert LINK in words_in(link)
        assert ref not in link.content
        assert link.content.count("/verify/") == first.content.count("/verify/")
    assert len(await got(desk, HOLDER)) == 5
    assert len(await got(desk, WRITER)) == before
    (request,) = await desk.all(PrivacyRequest)
    assert request.attention == "new_message"


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_writer_reads_the_same_later_whether_the_number_exists_and_whoever_holds_it_has_answered(
    desk: PostingDesk, language: str
) -> None:
    """Neither in the words, nor in the limits of the number, nor in the heads of what is written to them."""
    writers = {KNOWN: WRITER, UNKNOWN: "other.home@elsewhere.example"}
    refs = {number: await ask(desk, number, writer, language) for number, writer in writers.items()}
    for _ in range(CODES_PER_HOUR):
        await answer(
            desk, (await got(desk, HOLDER))[-1], HOLDER, LOST[language][0], "Subject: my own subject"
        )
    said = {}
    for number, writer in writers.items():
        for turn in range(CODES_PER_HOUR + 1):
            mails = await got(desk, writer)
            await answer(desk, mails[0], writer, f"{LOST[language][0]} {'abcdef'[turn]}")
        mails = await got(desk, writer)
        assert not any("my own subject" in mail.content or HOLDER in mail.content for mail in mails)
        said[number] = [words_in(mail).replace(refs[number], "") for mail in mails]
    assert said[KNOWN] == said[UNKNOWN]


async def test_a_flood_of_answers_in_the_holders_name_writes_to_them_no_oftener_than_codes_go_out(
    desk: PostingDesk,
) -> None:
    await ask(desk)
    (link,) = await got(desk, HOLDER)
    for number in range(3 * CODES_PER_HOUR):
        await answer(desk, link, HOLDER, f"{LOST['en'][0]} {'abcdefghijkl'[number]}")
        await desk.post()
    links = [mail for mail in await got(desk, HOLDER) if LINK in words_in(mail)]
    assert len(links) == CODES_PER_HOUR
    assert sum("We can send the next link" in words_in(mail) for mail in await got(desk, HOLDER)) == 1


@pytest.mark.parametrize(
    "sender", [WRITER.replace("new", "old"), "claire.dumas@home.example.elsewhere.example"]
)
async def test_an_answer_from_anywhere_else_sends_nothing(desk: PostingDesk, sender: str) -> None:
    await ask(desk)
    (link,) = await got(desk, HOLDER)
    await answer(desk, link, sender, LOST["en"][0])
    assert len(await got(desk, HOLDER)) == 1
    assert await got(desk, sender) == []


@pytest.mark.parametrize("head", ["Auto-Submitted: auto-replied", "Precedence: bulk"])
async def test_an_absence_note_of_the_holder_sends_nothing(desk: PostingDesk, head: str) -> None:
    await ask(desk)
    (link,) = await got(desk, HOLDER)
    await answer(desk, link, HOLDER, "I am away until Monday.", head)
    assert len(await got(desk, HOLDER)) == 1


async def test_once_another_number_was_named_the_holder_of_the_first_is_sent_no_more(
    desk: PostingDesk,
) -> None:
    desk.clients.known["C-10055"] = "paul.autre@home.example"
    await ask(desk)
    (link,) = await got(desk, HOLDER)
    receipt = (await got(desk, WRITER))[0]
    await answer(desk, receipt, WRITER, "Sorry, my client number is C-10055. Please send the link again.")
    assert LINK in words_in((await got(desk, "paul.autre@home.example"))[-1])
    await answer(desk, link, HOLDER, LOST["en"][0])
    assert len(await got(desk, HOLDER)) == 1


async def test_what_the_holder_asks_of_their_own_in_answer_begins_a_request_of_their_own(
    desk: PostingDesk,
) -> None:
    await ask(desk)
    (link,) = await got(desk, HOLDER)
    await answer(desk, link, HOLDER, "Please send me a copy of all the personal data you hold about me.")
    assert {r.right for r in await desk.all(PrivacyRequest)} == {"erasure", "access"}
    mine = await desk.conversation_of(HOLDER)
    assert [r.right for r in await desk.requests_in(mine)] == ["access"]
