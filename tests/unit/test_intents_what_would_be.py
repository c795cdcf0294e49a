"""What happens to somebody's data if they leave is a question: it is answered or asked about, and erases nothing (GDPR 17)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

QUESTIONS = {
    "en": (
        "What happens to my data {if_}?",
        "what do you keep {if_}",
        "Do you delete my data {if_}?",
        "Do you still keep my data {if_}?",
        "How long do you keep my data {if_}?",
        "Will my invoices be deleted {if_}?",
        "Hello, I would like to know what happens to my data {if_}. Thanks",
        "Which data will you keep {if_}?",
        "Please tell me what happens to my data {if_}",
    ),
    "fr": (
        "Que deviennent mes données {if_} ?",
        "que gardez-vous {if_}",
        "Supprimez-vous mes données {if_} ?",
        "Est-ce que vous gardez mes données {if_} ?",
        "Combien de temps gardez-vous mes données {if_} ?",
        "mes factures sont-elles supprimées {if_} ?",
        "Bonjour, je voudrais savoir ce que deviennent mes données {if_}. Merci",
        "Qu'est-ce qui se passe avec mes données {if_} ?",
        "Que se passe-t-il {if_} ?",
    ),
}
IF = {
    "en": (
        "if I close my account",
        "when I delete my account",
        "after I close my account",
        "once my account is deleted",
    ),
    "fr": (
        "si je ferme mon compte",
        "quand je supprime mon compte",
        "après la suppression de mon compte",
        "si je vous demande de supprimer mon compte",
    ),
}
WISHES = (
    "What happens to my data if I close my account? Please delete my account and all my data.",
    "Please delete all my personal data. How long will it take?",
    "Could you please delete my data when I close my account?",
    "Delete my account and all my data. What happens to my invoices then?",
    "I want you to delete all my data. Do you keep my invoices?",
    "How long do you keep my data? I want you to delete everything now.",
    "Que deviennent mes factures si je ferme mon compte ? Merci de supprimer toutes mes données.",
    "Supprimez mon compte et toutes mes données. Combien de temps gardez-vous les factures ?",
    "Je veux que vous supprimiez toutes mes données, et que gardez-vous ensuite ?",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_question_what_would_be_opens_no_erasure(reader: Reader, language: str) -> None:
    texts = [form.format(if_=if_) for form, if_ in product(QUESTIONS[language], IF[language])]
    read = [(text, reader.read(text)) for text in texts]
    assert [t for t, found in read if found.decision == "request" and "erasure" in found.rights] == []


@pytest.mark.parametrize("words", WISHES)
def test_a_wish_beside_such_a_question_is_opened(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert (found.decision, found.rights) == ("request", frozenset({"erasure"}))


@pytest.mark.parametrize(
    "text",
    [
        "was my data in a breach?",
        "did you leak my data",
        "Have my data been leaked?",
        "I want to know if my data was leaked",
        "mes données ont-elles fuité ?",
        "est-ce que mes données font partie d'une fuite ?",
        "avez-vous eu une fuite de données ?",
    ],
)
def test_who_asks_whether_data_went_astray_has_complained_of_nothing(reader: Reader, text: str) -> None:
    assert reader.read(text).decision == "ask"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("You leaked my data and that is illegal.", "complaint"),
        ("Did you leak my data? I want to make a complaint about this breach of my data.", "complaint"),
        ("mes données ont été piratées, je porte plainte", "complaint"),
        ("did you leak my data? send me a copy of everything you have", "access"),
    ],
)
def test_what_is_said_or_wished_beside_that_question_opens(reader: Reader, text: str, right: str) -> None:
    found = reader.read(text)
    assert (found.decision, found.rights) == ("request", frozenset({right}))
