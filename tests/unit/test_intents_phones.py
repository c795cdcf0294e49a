"""A telephone number is one however it is written, never a client number, and corrects nothing where it only says who writes."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader
from intents.details import details_of

NUMBERS = (
    "020 7946 0999", "(020) 7946 0999", "02079460999", "0161 496 0123", "01632 960123", "(01632) 960 123", "07700 900321",
    "07700900321", "+44 20 7946 0999", "0044 20 7946 0999", "06 12 34 56 78", "06.12.34.56.78", "0612345678", "+33 6 12 34 56 78",
)  # fmt: skip
CALLED = (
    "client {}", "customer {}", "account {}", "client number {}", "customer no. {}", "client id: {}", "numéro client {}", "n° client {}",
    "numéro de client : {}", "I am a customer, {}", "Client: {}", "Kundennummer {}",
)  # fmt: skip
FORMS = ("{}", "{}, jane@example.com", "jane@example.com, {}", "{} / jane@example.com, delete my account")
CONTACT = (
    "my number is {}, mail jane@example.com",
    "My phone number is {} and my e-mail is jane@example.com.",
    "mon numéro est le {}, mail jeanne@exemple.fr",
    "Mon téléphone : {}, mon e-mail : jeanne@exemple.fr",
    "my number is {}, my customer number is 4471",
)
CORRECTED = (
    "my number is now {}, mail jane@example.com",
    "please change my number to {}, jane@example.com",
    "mon nouveau numéro est le {}, jeanne@exemple.fr",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_telephone_number_is_no_client_number_whatever_it_is_called(number: str) -> None:
    texts = [form.format(called.format(number)) for form, called in product(FORMS, CALLED)]
    found = [(text, details_of(text, ())) for text in texts]
    assert [(text, each) for text, each in found if "client_id" in each] == []
    assert [(text, each) for text, each in found if each.get("phone") != [number]] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_a_client_number_beside_it_is_one(number: str) -> None:
    for text in (
        f"client number 10042, phone {number}",
        f"call {number}, customer C-10042",
        f"client 10042 / {number}",
    ):
        found = details_of(text, ())
        assert found["client_id"][0].endswith("10042")
        assert found["phone"] == [number]


def test_what_stands_behind_a_number_is_no_part_of_it() -> None:
    assert details_of("06 12 34 56 78, 12 rue des Lilas", ())["phone"] == ["06 12 34 56 78"]
    assert details_of("06 12 34 56 78 5 rue des Lilas", ())["phone"] == ["06 12 34 56 78"]
    assert details_of("client 0042", ()) == {"client_id": ["0042"]}
    assert details_of("client C-0612345678", ()) == {"client_id": ["C-0612345678"]}


@pytest.mark.parametrize("number", NUMBERS)
def test_who_says_how_to_be_reached_corrects_nothing(reader: Reader, number: str) -> None:
    texts = [form.format(number) for form in CONTACT]
    read = [(text, reader.read(text)) for text in texts]
    assert [(text, found.rights) for text, found in read if "rectification" in found.rights] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_asked_beside_a_number_is_opened(reader: Reader, number: str) -> None:
    texts = (
        f"My number is {number}, mail jane@example.com, delete my account",
        f"Delete my account. My number is {number}, my e-mail jane@example.com.",
        f"supprimez mon compte, mon numéro est le {number}, mail jeanne@exemple.fr",
        f"Mon téléphone : {number}, mon e-mail : jeanne@exemple.fr. Je veux une copie de mes données.",
    )
    read = [(text, reader.read(text)) for text in texts]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "request"] == []
    assert all(found.rights <= {"erasure", "access"} for _, found in read)


def test_a_number_that_is_new_is_corrected(reader: Reader) -> None:
    texts = [form.format("020 7946 0999") for form in CORRECTED]
    assert [text for text in texts if "rectification" not in reader.read(text).rights] == []
