"""What a form of a website sends is from nobody who can be asked: an agent decides who wrote it, and support gets the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.store.tables import Conversation, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

SENT = [
    "From: WordPress <wordpress@shop.example>\r\nReply-To: Ola Lind <ola@lind.example>",
    "From: no-reply@desk.example.test\r\nReply-To: ola@lind.example",
    "From: Contact <contact@desk.example.test>\r\nReply-To: ola@lind.example",
]
UNSIGNED = [
    "From: Do not reply <do-not-reply@forms.example>",
    "From: Do not reply <do-not-reply@forms.example>\r\nReply-To: no-reply@forms.example",
    "From: wordpress@shop.example\r\nReply-To: a@lind.example, b@lind.example",
    "From: =?utf-8?q?Ne_pas_r=C3=A9pondre?= <ne-pas-repondre@shop.example>",
]
ASKED = [
    "Name: Ola Lind\nE-mail: ola@lind.example\nMessage: Please delete my account and all my data.",
    "Nom : Ola Lind\nE-mail : ola@lind.example\nMessage : Je souhaite recevoir une copie de toutes mes données personnelles.",
    "Message: Stop sending me your newsletter.\nE-mail: ola@lind.example",
]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def _send(desk: PostingDesk, header: str, words: str, number: int) -> None:
    await desk.channel.take(
        desk.desk,
        (
            f"{header}\r\nTo: privacy@desk.example.test\r\nSubject: Contact form\r\nMessage-ID: <{number}@shop.example>\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
        ).encode(),
    )


@pytest.mark.parametrize("header", SENT)
async def test_whom_a_form_says_to_answer_to_is_asked_and_never_the_form(
    desk: PostingDesk, header: str
) -> None:
    """As a hint, which proves no more than any From: what is asked for waits for a proof of that mailbox."""
    for number, words in enumerate(ASKED[:2]):
        await _send(desk, header, words, number)
    assert {(r.right, r.status) for r in await desk.all(PrivacyRequest)} == {
        ("erasure", "verifying"),
        ("access", "verifying"),
    }
    letters = await desk.outbox(col(Outbox.kind) != "relay")
    assert letters
    assert {desk.services.keyring.unseal(letter.recipient or "") for letter in letters} == {
        "ola@lind.example"
    }


@pytest.mark.parametrize("header", UNSIGNED)
async def test_what_a_form_sends_is_put_to_an_agent_and_nobody_is_written_to(
    desk: PostingDesk, header: str
) -> None:
    for number, words in enumerate(ASKED):
        await _send(desk, header, words, number)
    talks = await desk.all(Conversation)
    assert [(talk.triage, talk.subject_hint) for talk in talks] == [(True, None)] * len(ASKED)
    assert await desk.all(PrivacyRequest) == []
    assert await desk.outbox(col(Outbox.kind) != "relay") == []


@pytest.mark.parametrize("header", SENT + UNSIGNED)
async def test_a_form_that_asks_support_is_supports(desk: PostingDesk, header: str) -> None:
    await _send(desk, header, "Name: Ola Lind\nMessage: How much is a second server?", 1)
    assert [talk.triage for talk in await desk.all(Conversation)] == [False]
    assert len(await desk.outbox(col(Outbox.kind) == "relay")) == 1


async def test_a_person_with_another_address_to_answer_to_is_asked_at_their_own(desk: PostingDesk) -> None:
    await _send(desk, "From: ola@lind.example\r\nReply-To: elsewhere@lind.example", ASKED[0], 1)
    assert [request.right for request in await desk.all(PrivacyRequest)] == ["erasure"]
