"""Who moved, or is called otherwise now, and wants an end of marketing asks for both (GDPR 16, 21)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

CHANGED = {
    "en": (
        "I moved", "I have moved", "I've moved house", "I recently moved to a new flat", "my address changed", "my phone number has changed",
        "I changed my name", "I have changed my phone number", "my name is now Jane Lee", "I have a new address",
        "my new address is 4 Elm Road, Leeds LS1 4AB", "my surname is misspelled",
    ),
    "fr": (
        "j'ai déménagé", "J’ai récemment déménagé", "nous avons déménagé", "mon adresse a changé", "mon numéro de téléphone a changé",
        "j'ai changé de nom", "j'ai changé de numéro", "je m'appelle désormais Jeanne Lee", "j'ai une nouvelle adresse",
        "nouvelle adresse : 12 rue des Lilas 69003 Lyon", "mon nom est mal écrit", "jai demenagé",
    ),
}  # fmt: skip
ENDS = {
    "en": (
        "no more ads",
        "no more sales calls",
        "stop the marketing please",
        "unsubscribe me from your newsletter",
        "stop sending me advertising",
    ),
    "fr": (
        "plus de pub",
        "arrêtez la pub",
        "je ne veux plus de publicité",
        "désabonnez-moi de la newsletter",
    ),
}
JOINED = {
    "en": ("{a} and {b}", "{a}, and {b}.", "{A}. {B}.", "{b} and {a}", "Hello, {a}, also {b}, thanks"),
    "fr": ("{a} et {b}", "{a}, et {b}.", "{A}. {B}.", "{b} et {a}", "Bonjour, {a}, aussi {b}, merci"),
}
NOT_CORRECTED = (
    "I moved my site to your new plan and stop the newsletter",
    "I moved my server and no more ads",
    "j'ai déménagé mon site et plus de pub",
    "We moved our domain to you, and no more newsletters please",
    "j'ai changé de serveur et plus de pub",
    "I changed my password and no more ads please",
    "j'ai changé de mot de passe et plus de pub",
    "I changed my mind about the server and no more ads",
    "Did you move? No more ads please.",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_neither_hides_the_other(reader: Reader, language: str) -> None:
    read = [
        reader.read(form.format(a=changed, b=end, A=_capital(changed), B=_capital(end)))
        for form, changed, end in product(JOINED[language], CHANGED[language], ENDS[language])
    ]
    missed = [(f.text, f.decision, f.rights) for f in read if not {"rectification", "objection"} <= f.rights]
    assert missed == []


def test_without_a_word_between_them_too(reader: Reader) -> None:
    for text in ("j'ai déménagé plus de pub", "I moved no more ads"):
        assert {"rectification", "objection"} <= reader.read(text).rights


@pytest.mark.parametrize("text", NOT_CORRECTED)
def test_what_is_moved_or_changed_at_a_server_corrects_nothing(reader: Reader, text: str) -> None:
    assert "rectification" not in reader.read(text).rights
