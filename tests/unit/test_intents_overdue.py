"""Who reminds of a request that was never answered is asked about it, and never passed over in silence."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from intents import Reader

MADE: Final = {
    "en": [
        ("On 4 September I sent you a request under Article 15 GDPR.", "access"),
        ("I wrote to you on 2 March and asked for access to my personal data.", "access"),
        ("We have requested the rectification of our data by letter of 6 May.", "rectification"),
        ("My request of 6 May under Art. 20 GDPR is still open.", "portability"),
    ],
    "fr": [
        ("Le 4 septembre, je vous ai adressé une demande fondée sur l'article 15 du RGPD.", "access"),
        ("Par lettre du 2 mars, je vous ai demandé l'accès à mes données personnelles.", "access"),
        ("J'ai exercé auprès de vous mon droit de portabilité par courriel du 6 mai.", "portability"),
    ],
}
SILENCE: Final = {
    "en": [
        "To this day I have received no answer.",
        "You have not replied within the legal time limit.",
        "The month has long passed. Please take this as a reminder.",
    ],
    "fr": [
        "À ce jour, je n'ai reçu aucune réponse.",
        "Le délai d'un mois est dépassé.",
        "Vous ne m'avez pas répondu, je me permets donc une relance.",
    ],
}
FORMS: Final = [
    "{} {}",
    "Dear Sir or Madam,\n\n{} {}\n\nYours faithfully\nOda Lindqvist",
    "Madame, Monsieur,\n\n{}\n{}\nJe vous mets en demeure d'y répondre sous huit jours.\n\nOda Lindqvist",
]


@pytest.mark.parametrize("language", MADE)
def test_a_reminder_names_the_right_that_was_used(reader: Reader, language: str) -> None:
    for (made, right), silence, form in product(MADE[language], SILENCE[language], FORMS):
        text = form.format(made, silence)
        found = reader.read(text)
        assert found.decision in {"ask", "request"}, text
        assert right in found.rights, text


@pytest.mark.parametrize(
    "text",
    [
        "I asked for access to the new server on Monday and have had no answer.",
        "J'ai demandé l'accès au serveur de test lundi et je n'ai aucune réponse.",
        "My letter of 6 May about the invoice was never answered.",
    ],
)
def test_a_reminder_of_something_else_is_supports(reader: Reader, text: str) -> None:
    assert reader.read(text).decision == "none"


@pytest.mark.parametrize(
    "text",
    [
        "je veut exercé mon droit a loubli",
        "Je voudrais exercé mon droit à l oublie svp",
        "droit a l'oubly, je veu l'exercer",
        "i want to excercise my right to be forgoten",
        "my right to be forgotton, please",
    ],
)
def test_the_right_to_be_forgotten_is_known_however_it_is_spelt(reader: Reader, text: str) -> None:
    assert "erasure" in reader.read(text).rights
