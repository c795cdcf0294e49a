"""The words of the Regulation that somebody quotes ask for nothing; the words around them are heard as they are."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from intents import Reader
from intents.cleaning import plain_letters

FILE: Final = Path(__file__).parents[1] / "data" / "intents" / "quoted_law.toml"
CASES: Final[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
ACCESS: Final = {"access", "portability"}  # a copy, whichever article it is asked by


def _read(reader: Reader, texts: list[str]) -> list[tuple[str, str, frozenset[str]]]:
    found = [(text, reader.read(text)) for each in texts for text in (each, plain_letters(each))]
    return [(text, reading.decision, reading.rights) for text, reading in found]


@pytest.mark.parametrize("language", CASES)
def test_quoted_articles_add_nothing_to_what_is_asked_beside_them(reader: Reader, language: str) -> None:
    quoted = [text for texts in CASES[language]["articles"].values() for text in texts]
    quoted.append("\n\n".join(quoted))
    wrong = [
        each
        for each in _read(
            reader, [around.format(text) for around, text in product(CASES[language]["around"], quoted)]
        )
        if each[1] != "request" or not each[2] <= ACCESS
    ]
    assert wrong == []


@pytest.mark.parametrize("language", CASES)
def test_quoted_articles_alone_are_asked_about_at_most(reader: Reader, language: str) -> None:
    quoted = [text for texts in CASES[language]["articles"].values() for text in texts]
    assert [each for each in _read(reader, quoted) if each[1] == "request"] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            "As the data subject shall have the right to obtain erasure, please delete all my personal data.",
            "erasure",
        ),
        (
            "I am the data subject and I have the right to object: stop using my data for marketing.",
            "objection",
        ),
        (
            "Under Article 17 the data subject has the right to obtain erasure. Please delete all my data.",
            "erasure",
        ),
        (
            "La personne concernée a le droit d'obtenir l'effacement : supprimez toutes mes données.",
            "erasure",
        ),
        ("I hereby exercise my rights under the GDPR:\n- right of access\n- right to erasure", "erasure"),
        ("J'exerce mes droits :\nArticle 15 : droit d'accès\nArticle 17 : droit à l'effacement", "erasure"),
        ("My client, the data subject, requests the erasure of all his personal data.", "erasure"),
    ],
)
def test_who_uses_a_right_in_the_words_of_the_law_is_heard(reader: Reader, text: str, right: str) -> None:
    found = reader.read(text)
    assert (found.decision, right in found.rights) == ("request", True)
