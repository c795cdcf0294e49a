"""Where a request stands is told, and it is taken back, from anywhere: by its reference and a fresh proof, and of that one alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from sqlmodel import col

from assistant.domain.presses import unmarked
from assistant.store.tables import ChallengeRow, Message, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_limits_told import words_in
from tests.integration.test_sparing import MARI
from tests.integration.test_waiting_for_it import UNKNOWN, asked_in_chat, code_to

CHANNELS: Final = ("webchat", "telegram")
STRANGER: Final = "stranger@elsewhere.example"
FREEZE: Final = "Please restrict the processing of my data."


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def request(desk: PostingDesk, ref: str) -> PrivacyRequest:
    (found,) = await desk.all(PrivacyRequest, col(PrivacyRequest.ref) == ref)
    return found  # type: ignore[no-any-return] # of the table that was asked


async def last(desk: PostingDesk, thread: str) -> Message:
    return (await desk.messages_in(await desk.chat_of(thread)))[-1]


async def press(desk: PostingDesk, thread: str, value: str, channel: str) -> None:
    """Press a button of the last question, by what it does."""
    found = [each["value"] for each in (await last(desk, thread)).choices]
    (button,) = [each for each in found if unmarked(each)[0] == value]
    await desk.press(thread, button, channel=channel)


async def proved_in(desk: PostingDesk, thread: str, words: str, address: str, channel: str) -> list[str]:
    """Say this in a new chat, give an address, and type its code; gives what is said then."""
    await desk.chat(thread, words, address, channel=channel)
    code = await code_to(desk, address)
    before = len(await desk.said_in(await desk.chat_of(thread)))
    await desk.chat(thread, code, channel=channel)
    return (await desk.said_in(await desk.chat_of(thread)))[before:]


async def two_of_one_chat(desk: PostingDesk) -> tuple[str, str]:
    """Ask twice in a chat, each proved; a while later."""
    first = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=2)
    await desk.chat("first", FREEZE, MARI)
    await desk.chat("first", await code_to(desk, MARI))
    second = next(r.ref for r in await desk.requests_in(await desk.chat_of("first")) if r.ref != first)
    await desk.wait(hours=2)
    return first, second


@pytest.mark.parametrize("channel", CHANNELS)
async def test_status_and_taking_back_by_reference_in_a_new_chat(desk: PostingDesk, channel: str) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=2)
    said = await proved_in(desk, "new", f"Where is {ref}?", MARI, channel)
    assert any(ref in text and "We will answer by" in text for text in said), said
    await desk.chat("new", "Where is my request?", channel=channel)
    assert ref in (await last(desk, "new")).text, "it is there now, as in its own chat"
    await desk.chat("new", "Never mind, please cancel my request.", channel=channel)
    assert ref in (await last(desk, "new")).text
    await press(desk, "new", "withdraw:yes", channel)
    assert (await request(desk, ref)).status == "withdrawn"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("words", ["Please cancel {}.", "Annulez {} s’il vous plaît."])
async def test_who_asks_to_take_one_back_by_its_reference_is_asked_about_that_one_once_they_are_known(
    desk: PostingDesk, channel: str, words: str
) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    other = await asked_in_chat(desk, "second", "other@mail.example")
    await desk.wait(hours=2)
    await proved_in(desk, "new", words.format(ref), MARI, channel)
    asked = await last(desk, "new")
    assert ref in asked.text
    assert (await request(desk, ref)).status != "withdrawn", "it is asked first"
    await press(desk, "new", "withdraw:yes", channel)
    assert (await request(desk, ref)).status == "withdrawn"
    assert (await request(desk, other)).status != "withdrawn"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_of_several_it_is_asked_which_and_only_that_one_is_taken_back(
    desk: PostingDesk, channel: str
) -> None:
    first, second = await two_of_one_chat(desk)
    await proved_in(desk, "new", f"Where are {first} and {second}?", MARI, channel)
    await desk.chat("new", "Please cancel my request.", channel=channel)
    asked = await last(desk, "new")
    assert {unmarked(each["value"])[0] for each in asked.choices} >= {
        f"takeback:{first}",
        f"takeback:{second}",
    }
    await press(desk, "new", f"takeback:{second}", channel)
    assert (await request(desk, second)).status == "withdrawn"
    assert (await request(desk, first)).status != "withdrawn"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_another_mailbox_is_told_and_ends_nothing(desk: PostingDesk, channel: str) -> None:
    told = []
    await desk.chat("nobody's", FREEZE, channel=channel)
    (unclaimed,) = await desk.requests_in(await desk.chat_of("nobody's"))
    for ref in (await asked_in_chat(desk, "first", MARI), unclaimed.ref, UNKNOWN):
        await desk.wait(days=2)
        said = await proved_in(desk, f"of {ref}", f"Please cancel {ref}.", STRANGER, channel)
        await desk.chat(f"of {ref}", "Cancel everything", f"Cancel {ref}", "Yes", channel=channel)
        said += await desk.said_in(await desk.chat_of(f"of {ref}"))
        told.append([re.sub(r"\d{1,2}:\d\d", "TIME", text.replace(ref, "REF")) for text in said])
        if ref != UNKNOWN:
            assert (await request(desk, ref)).status not in {"withdrawn", "closed"}
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("words", ["Please cancel my request {}.", "I withdraw {}.", "Annulez {}."])
async def test_its_contact_takes_it_back_by_mail_and_confirms_it(desk: PostingDesk, words: str) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.chat("second", FREEZE, MARI)
    await desk.wait(hours=2)
    await desk.mail(MARI, words.format(ref))
    await desk.post()
    wanted = await desk.all(ChallengeRow, col(ChallengeRow.purpose) == "withdraw")
    assert [row.references for row in wanted] == [[ref]]
    assert any("/verify/" in words_in(m) for m in desk.server.arrived[-2:] if m.to == MARI)


async def test_its_contact_hears_by_mail_where_it_stands(desk: PostingDesk) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=2)
    before = len(desk.server.arrived)
    await desk.mail(MARI, f"Where is my request {ref}?")
    await desk.post()
    letters = [words_in(m) for m in desk.server.arrived[before:] if m.to == MARI]
    assert any(ref in text and "We will answer by" in text for text in letters), letters


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        ("You told me December for {}. I have heard nothing!", "That day has passed"),
        ("Any news of {}?", "That day has passed"),
        ("Et alors, mes données sont effacées ? ({})", "Ce jour est passé"),
        ("Toujours rien pour {}, vous aviez dit décembre !", "Ce jour est passé"),
    ],
)
async def test_its_contact_hears_that_the_day_has_passed(desk: PostingDesk, words: str, passed: str) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.wait(days=45)
    before = len(desk.server.arrived)
    await desk.mail(MARI, words.format(ref))
    await desk.post()
    letters = [words_in(m) for m in desk.server.arrived[before:] if m.to == MARI]
    assert any(ref in text and passed in text for text in letters), letters


@pytest.mark.parametrize(
    "words", ["Please cancel my request {}.", "Where is my request {}?", "Où en est ma demande {} ?"]
)
async def test_from_another_address_it_is_said_where_to_prove_it_whether_or_not_there_is_one(
    desk: PostingDesk, words: str
) -> None:
    told = []
    for number, ref in enumerate((await asked_in_chat(desk, "first", MARI), UNKNOWN)):
        before, sender = len(desk.server.arrived), f"s{number}@elsewhere.example"
        await desk.mail(sender, words.format(ref))
        await desk.post()
        letters = [m for m in desk.server.arrived[before:] if m.to == sender]
        told.append([words_in(m).replace(ref, "REF").replace(sender, "SENDER") for m in letters])
        if ref != UNKNOWN:
            assert (await request(desk, ref)).status != "withdrawn"
    assert told[0] == told[1]
    assert len(told[0]) == 1, "and nothing of the request"


@pytest.mark.parametrize("words", ["Please cancel my request.", "Annulez ma demande, s’il vous plaît."])
async def test_of_several_its_contact_is_asked_which_by_mail_and_an_answer_names_it(
    desk: PostingDesk, words: str
) -> None:
    first, second = await two_of_one_chat(desk)
    await desk.mail(MARI, words)
    await desk.post()
    letter = words_in(desk.server.arrived[-1])
    assert first in letter
    assert second in letter
    assert not await desk.all(ChallengeRow, col(ChallengeRow.purpose) == "withdraw")
    await desk.mail(MARI, f"cancel {second}", "Subject: Re: About me")
    wanted = await desk.all(ChallengeRow, col(ChallengeRow.purpose) == "withdraw")
    assert [row.references for row in wanted] == [[second]]


async def test_a_reference_of_another_thread_takes_back_nothing_of_this_one(desk: PostingDesk) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=2)
    await desk.mail(MARI, FREEZE)
    await desk.post()
    receipt = next(m for m in desk.server.arrived if m.to == MARI and "restrict" in words_in(m))
    await desk.mail(MARI, f"Please cancel my request {ref}.", f"In-Reply-To: {receipt.message_id}")
    assert (
        len([r for r in await desk.messages_in(await desk.conversation_of(MARI)) if r.sender == "you"]) == 2
    )
    wanted = await desk.all(ChallengeRow, col(ChallengeRow.purpose) == "withdraw")
    assert [row.references for row in wanted] == [[ref]]


async def test_where_it_stands_is_mailed_to_its_contact_once_a_day_however_often_that_is_asked_in_their_name(
    desk: PostingDesk,
) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=2)
    before = len(desk.server.arrived)
    for _ in range(4):
        await desk.mail(MARI, f"Where is my request {ref}?")
        await desk.post()
    assert sum(ref in words_in(m) for m in desk.server.arrived[before:]) == 1


async def test_the_code_says_where_it_was_asked_for(desk: PostingDesk) -> None:
    for channel, where in (("webchat", "in the live chat"), ("telegram", "on Telegram")):
        await desk.chat(channel, f"Where is {UNKNOWN}?", MARI, channel=channel)
        await code_to(desk, MARI)
        assert where in words_in(next(m for m in reversed(desk.server.arrived) if m.to == MARI))
