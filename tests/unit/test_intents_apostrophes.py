"""French without its apostrophes, as people type in a chat, reads as with them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import normalise, with_apostrophes

DATA = Path(__file__).parents[1] / "data" / "intents"
APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
FRENCH = re.compile(r"\b(?:je|j|vous|mes|mon|ma|ne|n|la|le|l|une|pas|de|d|et)\b")


def _texts(of: Any) -> Iterator[str]:
    """Give every text of a file of cases that is French and holds an apostrophe."""
    if isinstance(of, str):
        if APOSTROPHE.search(of) and len(set(FRENCH.findall(normalise(of)))) > 1:
            yield of
    elif isinstance(of, dict | list):
        for each in of.values() if isinstance(of, dict) else of:
            yield from _texts(each)


def _cases() -> list[str]:
    files = sorted(DATA.glob("*.toml"))
    return sorted({text for file in files for text in _texts(tomllib.loads(file.read_text("utf-8")))})


def test_french_without_apostrophes_reads_as_with_them(reader: Reader) -> None:
    texts = [text for text in _cases() if "{" not in text]
    assert len(texts) > 100
    read = [(text, reader.read(text), reader.read(APOSTROPHE.sub(" ", text))) for text in texts]
    assert [
        (text, (typed.decision, typed.rights), (bare.decision, bare.rights))
        for text, typed, bare in read
        if (typed.decision, typed.rights, typed.wishes) != (bare.decision, bare.rights, bare.wishes)
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "effacez toutes mes données (et aussi : fermez mon compte) et n utilisez plus mes données pour les statistiques",
        "n utilisez plus mes données pour les statistiques et fermez mon compte",
    ],
)
def test_no_wish_is_lost_for_want_of_an_apostrophe(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, found.rights) == ("request", frozenset({"erasure", "objection"}))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            "j aimerais qu on efface l historique d un compte",
            "j'aimerais qu'on efface l'historique d'un compte",
        ),
        ("s il vous plait", "s'il vous plait"),
        ("n utilisez plus, c est tout", "n'utilisez plus, c'est tout"),
        ("option c a 3 euros", "option c a 3 euros"),
        ("M Arnaud, plan B et 2 s", "M Arnaud, plan B et 2 s"),
    ],
)
def test_an_apostrophe_is_put_back_where_french_has_one(typed: str, meant: str) -> None:
    assert with_apostrophes(typed) == meant
