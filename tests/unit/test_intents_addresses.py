"""However many addresses a message names, it is read as with one: they are no words of a right."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

SAID = {
    "en": (
        "Please stop all marketing to {}",
        "Stop sending marketing to {}.",
        "Unsubscribe {} from your newsletter",
        "Please delete all my personal data, my addresses are {}.",
        "Please send me a copy of all my data held under {}.",
    ),
    "fr": (
        "Ne m'envoyez plus de publicité à {}",
        "Désabonnez {} de votre newsletter",
        "Je veux une copie de toutes mes données, mes adresses : {}",
        "Supprimez toutes mes données, y compris {}.",
    ),
}
BETWEEN = {"en": (", ", " and ", "; ", "\n", " / ", ", and to "), "fr": (", ", " et ", " ; ", "\n", " et à ")}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_more_addresses_change_nothing_of_what_is_read(reader: Reader, language: str) -> None:
    read = {}
    for said, between, count in product(SAID[language], BETWEEN[language], (2, 5, 9)):
        named = [f"someone.{number}@house.example" for number in range(count)]
        one, many = reader.read(said.format(named[0])), reader.read(said.format(between.join(named)))
        assert many.details["email"] == named
        if (one.decision, [i.name for i in one.intents]) != (many.decision, [i.name for i in many.intents]):
            read[said, between, count] = (one.decision, one.intents, many.decision, many.intents)
    assert read == {}


def test_from_one_address_to_another_stays_a_correction(reader: Reader) -> None:
    read = reader.read("Please change my e-mail from old.me@house.example to new.me@house.example.")
    assert {intent.name for intent in read.intents} == {"rectification"}
    assert read.details["email"] == ["old.me@house.example", "new.me@house.example"]


_STOPS = {
    "en": ("please stop marketing to {0}", "no more ads to {0} please", "I object to marketing to {0}", "stop marketing to {0}"),
    "fr": ("arrêtez la prospection à {0}", "plus de pub sur {0}", "je m'oppose à la prospection vers {0}"),
}  # fmt: skip
_NUMBERS = {"en": ("+44 7700 900127", "+44 (0)7700 900127"), "fr": ("+33 6 12 34 56 78", "06 12 34 56 78")}
_BOTH = {"en": ("{0} and {1}", "{0}, {1}", "{0} and to {1}"), "fr": ("{0} et {1}", "{0}, {1}", "{0} et au {1}")}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_address_beside_a_number_hides_no_objection_and_both_are_named(
    reader: Reader, language: str
) -> None:
    for stops, number, both in product(_STOPS[language], _NUMBERS[language], _BOTH[language]):
        for pair in ((number, "anna5.lark@post.example"), ("anna5.lark@post.example", number)):
            text = stops.format(both.format(*pair))
            found = reader.read(text)
            assert (found.decision, set(found.rights)) == ("request", {"objection"}), text
            assert found.details["email"] == ["anna5.lark@post.example"], text
            assert len(found.details["phone"]) == 1, text
