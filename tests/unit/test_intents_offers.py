"""How a mail tells its readers to end it is no wish of its sender: a cold sales mail opens nothing, and its foot hides nothing."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import plain_letters

FILE = Path(__file__).parents[1] / "data" / "intents" / "offers.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_sender_offers_at_the_foot_opens_nothing(reader: Reader, language: str) -> None:
    words = CASES[language]
    grid = product(words["sold"], words["offer"], words["form"])
    texts = [form.format(sold=sold, offer=offer) for sold, offer, form in grid]
    read = [(text, reader.read(text)) for text in (*texts, *map(plain_letters, texts))]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "none"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_foot_of_a_mail_adds_nothing_to_what_is_asked_above_it(reader: Reader, language: str) -> None:
    words = CASES[language]
    texts = [form.format(offer=offer) for offer, form in product(words["offer"], words["beside"])]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if (found.decision, found.rights) != ("request", frozenset({"erasure"}))
    ] == []


@pytest.mark.parametrize("text", [*CASES["en"]["wish"], *CASES["fr"]["wish"]])
def test_who_quotes_such_an_offer_or_says_that_it_fails_is_heard(reader: Reader, text: str) -> None:
    assert reader.read(text).rights & {"objection", "consent_withdrawal"}
