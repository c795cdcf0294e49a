"""What the desk needs from a message is picked up where it stands in the text."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.cleaning import legible, normalise, with_links_as_one
from intents.details import details_of
from intents.labels import LANGUAGES
from intents.reader import Reader
from intents.rectifying import FIELDS, change_in

_FILE = Path(__file__).parents[1] / "data" / "intents" / "details.jsonl"
ROWS = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("client 10042", {"client_id": ["10042"]}),
        ("n° client C-10042", {"client_id": ["C-10042"]}),
        ("customer number 10042", {"client_id": ["10042"]}),
        ("my customer number is c-77123", {"client_id": ["C-77123"]}),
        ("Kundennummer: 55123", {"client_id": ["55123"]}),
        ("write to jo@a.example.", {"email": ["jo@a.example"]}),
        ("invoice F-2024-118 for shop.example", {"invoice": ["F-2024-118"], "domain": ["shop.example"]}),
        ("call 06 12 34 56 78", {"phone": ["06 12 34 56 78"]}),
        ("48213377", {}),
        ("hello", {}),
    ],
)
def test_identifiers(text: str, expected: dict[str, Any]) -> None:
    assert details_of(text, ()) == expected


@pytest.mark.parametrize(
    ("text", "field", "old", "new"),
    [
        ("change my email from old@a.example to new@b.example", "email", "old@a.example", "new@b.example"),
        ("My first name is Anna, not Hanna.", "first_name", "Hanna", "Anna"),
        ("Mon nom est Lefèvre et non Lefebvre", "name", "Lefebvre", "Lefèvre"),
        (
            "J'ai déménagé, ma nouvelle adresse est 3 rue des Lilas, Lyon. Merci",
            "address",
            None,
            "3 rue des Lilas, Lyon",
        ),
        ("my phone number is now +44 7700 900123", "phone", None, "+44 7700 900123"),
        ("how do I change my address?", "address", None, None),
        ("My surname is misspelt, please correct it to Lindqvist", "last_name", None, "Lindqvist"),
        ("Please correct my surname to Lindqvist in your records", "last_name", None, "Lindqvist"),
        ("my phone number is wrong, it should be +44 7700 900123", "phone", None, "+44 7700 900123"),
        ("My name is wrong. It should be Anna Lind. Please correct it.", "name", None, "Anna Lind"),
        ("Mon nom est faux, merci de le corriger en Lefèvre dans vos fichiers", "name", None, "Lefèvre"),
        (
            "Mon numéro de téléphone est faux, il devrait être 06 12 34 56 78",
            "phone",
            None,
            "06 12 34 56 78",
        ),
    ],
)
def test_a_rectification(text: str, field: str, old: str | None, new: str | None) -> None:
    found = details_of(text, ("rectification",))
    assert (found["field"], found.get("old_value"), found.get("new_value")) == (field, old, new)


@pytest.mark.parametrize(
    ("text", "purposes", "marketing"),
    [
        ("unsubscribe me", [], True),
        ("désabonnez-moi", [], True),
        ("stop your newsletter", ["newsletter"], True),
        ("plus de pub par sms", ["marketing", "sms"], True),
        ("je m'oppose au profilage", ["profiling"], False),
        ("don't sell my data", ["third_party_sharing"], False),
    ],
)
def test_the_purpose_of_an_objection(text: str, purposes: list[str], marketing: bool) -> None:
    found = details_of(text, ("objection",))
    assert (found.get("purpose", []), found["marketing"]) == (purposes, marketing)


def test_topic_and_period_of_an_access() -> None:
    found = details_of("send me the recordings of my calls since 2022", ("access",))
    assert (found["topic"], found["period"]) == (["calls"], "since 2022")


def test_until_when_a_restriction_lasts() -> None:
    assert (
        details_of("freeze my data until you checked it.", ("restriction",))["until"]
        == "until you checked it"
    )


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['language']}-{at}" for at, row in enumerate(ROWS)])
def test_details_are_found_in_every_language(row: dict[str, Any]) -> None:
    found = details_of(row["text"], tuple(row["intents"]))
    shown = row["expected"].keys() | (found.keys() - {"email", "domain"})
    assert {name: found.get(name) for name in shown} == row["expected"]


def test_every_language_has_details_of_every_kind() -> None:
    kinds = {"identifiers", "rectification", "objection", "access", "restriction"}
    of = {language: set[str]() for language in LANGUAGES}
    for row in ROWS:
        of[row["language"]] |= {*row["intents"]} or {"identifiers"}
    assert {language: kinds - found for language, found in of.items() if kinds - found} == {}


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert isinstance(details_of(text, ("rectification", "objection", "access", "restriction")), dict)


_SWAPS = [json.loads(line) for line in _FILE.with_name("swaps.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", _SWAPS, ids=[f"{row['language']}-{at}" for at, row in enumerate(_SWAPS)])
def test_the_right_value_is_never_taken_for_the_wrong_one(row: dict[str, str]) -> None:
    found = details_of(row["text"], ("rectification",))
    assert (found["field"], found["new_value"]) == (row["field"], row["new"])
    assert found.get("old_value") in {row["old"], None}


@pytest.mark.parametrize(
    "text",
    [
        "My e-mail: a@one.example and b@two.example, please correct.",
        "Corrigez mon téléphone, 06 12 34 56 78, 07 98 76 54 32.",
        "Corrigez mon numéro de téléphone, il y en a deux : 06 39 98 11 11 / 06 39 98 22 22.",
        "Please correct my phone number, there are two: +44 7700 900111 and +44 7700 900222.",
    ],
)
def test_of_two_values_in_doubt_none_is_chosen(text: str) -> None:
    found = details_of(text, ("rectification",))
    assert "new_value" not in found
    assert len(found["either"]) == 2


def test_each_field_of_a_message_is_a_change_of_its_own() -> None:
    found = details_of("My name is now Anna Lind and my phone +44 7700 900123.", ("rectification",))
    assert (found["field"], found["new_value"]) == ("name", "Anna Lind")
    assert [(c["field"], c["new_value"]) for c in found["more_changes"]] == [("phone", "+44 7700 900123")]


@pytest.mark.parametrize(
    "piece",
    [
        "you have ",
        "a@b.example ",
        "1 rue du ",
        "12 New Street, ",
        "rue 1 ",
        "my a a is ",
        "«",
        "(a",
        "not X but ",
    ],
)
def test_what_is_made_to_be_slow_is_read_in_little_time(piece: str) -> None:
    began = time.process_time()
    details_of(piece * (20_000 // len(piece)), ("rectification",))
    assert time.process_time() - began < 1.0


def test_an_address_is_read_over_several_lines() -> None:
    found = details_of(
        "My new address is 9 Quarry Lane\nDurham\nDH1 3LE\nThanks, Anna Lind", ("rectification",)
    )
    assert found["new_value"] == "9 Quarry Lane, Durham, DH1 3LE"


# ── a detail is what was typed ──────────────────────────────────────────────────────────────────────

_TYPED = (
    "www.aubertin.example",
    "https://delormeau.example/shop?a=1&b=2",
    "Http://WWW.Aubertin.example",
    "anna.lind@mail.example",
    "+44 7700 900123",
    "C-77123",
    "12/03/2024",
    "12 Long Road, 10111 Durham",
    "WIN A PRIZE at https://delormeau.example",
    "“Lierre & Co”",
)
_ASKED = (
    "My company is now called {0}, please correct it in my data.",
    "Ma société s’appelle maintenant {0}, merci de corriger mes données.",
    "Please correct my {field}: it is {0}, not {1}.",
    "Please correct my {field} to {0}: {1}",
    "Please change my {field} from {0} to {1}.",
    "Corrigez mon {field} : {0} au lieu de {1}.",
    "Please restrict the use of my data until {0} and {1} are checked.",
    "Send me a copy of my data since 2022, from {0} to {1}.",
    "Please transfer my data in a machine-readable form to {0}, or to {1}.",
    "Please delete the account of {0}, and of {1}.",
    "I withdraw my consent to the newsletter sent to {0} and {1}.",
)
_CODES = ("field", "purpose", "topic", "marketing")  # words of ours for what was meant


def _said(found: Any, name: str = "") -> list[str]:
    """List every text of the details that stands for something typed."""
    if isinstance(found, dict):
        return [text for key, value in found.items() if key not in _CODES for text in _said(value, key)]
    if isinstance(found, list | tuple):
        return [text for value in found for text in _said(value, name)]
    return [found] if isinstance(found, str) else []


def _bare(text: str) -> str:
    return "".join(text.casefold().split())


def test_the_model_reads_signs_that_nobody_typed() -> None:
    seen = normalise(with_links_as_one("https://a.example b@c.example 417"))
    assert seen.split() == ["urllink", "emailaddress", "0"]
    assert "https://a.example" in legible("see https://a.example")


@given(
    asked=st.sampled_from(_ASKED),
    field=st.sampled_from(sorted(FIELDS)),
    typed=st.tuples(st.sampled_from(_TYPED), st.sampled_from(_TYPED)),
    before=st.sampled_from(("", *_TYPED)),
)
def test_every_detail_stands_in_the_text_as_it_was_typed(
    reader: Reader, asked: str, field: str, typed: tuple[str, str], before: str
) -> None:
    text = f"{before}\n{asked.format(*typed, field=field.replace('_', ' '))}"
    reading = reader.read(text)
    every = [*_said(reading.details), *(holder.who for holder in reading.holders)]
    assert [value for value in every if _bare(value) not in _bare(text)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_ASKED[0].format(_TYPED[0]), "www.aubertin.example"),
        (_ASKED[1].format("www.delormeau.example"), "www.delormeau.example"),
        (_ASKED[0].format("Http://WWW.Aubertin.example"), "Http://WWW.Aubertin.example"),
    ],
)
def test_a_company_may_be_called_by_the_address_of_its_page(reader: Reader, text: str, expected: str) -> None:
    found = reader.read(text).details
    assert (found["field"], found["new_value"]) == ("company", expected)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Please correct my street: 12 rue des Lilas. My e-mail is ana@post.example", {"address"}),
        (
            "Please correct my address to 12 rue des Lilas, 75011 Paris. My email is ana@post.example.",
            {"address"},
        ),
        (
            "Corrigez mon adresse : 12 rue des Lilas, 75011 Paris. Mon e-mail est ana@post.example",
            {"address"},
        ),
        ("My new phone is +33 6 12 34 56 78. You can reach me by e-mail at ana@post.example", {"phone"}),
        (
            "Correct my address to 12 rue des Lilas and my new e-mail is ana@post.example",
            {"address", "email"},
        ),
        ("my new phone is +33 6 12 34 56 78 and I moved to 12 rue des Lilas", {"phone", "address"}),
        (
            "I moved to 12 rue des Lilas, 75011 Paris and my new phone is +33 6 12 34 56 78",
            {"phone", "address"},
        ),
        ("Change my e-mail to ana@post.example and my phone to +33 6 12 34 56 78", {"email", "phone"}),
    ],
)
def test_no_field_is_dropped_and_no_given_address_becomes_one(text: str, fields: set[str]) -> None:
    found = change_in(text)
    assert {found["field"], *(each["field"] for each in found.get("more_changes", ()))} == fields
