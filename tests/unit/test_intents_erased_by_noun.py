"""An erasure is asked for by a noun as often as by a verb: "la suppression de mes données" is one, and nothing else."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader

FILE = Path(__file__).parents[1] / "data" / "intents" / "erased_by_noun.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_erasure_asked_for_by_a_noun_is_opened_and_nothing_else(reader: Reader, language: str) -> None:
    words = CASES[language]
    grid = product(words["noun"], words["what"], words["form"])
    texts = [*(form.format(noun=noun, what=what) for noun, what, form in grid), *words["title"]]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if (found.decision, found.rights) != ("request", frozenset({"erasure"}))
    ] == []


@pytest.mark.parametrize("text", CASES["near"]["texts"])
def test_what_only_names_an_erasure_opens_none(reader: Reader, text: str) -> None:
    assert reader.read(text).decision == "none"
