"""Who tells two new details in one message is understood in both, however they are strung together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations, product

import pytest

from intents.rectifying import change_in

# How a new detail is told, by language and field; each is said beside each other one.
_TOLD: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "phone": (
            "my new phone number is {}",
            "my new number is {}",
            "new phone {}",
            "my phone changed to {}",
        ),
        "address": ("my new address is {}", "my street is now {}", "new address {}", "I moved to {}"),
        "email": ("my new email is {}", "my email changed to {}", "new e-mail address: {}"),
    },
    "fr": {
        "phone": ("mon nouveau numéro est le {}", "mon nouveau numero cest le {}", "nouveau téléphone {}"),
        "address": ("ma nouvelle adresse est {}", "nouvelle adresse {}", "ma nouvelle rue est {}"),
        "email": ("mon nouvel e-mail est {}", "nouvelle adresse mail {}", "mon email a changé : {}"),
    },
}
_VALUES: Mapping[str, tuple[str, ...]] = {
    "phone": ("020 7946 0018", "+33 6 12 34 56 78"),
    "address": ("5 Long Street London N1 2AB", "12 rue des Lilas 75011 Paris", "12 rue des Lilas"),
    "email": ("new.mail@x.example",),
}
_BETWEEN = {"en": (" and ", ", ", ". ", " ", "\n"), "fr": (" et ", ", ", ". ", " ", "\n")}
_BEFORE = {"en": ("", "hi, i moved, ", "Hello. "), "fr": ("", "bonjour jai démenagé ", "Bonjour, ")}
_PAIRS = [(language, *pair) for language, told in _TOLD.items() for pair in permutations(told, 2)]


@pytest.mark.parametrize(("language", "first", "second"), _PAIRS)
def test_two_new_details_of_one_message_are_both_found_with_their_values(
    language: str, first: str, second: str
) -> None:
    told, lost = _TOLD[language], []
    for before, one, between, other in product(
        _BEFORE[language], told[first], _BETWEEN[language], told[second]
    ):
        for values in product(_VALUES[first], _VALUES[second]):
            text = f"{before}{one.format(values[0])}{between}{other.format(values[1])}"
            found = change_in(text)
            each = [found, *found.get("more_changes", ())]
            if {e.get("field"): e.get("new_value") for e in each} != dict(
                zip((first, second), values, strict=True)
            ):
                lost.append((text, found))
    assert lost == []


@pytest.mark.parametrize(
    ("text", "field", "old", "new"),
    [
        (
            "Suite à mon mariage, mon nom doit être corrigé. Durand devient Lefèvre.",
            "name",
            "Durand",
            "Lefèvre",
        ),
        (
            "Merci de rectifier mon nom, Durand devient Lefèvre suite à mon mariage.",
            "name",
            "Durand",
            "Lefèvre",
        ),
        ("Please update my surname: Durand becomes Lefèvre.", "last_name", "Durand", "Lefèvre"),
        ("Mon nom devient Lefèvre", "name", None, "Lefèvre"),
        ("ma nouvelle adresse est Pikk 12, 10123 Tallinn", "address", None, "Pikk 12, 10123 Tallinn"),
        ("I moved to Lange Straße 5, 10115 Berlin", "address", None, "Lange Straße 5, 10115 Berlin"),
    ],
)
def test_what_was_said_is_taken_whole(text: str, field: str, old: str | None, new: str) -> None:
    assert change_in(text) == {"field": field, "old_value": old, "new_value": new}
