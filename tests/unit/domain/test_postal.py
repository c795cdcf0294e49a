"""An address is taken apart as people write it, and what it does not say is left open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.countries import code_of_country
from assistant.domain.postal import parts_of
from assistant.domain.spoken import day_in, yes_or_no


@pytest.mark.parametrize(
    ("text", "street", "postcode", "city", "country"),
    [
        ("12 rue des Lilas, 75011 Paris", "12 rue des Lilas", "75011", "Paris", None),
        ("5 Long Street, London N1 2AB England", "5 Long Street", "N1 2AB", "London", "England"),
        ("5 Long Street London N1 2AB England", "5 Long Street London", "N1 2AB", None, "England"),
        (
            "12 rue des Lilas, appt 4, 75011 Paris, France",
            "12 rue des Lilas, appt 4",
            "75011",
            "Paris",
            "France",
        ),
        ("8 impasse du Moulin 35000 Rennes", "8 impasse du Moulin", "35000", "Rennes", None),
        ("12 rue des Lilas\n75011 Paris\nFrance", "12 rue des Lilas", "75011", "Paris", "France"),
        ("14 Quarry Lane, Leeds LS6 2AB", "14 Quarry Lane", "LS6 2AB", "Leeds", None),
        ("14 Quarry Lane, Leeds, LS6 2AB, UK", "14 Quarry Lane", "LS6 2AB", "Leeds", "UK"),
        ("22 Main St, Dublin D02 X285, Ireland", "22 Main St", "D02 X285", "Dublin", "Ireland"),
        ("Hauptstr. 5, 10115 Berlin, Deutschland", "Hauptstr. 5", "10115", "Berlin", "Deutschland"),
        ("Keizersgracht 12, 1015 CJ Amsterdam", "Keizersgracht 12", "1015 CJ", "Amsterdam", None),
        ("Rua Nova 3, 1100-123 Lisboa, Portugal", "Rua Nova 3", "1100-123", "Lisboa", "Portugal"),
        ("ul. Długa 4/5, 00-238 Warszawa", "ul. Długa 4/5", "00-238", "Warszawa", None),
        ("Storgatan 3, 114 55 Stockholm", "Storgatan 3", "114 55", "Stockholm", None),
        ("12 rue du Fort, L-1234 Luxembourg", "12 rue du Fort", "L-1234", "Luxembourg", None),
        ("10 rue Haute 1000 Bruxelles", "10 rue Haute", "1000", "Bruxelles", None),
        ("1200 Long Road, Durham", "1200 Long Road", None, "Durham", None),
        ("12 Green Street", "12 Green Street", None, None, None),
        ("Lyon", None, None, "Lyon", None),
    ],
)
def test_an_address_is_taken_apart(
    text: str, street: str | None, postcode: str | None, city: str | None, country: str | None
) -> None:
    said = {"street": street, "postcode": postcode, "city": city, "country": country}
    assert parts_of(text) == {name: value for name, value in said.items() if value}


@given(st.text(max_size=400))
def test_any_text_is_taken_apart_without_inventing_anything(text: str) -> None:
    said = " ".join(text.split())
    for value in parts_of(text).values():
        for piece in value.split(", "):
            assert piece in " ".join(said.replace(",", " ").replace(";", " ").split()) or piece in said


def test_countries_days_and_answers_are_read_in_words() -> None:
    assert (code_of_country("Allemagne"), code_of_country("Eesti"), code_of_country("Atlantis")) == (
        "DE",
        "EE",
        None,
    )
    days = ["3 March 1984", "le 3 mars 1984", "03/03/1984", "1984-03-03", "March 3rd, 1984", "3.3.1984"]
    assert {str(day_in(text)) for text in days} == {"1984-03-03"}
    assert [day_in(text) for text in ("31 février 1984", "yesterday", "")] == [None, None, None]
    assert (yes_or_no("Oui."), yes_or_no("no"), yes_or_no("perhaps")) == (True, False, None)
