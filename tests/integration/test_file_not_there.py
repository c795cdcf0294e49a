"""A mail that speaks of a file it does not hold is support's like any other; an agent sees it too where the file may be a request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.store.tables import Outbox
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Hello, please find attached my CV for the post of gardener.", False),
        ("Please find attached our invoice of May.\n\nBrook & Hill Ltd", False),
        ("Bonjour, veuillez trouver ci-joint notre facture de mai.", False),
        ("Bonjour, ci-joint mon CV. Mes droits à congé sont en annexe.", True),
        ("Please find enclosed my privacy request.", True),
        ("Veuillez trouver en pièce jointe ma demande d'effacement au titre du RGPD.", True),
    ],
)
async def test_of_a_file_that_is_not_there_nothing_is_said(
    desk: PostingDesk, words: str, shown: bool
) -> None:
    await desk.mail("ona@client.example", words, "Subject: Hello")
    assert await desk.outbox(col(Outbox.kind) == "reply") == []
    assert len(await desk.outbox(col(Outbox.kind) == "relay")) == 1
    assert (await desk.conversation_of("ona@client.example")).triage is shown
