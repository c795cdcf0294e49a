"""Who else is named in a text: proposed to an agent, so better one too many than one too few, and nobody's own."""

from __future__ import annotations

import time

import pytest

from intents import others_in

OWN = frozenset({"mari", "tamm", "mari.tamm@mail.example", "+3725551001", "3725551001"})


def found(text: str) -> list[tuple[str, str]]:
    return [(mention.kind, mention.words) for mention in others_in(text, OWN)]


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("My colleague Heli Raudoja said the same.", [("name", "Heli Raudoja")]),
        ("Demandez à Monsieur Lefèvre, il sait.", [("name", "Lefèvre")]),
        ("Küsige proua Pärn-Saar käest, või härra Kask.", []),  # titles in small letters are words
        ("Write to jean@firm.example instead.", [("email", "jean@firm.example")]),
        ("Son numéro : +33 6 12 34 56 78.", [("phone", "+33 6 12 34 56 78")]),
        ("Call 0612345678, please.", [("phone", "0612345678")]),
        ("(+372) 5123 4567 is his.", [("phone", "(+372) 5123 4567")]),
        ("We met Õnne Pärn-Saar there.", [("name", "Õnne Pärn-Saar")]),
        (
            "Two of them: Jean Dupont and Zoé Martin-Roux.",
            [("name", "Jean Dupont"), ("name", "Zoé Martin-Roux")],
        ),
    ],
)
def test_others_are_found(text: str, others: list[tuple[str, str]]) -> None:
    assert found(text) == others


@pytest.mark.parametrize(
    "text",
    [
        "I am Mari Tamm, mari.tamm@mail.example, MARI.TAMM@mail.example.",
        "Call me on +372 555 1001, or 5551001.",
        "My server 192.0.2.10 is down since 2026-11-02 14:00:00.",
        "Order 2025123456789, invoice 2026-000123, ticket 48151623.",
        "My Website is slow. Please help me. Thank You",
        "DOMAIN NAMES ARE WRITTEN IN CAPITALS",
        "",
    ],
)
def test_the_person_and_what_is_no_person_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_each_is_named_once_as_it_stands() -> None:
    assert found("Jean Dupont came. Then Jean Dupont left.") == [("name", "Jean Dupont")]


@pytest.mark.parametrize(
    "text", ["A" * 50_000, "Aa " * 20_000, "+1 " * 20_000, "a@" * 20_000, "1-" * 20_000, ". Aa'" * 9_000]
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    began = time.process_time()
    others_in(text, OWN)
    assert time.process_time() - began < 5
