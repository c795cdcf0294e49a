"""A letter that reminds of a request which this desk never saw reaches an agent, whatever its length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.store.tables import PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

LETTERS = [
    (
        "Dear Sir or Madam,\n\nOn 4 September I sent you by post a request under Article 15(1) GDPR. Under Article 12(3) GDPR you had one month "
        "to answer. I have received no answer to this day.\n\nI therefore set you a last time limit of two weeks. Should it pass without result I "
        "will turn to the supervisory authority.\n\nYours faithfully\nOda Lindqvist"
    ),
    (
        "Madame, Monsieur,\n\nPar courrier du 4 septembre, je vous ai adressé une demande d'accès à mes données, fondée sur l'article 15 du RGPD. "
        "Vous disposiez d'un mois pour y répondre. À ce jour, je n'ai reçu aucune réponse de votre part.\n\nJe vous mets donc en demeure d'y "
        "répondre sous huit jours. À défaut, je saisirai la CNIL.\n\nJe vous prie d'agréer mes salutations.\n\nOda Lindqvist"
    ),
    "I asked you on 4 September for the data you hold about me (Art. 15 GDPR) and nobody has replied. This is a reminder.",
    "Je vous relance : ma demande du 4 septembre (article 15 du RGPD) est restée sans réponse.",
]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


@pytest.mark.parametrize("letter", LETTERS)
async def test_a_reminder_of_what_was_never_answered_is_not_passed_over(
    desk: PostingDesk, letter: str
) -> None:
    await desk.mail("oda@lindqvist.example", letter, "Subject: Admonition")
    opened = [request.right for request in await desk.all(PrivacyRequest)]
    assert opened == ["access"] or (await desk.conversation_of("oda@lindqvist.example")).triage
