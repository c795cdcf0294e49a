"""A note that its writer is away answers nothing: no link is voided by it, nobody is called, and it stands in the timeline."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.store.tables import ChallengeRow
from intents import Reader
from tests.doubles.posting_desk import SUPPORT, PostingDesk, posting_desk

SENDER = "mari@post.example"
NOTES = (
    "I am out of the office until Monday.",
    "Hello,\n\nI am on annual leave until 12 December. For urgent matters contact my colleague ann@firm.example.\n\nRegards,\nMari",
    "Je suis absent jusqu'au 12.",
    "Bonjour,\nje suis en congés jusqu'au 12 décembre. Pour toute urgence, merci de contacter anne@firme.example.\nCordialement\nMari",
)


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def links(desk: PostingDesk) -> list[tuple[str, str]]:
    return [(row.id, row.state) for row in await desk.all(ChallengeRow)]


@pytest.mark.parametrize("note", NOTES)
async def test_a_note_without_a_machines_header_leaves_the_link_as_it_is(
    desk: PostingDesk, note: str
) -> None:
    await desk.mail(SENDER)
    await desk.post()
    conversation = await desk.conversation_of(SENDER)
    (before,) = await desk.requests_in(conversation)
    letters, sent = desk.server.to(SENDER), await links(desk)

    await desk.mail(SENDER, note, f"In-Reply-To: {letters[0].message_id}", "Subject: Re: About me")
    await desk.post()

    assert await links(desk) == sent
    assert desk.server.to(SENDER) == letters
    assert desk.server.to(SUPPORT) == []
    (after,) = await desk.requests_in(conversation)
    assert (after.status, after.attention) == (before.status, before.attention)
    assert [row.text for row in await desk.messages_in(conversation) if row.sender == "you"][1:] == [note]


async def test_who_says_beside_it_that_the_link_is_lost_gets_another(desk: PostingDesk) -> None:
    await desk.mail(SENDER)
    await desk.post()
    letters, sent = desk.server.to(SENDER), await links(desk)

    words = "I am away until Monday. The link has run out, send me another."
    await desk.mail(SENDER, words, f"In-Reply-To: {letters[0].message_id}", "Subject: Re: About me")
    await desk.post()

    assert await links(desk) != sent


@pytest.mark.parametrize("note", NOTES)
async def test_a_note_that_begins_a_thread_opens_nothing_and_is_not_answered(
    desk: PostingDesk, note: str
) -> None:
    await desk.mail(SENDER, note)
    await desk.post()

    assert desk.server.to(SENDER) == []
    assert await desk.requests_in(await desk.conversation_of(SENDER)) == []
