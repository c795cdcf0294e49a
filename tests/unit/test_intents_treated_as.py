"""A message that says it is to be treated as a request for access, or that this right is exercised, is one (GDPR 15)."""

from __future__ import annotations

import pytest

from intents import Reader

TREATED = (
    "Kindly handle this message as a subject access request.",
    "Please consider this a reply. Please treat my letter as a formal DSAR.",
    "Please process this as a data access request.",
    "Veuillez considérer ce message comme une demande d'accès.",
    "Merci de traiter la présente comme une demande formelle d'accès.",
    "I hereby exercise my right of access.",
    "I invoke my right to access under Article 15.",
    "J'exerce par la présente mon droit d'accès.",
    "Bonjour, je fais valoir mon droit d’accès.",
)
ORDINARY = (
    "How do we treat this as a DSAR?",
    "Do I have to handle this as a subject access request?",
    "Please treat this as urgent.",
    "Veuillez traiter ce message comme une demande d'assistance.",
    "I exercise my right of access to the car park.",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("text", TREATED)
def test_what_is_to_be_treated_as_a_request_for_access_is_one(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, set(found.rights)) == ("request", {"access"})


@pytest.mark.parametrize("text", ORDINARY)
def test_what_only_sounds_so_opens_nothing(reader: Reader, text: str) -> None:
    assert reader.read(text).decision != "request"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Art. 17 GDPR, please reply within one month.", "erasure"),
        ("Article 20 du RGPD. Réponse sous 30 jours.", "portability"),
        ("Art. 15 RGPD, merci de répondre dans le délai d'un mois.", "access"),
    ],
)
def test_an_article_and_a_term_to_answer_in_are_asked_about(reader: Reader, text: str, right: str) -> None:
    assert (reader.read(text).decision, set(reader.read(text).rights)) == ("ask", {right})
