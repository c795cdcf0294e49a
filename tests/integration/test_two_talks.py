"""A second talk of the same person, in whatever channel, is no second set of codes, tries or requests."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from sqlmodel import col

from assistant.casework.answers.outcomes import outcome_of
from assistant.casework.requests import asked_beside
from assistant.casework.talk import mailed_links
from assistant.channels.email.tokens import Tokens
from assistant.domain.assurance import DENIED
from assistant.domain.attention import Attention
from assistant.services import Unit
from assistant.store.tables import Audit, EvidenceRow, Message, PrivacyRequest
from intents import Reader
from tests.doubles.mail_desk import KEY
from tests.doubles.posting_desk import ADDRESS, COPY, PostingDesk, posting_desk
from tests.integration.test_from_anywhere import request
from tests.integration.test_limits_told import words_in
from tests.integration.test_sparing import ERASE, MARI
from tests.integration.test_waiting_for_it import asked_in_chat, code_to

FREEZE: Final = "Please restrict the processing of my data."
TALKS: Final = (("second", "webchat"), ("on telegram", "telegram"), ("third", "webchat"))
DOUBT: Final = "I have a question about my data."
LIMIT: Final = "the next code can be sent"
PAUSED: Final = "verification_paused"


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def codes_to(desk: PostingDesk, address: str) -> int:
    await desk.post()
    return sum("code" in str(words_in(m)).lower() for m in desk.server.arrived if m.to == address)


async def said(desk: PostingDesk, thread: str) -> list[str]:
    return await desk.said_in(await desk.chat_of(thread))


async def proved_again(
    desk: PostingDesk, thread: str, channel: str, words: str, address: str = MARI
) -> list[str]:
    """Ask this in a new talk and prove the same mailbox; gives what is said to the code."""
    await desk.chat(thread, words, address, channel=channel)
    code = await code_to(desk, address)
    before = len(await said(desk, thread))
    await desk.chat(thread, code, channel=channel)
    return (await said(desk, thread))[before:]


async def test_codes_of_all_talks_of_a_proved_person_are_counted_together(desk: PostingDesk) -> None:
    await asked_in_chat(desk, "first", MARI)
    sent = [await codes_to(desk, MARI)]
    for thread, channel in TALKS:
        await desk.chat(thread, COPY, MARI, channel=channel)
        sent.append(await codes_to(desk, MARI))
    assert sent == [1, 2, 3, 3], "three an hour, in whatever talk"


async def test_what_a_proof_adds_is_added_once_and_not_for_each_talk(desk: PostingDesk) -> None:
    await asked_in_chat(desk, "first", MARI)
    await proved_again(desk, "second", "telegram", FREEZE)
    for number in range(3):
        for thread, channel in (("first", "webchat"), ("second", "telegram")):
            await desk.chat(thread, f"{COPY} {number}", MARI, "Please send a new code", channel=channel)
            await desk.chat(thread, "resend", channel=channel)
    assert await codes_to(desk, MARI) <= 5


async def test_tries_of_all_talks_of_a_proved_person_are_counted_together(desk: PostingDesk) -> None:
    await asked_in_chat(desk, "first", MARI)
    codes = []
    for thread, channel in TALKS[:2]:
        await desk.chat(thread, COPY, MARI, channel=channel)
        codes.append(await code_to(desk, MARI))
        for _ in range(5):
            await desk.chat(thread, "00000000", channel=channel)
    await desk.wait(hours=1)
    before = await codes_to(desk, MARI)
    await desk.chat("third", COPY, MARI)
    assert await codes_to(desk, MARI) == before, "ten were wrong in a day: a third talk gives no more"
    proofs = await desk.all(EvidenceRow)
    assert len(proofs) == 1


@pytest.mark.parametrize("channel", ["webchat", "telegram"])
async def test_the_same_right_is_not_opened_twice_and_that_is_told_after_the_proof_alone(
    desk: PostingDesk, channel: str
) -> None:
    first = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=1)
    await desk.chat("second", ERASE["en"], MARI, channel=channel)
    code = await code_to(desk, MARI)
    assert first not in " ".join(await said(desk, "second")), "nobody is told before"
    (second,) = await desk.requests_in(await desk.chat_of("second"))
    assert second.status == "verifying"
    before = len(await said(desk, "second"))
    await desk.chat("second", code, channel=channel)
    told = (await said(desk, "second"))[before:]
    assert any("already have this request" in text and first in text for text in told), told
    assert (await request(desk, second.ref)).status == "withdrawn"
    assert (await request(desk, first)).status == "open"
    assert not [m for m in desk.server.arrived if "withdrawn" in words_in(m)], "they took nothing back"
    (entry,) = await desk.all(Audit, col(Audit.event) == "asked_already")
    assert (entry.chain, entry.data["earlier"]) == (second.ref, first)
    await desk.chat("second", "Where is my request?", channel=channel)
    stands = (await said(desk, "second"))[-1]
    assert f"{second.ref}, erasure of your data: it goes on under your other reference ({first})" in stands
    assert "withdrawn" not in stands
    cards = {card["ref"]: card["status"] for m in await desk.all(Message) for card in m.requests}
    assert cards[second.ref] == "joined", "the strip of the chat says so from the proof on"

    def came(unit: Unit) -> tuple[str | None, bool]:
        earlier = unit.session.get_one(PrivacyRequest, first)
        joined = outcome_of(unit.session, unit.session.get_one(PrivacyRequest, second.ref))
        return joined, asked_beside.is_unread(unit.session, earlier)

    assert await desk.services.read(came) == ("joined", False)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "joined with your other request, which goes on"),
        ("fr", "jointe à votre autre demande, qui suit son cours"),
    ],
)
async def test_the_page_of_its_link_says_that_it_is_joined_and_goes_on(
    desk: PostingDesk, language: str, words: str
) -> None:
    first = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=1)
    await desk.chat("second", ERASE[language], MARI, locale=language)
    code = await code_to(desk, MARI)
    letter = words_in([mail for mail in desk.server.arrived if mail.to == MARI][-1])
    secret = re.findall(r"/verify/stop/([\w-]+)", letter)[0]
    await desk.chat("second", code)

    def page(unit: Unit) -> str:
        found = mailed_links.stoppable_by(unit, secret)
        assert found is not None
        assert not found.stops
        shown = unit.services.texts.page(
            mailed_links.STANDS, language, requests=mailed_links.seen(found.named)
        )
        return shown["what"]

    stands = await desk.services.read(page)
    assert f"{words} ({first})" in stands


async def test_what_limits_a_request_that_is_joined_is_read_at_the_one_that_goes_on(
    desk: PostingDesk,
) -> None:
    first = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=1)
    await proved_again(desk, "second", "webchat", "Delete my account at the end of the month.")
    unread = await desk.services.read(
        lambda unit: asked_beside.is_unread(unit.session, unit.session.get_one(PrivacyRequest, first))
    )
    assert unread
    assert (await request(desk, first)).attention == Attention.ASKED_BESIDE


async def test_of_two_rights_the_one_that_is_open_is_told_and_the_other_opened(desk: PostingDesk) -> None:
    await desk.chat("first", COPY, MARI)
    await desk.chat("first", await code_to(desk, MARI))
    (copy,) = await desk.requests_in(await desk.chat_of("first"))
    await desk.wait(hours=1)
    told = await proved_again(desk, "second", "telegram", f"{COPY} And delete all my data.")
    assert any(copy.ref in text for text in told), told
    opened = {r.right: r for r in await desk.requests_in(await desk.chat_of("second"))}
    assert opened["access"].status == "withdrawn"
    assert opened["erasure"].status == "open"
    assert opened["erasure"].after_ref == copy.ref, "the copy goes first"


async def test_an_erasure_that_is_proved_by_itself_waits_for_the_copy_that_goes_on(desk: PostingDesk) -> None:
    await desk.chat("first", COPY, MARI)
    await desk.chat("first", await code_to(desk, MARI))
    (copy,) = await desk.requests_in(await desk.chat_of("first"))
    await desk.wait(hours=1)
    await desk.chat("second", COPY, MARI)
    of_copy = await code_to(desk, MARI)
    await desk.chat("second", ERASE["en"])
    await desk.chat("second", of_copy)
    opened = {r.right: r for r in await desk.requests_in(await desk.chat_of("second"))}
    assert opened["access"].status == "withdrawn"
    assert opened["erasure"].status == "verifying"
    assert opened["erasure"].after_ref == copy.ref, "the copy goes first"


TWICE: Final = {
    "rectification": (
        "Please correct my city: it is Bern, not Basel.",
        "Please correct my last name from Sar to Saar.",
    ),
    "objection": ("I object to the profiling of my data.", "I object to the use of my data for analytics."),
}


@pytest.mark.parametrize("right", TWICE)
async def test_another_wish_of_the_same_right_is_not_the_same_wish(desk: PostingDesk, right: str) -> None:
    desk.clients.known["C-10042"] = MARI
    for thread, words in zip(("first", "second"), TWICE[right], strict=True):
        await desk.chat(thread, words, *(["yes"] if right == "rectification" else []), MARI)
        await desk.chat(thread, await code_to(desk, MARI))
        (found,) = await desk.requests_in(await desk.chat_of(thread))
        assert (found.right, found.status) == (right, "open"), await said(desk, thread)
        await desk.wait(hours=1)


@pytest.mark.parametrize("case", ["another mailbox", "stands still", "was denied", "closed"])
async def test_what_does_not_go_on_answers_nothing(desk: PostingDesk, case: str) -> None:
    first = await asked_in_chat(desk, "first", MARI)
    address = "other@mail.example" if case == "another mailbox" else MARI
    if case == "stands still":
        await desk.chat("first", "Please do not delete anything.")
    elif case == "closed":
        await desk.chat("first", "Cancel my request")
        await desk.press(
            "first", (await desk.messages_in(await desk.chat_of("first")))[-1].choices[0]["value"]
        )
        assert (await request(desk, first)).status == "withdrawn"
    elif case == "was denied":
        (proof,) = await desk.all(EvidenceRow)

        def deny(unit: Unit) -> None:
            row = unit.session.get_one(EvidenceRow, proof.id)
            row.flags = [DENIED]
            unit.session.add(row)

        await desk.services.write(deny)
    await desk.wait(hours=1)
    await proved_again(desk, "second", "telegram", ERASE["en"], address)
    (second,) = await desk.requests_in(await desk.chat_of("second"))
    assert second.status == "open"


async def test_a_talk_that_only_asks_where_it_stands_is_no_second_verifier(desk: PostingDesk) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await proved_again(desk, "second", "telegram", f"Where is {ref}?")
    await desk.chat("first", FREEZE, MARI)
    await desk.chat("first", await code_to(desk, MARI))
    assert not [row for row in await desk.all(EvidenceRow) if row.flags]
    found = await desk.all(PrivacyRequest, col(PrivacyRequest.contact_hash).is_not(None))
    assert len(found) == 2


async def test_a_letter_answered_takes_nothing_of_who_sits_at_its_chat_now(desk: PostingDesk) -> None:
    """Whoever left is answered in the thread of their mail; another's menu stays open, and shows them nothing of it."""
    await asked_in_chat(desk, "shared", MARI)
    await desk.wait(minutes=31)
    await desk.chat("shared", DOUBT)
    chat, menu = await desk.chat_of("shared"), (await said(desk, "shared"))[-1]
    assert (chat.state["expects"], chat.state["hidden_of"] != []) == ("choice", True)
    await desk.mail(MARI, FREEZE, to=Tokens(ADDRESS, KEY).reply_address(chat.id))
    assert (await desk.chat_of("shared")).state == chat.state
    assert (await said(desk, "shared"))[-1] == menu
    (opened,) = [r for r in await desk.all(PrivacyRequest) if r.right == "restriction"]
    assert opened.channel == "email"
    assert opened.received_at == desk.clock.now(), "of its own message"


async def test_a_letter_answered_is_taken_where_its_writer_came_back(desk: PostingDesk) -> None:
    await asked_in_chat(desk, "shared", MARI)
    await desk.wait(minutes=31)
    await desk.chat("shared", FREEZE, MARI)
    await desk.chat("shared", await code_to(desk, MARI), DOUBT)
    chat = await desk.chat_of("shared")
    assert chat.state["expects"] == "choice"
    assert "hidden" not in chat.state, (
        "what is asked beside the code leaves hidden nothing that it brought back"
    )
    await desk.mail(MARI, COPY, to=Tokens(ADDRESS, KEY).reply_address(chat.id))
    assert "expects" not in (await desk.chat_of("shared")).state
