"""Answers to "only what you named, or all?" and to "what should we put instead?": limited, all, or nothing in its place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import plain_letters
from intents.narrowing import empties, erases_all, erases_less

FILE = Path(__file__).parents[1] / "data" / "intents" / "detail_answers.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")


def _as_typed(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from {text, text.capitalize(), plain_letters(text), f"{text}.", text.replace("’", "'").upper()}


def _limited(language: str) -> Iterator[str]:
    said = CASES["limited"][language]
    grid = product(said["forms"], said["erase"], said["detail"])
    yield from _as_typed([form.format(erase=erase, detail=detail) for form, erase, detail in grid])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_that_names_a_detail_or_says_only_is_limited_and_never_all(language: str) -> None:
    assert [text for text in _limited(language) if erases_all(text) or not erases_less(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_is_what_is_called_all(language: str) -> None:
    texts = list(_as_typed(CASES["all"][language]))
    assert [text for text in texts if not erases_all(text) or erases_less(text) or empties(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_an_answer_to_what_should_be_put_instead(language: str) -> None:
    texts = list(_as_typed(CASES["nothing"][language]))
    assert [text for text in texts if not empties(text) or erases_all(text)] == []


def test_a_value_a_question_or_a_wish_to_keep_empties_nothing() -> None:
    texts = list(_as_typed(CASES["no_emptying"]))
    assert [text for text in texts if empties(text) or erases_all(text)] == []


def test_what_is_half_said_is_neither_limited_nor_all() -> None:
    texts = list(_as_typed(CASES["half"]))
    assert [text for text in texts if erases_all(text) or erases_less(text)] == []


ASKS = (
    "Je souhaite",
    "je demande",
    "Je vous demande",
    "J’aimerais",
    "Nous demandons",
    "j exige",
    "Je voudrais",
    "Merci de procéder à",
    "Veuillez effectuer",
    "Pourriez-vous procéder à",
)
NOUNS = (
    "la suppression",
    "l’effacement",
    "la suppression immédiate",
    "la destruction complète et définitive",
)
OF_ALL = (
    "de mes données personnelles",
    "de toutes mes données",
    "de l’ensemble de mes données",
    "de toutes les données me concernant",
)


def test_an_erasure_that_is_asked_for_by_its_noun_is_one(reader: Reader) -> None:
    wrong = []
    for ask, noun, of_all, end in product(ASKS, NOUNS, OF_ALL, ("", ".", "\nMerci.")):
        text = f"{ask} {noun} {of_all}{end}"
        found = reader.read(text)
        if (found.decision, set(found.rights)) != ("request", {"erasure"}):
            wrong.append((text, found.decision, sorted(found.rights)))
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "Si je demande la suppression de mes données, que se passe-t-il ?",
        "Comment demander la suppression de mes données ?",
        "Je ne souhaite pas la suppression de mes données.",
        "Je demanderai la suppression de mes données si vous ne répondez pas.",
        "Nous demandons la suppression des données du serveur de test.",
        "Je demande la suppression de mes données sauf mes factures.",
        "Je souhaite la suppression de mon numéro de téléphone.",
    ],
)
def test_the_noun_alone_erases_nothing(reader: Reader, text: str) -> None:
    assert reader.read(text).decision != "request"


def test_what_is_asked_beside_a_named_erasure_is_opened_too(reader: Reader) -> None:
    for beside, right in (
        ("Je m’oppose aussi à la prospection.", "objection"),
        ("Envoyez-moi d’abord une copie de mes données.", "access"),
        ("Je veux aussi porter plainte contre vous.", "complaint"),
    ):
        found = reader.read(f"Je souhaite la suppression de toutes mes données. {beside}")
        assert (found.decision, set(found.rights)) == ("request", {"erasure", right}), beside
