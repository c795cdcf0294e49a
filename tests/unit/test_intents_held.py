"""What "you hold about me" is the object of another right as often as of access: named behind its word, it asks for no access."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import plain_letters

FILE = Path(__file__).parents[1] / "data" / "intents" / "held.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def _grid(language: str) -> Iterator[tuple[str, str]]:
    words = CASES[language]
    for right, forms in words["forms"].items():
        for form, what in product(forms, words["what"]):
            text = form.format(what=what).replace("de les ", "des ")
            yield from (
                (each, right) for each in (text, plain_letters(text), f"Hello,\n\n{text}\n\nAnna Kask")
            )


def _wrong(reader: Reader, cases: Iterator[tuple[str, set[str]]]) -> list[tuple[str, str, list[str]]]:
    read = [(text, wanted, reader.read(text)) for text, wanted in cases]
    return [
        (t, r.decision, sorted(r.rights))
        for t, wanted, r in read
        if (r.decision, set(r.rights)) != ("request", wanted)
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_held_is_the_object_of_the_right_that_is_named_and_of_no_access(
    reader: Reader, language: str
) -> None:
    assert _wrong(reader, ((text, {right}) for text, right in _grid(language))) == []


@pytest.mark.parametrize("right", ["erasure", "access"])
def test_what_is_held_is_read_with_its_verb_however_it_is_said(reader: Reader, right: str) -> None:
    assert _wrong(reader, ((text, {right}) for text in CASES["alone"][right])) == []


def test_access_that_is_asked_beside_it_stays(reader: Reader) -> None:
    assert _wrong(reader, ((text, {"access", "erasure"}) for text in CASES["two"]["texts"])) == []
