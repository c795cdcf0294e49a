"""A message beyond the budget of reading is read in part, and a person reads the rest."""

from __future__ import annotations

import itertools
import string

import pytest

from intents import Reader
from intents.cleaning import HEAD_CHARACTERS, TAIL_CHARACTERS
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

ERASURE = "Please delete all my personal data."


def many_sentences() -> str:
    """Give more sentences than are read, short enough for one chat message."""
    words = ("".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=3))
    return "\n".join(itertools.islice(words, 950))


def long_mail() -> str:
    """Give more letters than are read."""
    return "The site was slow on that day, and nobody told us why. " * (
        (HEAD_CHARACTERS + TAIL_CHARACTERS) // 40
    )


async def test_the_beginning_and_the_end_of_a_long_text_are_read_and_it_says_so() -> None:
    """B02: a request behind the text of a book, or before it, is still a request."""
    reader = Reader.load()
    for text in (f"{ERASURE}\n{long_mail()}", f"{long_mail()}\n{ERASURE}"):
        reading = reader.read(text)
        assert reading.in_part
        assert "erasure" in reading.rights
    assert not reader.read(ERASURE).in_part


async def test_a_mail_over_the_budget_is_opened_and_flagged_and_its_sender_is_told(desk: DeskInside) -> None:
    """B02: what was found is opened; that there is more is said, and shown to an agent."""
    before = await desk.refs()
    sender = "ingrid.falk@mail.example"
    head = f"From: {sender}\r\nTo: {desk.facts['mail_in']['address']}\r\nSubject: Erasure\r\nMessage-ID: <b02@x>\r\n\r\n"
    await desk.raw_mail(f"{head}{ERASURE}\r\n\r\n{_wrapped(long_mail())}\r\n".encode(), sender)
    (ref,) = await desk.opened_by(before)

    async def flagged() -> bool | None:
        return (await desk.request(ref))["attention"] is not None or None

    await eventually(flagged, "attention on the request")
    request = await desk.request(ref)
    assert (request["right"], request["attention"]) == ("erasure", "read_in_part")
    assert (await desk.mail(sender, "A person will read all of it"))["to"] == sender


def _wrapped(text: str) -> str:
    words = text.split()
    return "\r\n".join(" ".join(words[at : at + 12]) for at in range(0, len(words), 12))


async def test_a_chat_over_the_budget_is_given_to_a_person_and_told(desk: DeskInside) -> None:
    """B02: so many sentences in one chat message are read in part, and a person is called."""
    before = await desk.refs()
    async with desk.chat() as chat:
        await chat.say(many_sentences())
        told = await chat.until(lambda message: "A person will read all of it" in message["text"])
    assert told["requests"] == []
    assert await desk.refs() == before
    newest = "SELECT wants_person_at FROM conversation ORDER BY started_at DESC LIMIT 1"
    assert desk.own(newest) != [(None,)], "an agent is called"
