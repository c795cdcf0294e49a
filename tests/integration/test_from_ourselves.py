"""A mail that bears an address of ours is nobody's request yet: it is shown in triage, and we never write to ourselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.store.tables import ChallengeRow, Conversation, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

WORDS = ["Please delete all my personal data.", "Envoyez-moi une copie de toutes mes données.", "Hello?"]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


def ours(desk: PostingDesk) -> list[str]:
    """List every address that the settings call ours, each in the forms that lead into the same mailbox."""
    settings = desk.services.settings
    plain = {settings.email.address, settings.controller.contact_email, settings.support.forward_to} - {""}
    assert len(plain) > 1
    tagged = [f"{local}+shop@{domain}" for local, _, domain in (each.partition("@") for each in plain)]
    return [*plain, *tagged, *(f"The Shop <{each.upper()}>" for each in plain)]


@pytest.mark.parametrize("words", WORDS)
async def test_a_mail_from_an_address_of_ours_is_shown_in_triage_and_never_answered(
    desk: PostingDesk, words: str
) -> None:
    senders = ours(desk)
    for sender in senders:
        await desk.mail(sender, words)
    await desk.post()

    assert await desk.all(PrivacyRequest) == await desk.all(ChallengeRow) == await desk.all(Outbox) == []
    assert desk.server.arrived == []
    talks = await desk.all(Conversation)
    assert [talk.triage for talk in talks] == [True] * len(senders)
    assert {talk.subject_hint for talk in talks} == {None}, "no letter of an agent's goes to ourselves either"


async def test_somebody_else_at_our_domain_is_answered(desk: PostingDesk) -> None:
    domain = desk.services.settings.support.forward_to.partition("@")[2]
    await desk.mail(f"anna.kask@{domain}", WORDS[0])
    await desk.post()
    assert [request.right for request in await desk.all(PrivacyRequest)] == ["erasure"]
    assert {mail.to for mail in desk.server.arrived} == {f"anna.kask@{domain}"}
