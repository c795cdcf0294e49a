"""What is typed for a field is taken only if that field can hold it: an e-mail address is no country, a question no town."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from assistant.domain.countries import code_of_country
from assistant.domain.fields import can_hold, says_nothing

GOOD = {
    "email": ["mari.kask@post.example", "jürgen@müller.example"],
    "phone": ["+372 5123 4567", "06 12 34 56 78", "(0)20 7946 0000"],
    "date_of_birth": ["1 May 1980", "1980-05-01", "12.03.1975"],
    "birth_date": ["1 mai 1980"],
    "first_name": ["Mari", "Jean-Élie", "Ó Séaghdha", "mari"],
    "last_name": ["Kask", "de la Tour d’Auvergne", "O'Neil"],
    "name": ["Mari Kask", "Jean Martin"],
    "company": ["Kask & Pojad OÜ", "3M", "42 Degrees Ltd"],
    "tax_id": ["EE101234567", "FR 12 345678901", "123-456-78-90"],
    "street": ["12 Long Road", "Pikk 7-2", "rue de la Paix", "1200 Bridge Lane"],
    "postcode": ["10111", "SW1A 1AA", "1234 AB", "00-950", "LV-1010", "D02 X285"],
    "city": ["Tallinn", "Saint-Brieuc", "Paris 15", "the hague"],
    "country": ["France", "EE", "Royaume-Uni", "Peru", "Côte d’Ivoire"],
    "address": ["12 Long Road, 10111 Tallinn, Estonia"],
    "gender": ["woman", "x"],
}
# What else is typed, and the fields that can hold it all the same.
ODD = {
    "mari.kask@post.example": {"email"},
    "+372 5123 4567": {"phone"},
    "0612345678": {"phone", "tax_id"},
    "1 May 1980": {"date_of_birth", "birth_date"},
    "12.03.1975": {"date_of_birth", "birth_date"},
    "48159263": {"phone", "tax_id"},
    "Why do you need that?": set(),
    "https://desk.example/verify": set(),
    "?": set(),
    "": set(),
    "...": set(),
    "x" * 400: set(),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in GOOD for value in GOOD[name]])
def test_what_people_write_for_a_field_is_taken(name: str, value: str) -> None:
    assert can_hold(name, value)


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", GOOD)
def test_what_a_field_cannot_hold_is_not_taken_for_it(name: str, value: str) -> None:
    assert can_hold(name, value) == (name in ODD[value])


@pytest.mark.parametrize("value", ["Tallinn 4", "Durham", "France", "Mari"])
@pytest.mark.parametrize("name", ["email", "phone", "date_of_birth", "postcode"])
def test_words_are_no_number(name: str, value: str) -> None:
    assert not can_hold(name, value)


def told(file: str) -> dict[str, list[str]]:
    return tomllib.loads((files("assistant.domain") / file).read_text("utf-8"))


@pytest.mark.parametrize("field", GOOD)
def test_a_yes_a_no_thanks_or_nothing_is_the_value_of_no_field(field: str) -> None:
    words = [word for spoken in told("no_values.toml").values() for word in spoken]
    for word in [
        *words,
        "Oui, merci !",
        "no no",
        "OK. Thanks",
        "non merci",
        "D’accord",
        "OUI",
        "rien, merci",
    ]:
        for typed in (word, word.upper(), f" {word.capitalize()}. "):
            assert not can_hold(field, typed), f"{typed!r} was taken for {field}"


def test_a_name_that_only_holds_such_a_word_is_a_name() -> None:
    taken = {
        "company": "Nothing Ltd",
        "last_name": "Merci-Dupont",
        "city": "Nope Lake",
        "street": "2 rue Oui",
    }
    assert [field for field, typed in taken.items() if not can_hold(field, typed)] == []


def test_a_country_is_one_by_its_code_or_any_of_its_names_and_nothing_else_is() -> None:
    for code, names in told("countries.toml").items():
        for name in names:
            assert can_hold("country", name), name
            assert code_of_country(name.upper().replace("-", " ")) == code_of_country(name), name
        assert can_hold("country", code) or says_nothing(code)
    written = [
        "Deutschland",
        "Österreich",
        "Côte d’Ivoire",
        "Bolivie",
        "Eesti",
        "España",
        "Polska",
        "Россия",
        "Ελλάδα",
        "日本",
        "Peru",
    ]
    assert [code_of_country(name) for name in written] == [
        "DE",
        "AT",
        "CI",
        "BO",
        "EE",
        "ES",
        "PL",
        "RU",
        "GR",
        "JP",
        "PE",
    ]
    assert [
        name for name in ("World", "European Union", "Africa", "ZZ", "Welt") if can_hold("country", name)
    ] == []
    assert can_hold("country", "les Pays-Bas")
    assert can_hold("country", "the UK")
    assert can_hold("country", "Etats unis")
    odd = [
        "Durham",
        "Smith",
        "my country",
        "unknown",
        "the same",
        "Atlantis",
        "12 Long Road",
        "ca va",
        "maybe",
    ]
    assert [typed for typed in odd if can_hold("country", typed)] == []
