"""What a mail from the field is taken for, through the desk: nothing is carried out at once that its writer did not wish."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.store.tables import PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

ANNA = "anna.kask@post.example"


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


@pytest.mark.parametrize(
    "words",
    [
        "Which plug-in do you advise for mailing 500 contacts? Recipients must be able to unsubscribe.",
        "Quel module conseillez-vous pour écrire à 500 contacts ? Les destinataires doivent pouvoir se désinscrire.",
    ],
)
async def test_a_question_about_other_peoples_mails_ends_no_marketing(desk: PostingDesk, words: str) -> None:
    await desk.mail(ANNA, words)
    assert await desk.all(PrivacyRequest) == []


@pytest.mark.parametrize(
    "words",
    [
        "Please remove my number 07700 900123 from your call list.",
        "Merci de retirer mon numéro 06 12 34 56 78 de vos listes de prospection.",
    ],
)
async def test_a_number_off_a_list_of_calls_opens_one_end_of_marketing(desk: PostingDesk, words: str) -> None:
    await desk.mail(ANNA, words)
    opened = [(request.right, request.details["marketing"]) for request in await desk.all(PrivacyRequest)]
    assert opened == [("objection", True)]
