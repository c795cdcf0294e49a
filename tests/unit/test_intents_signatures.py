"""By which title a mail is signed asks for nothing, wherever its signature begins; the same words as a wish do."""

from __future__ import annotations

import time
from typing import Final

import pytest

from intents import Reader
from intents.signatures import without_titles

ORDINARY: Final = {
    "en": "Hello, could you quote us a cluster of five nodes for next spring?",
    "fr": "Bonjour, notre boutique en ligne ne répond plus depuis ce matin.",
}
TITLES: Final = [
    "Head of Marketing",
    "Marketing Manager",
    "VP Growth & Marketing",
    "Chief Marketing Officer (CMO)",
    "Advertising Sales Executive",
    "Marketing and Communications",
    "Newsletter & CRM Manager",
    "Responsable marketing digital",
    "Directrice marketing et communication",
    "Directeur commercial",
    "Chargée de prospection",
    "Service commercial et publicité",
    "Pôle publicité",
    "Marketing",
    "Data Protection Officer",
]
SIGNED: Final = [
    "Kind regards,\nOda Lindqvist\n{}\nHavre Ltd",
    "Oda Lindqvist\n{}",
    "Bien cordialement,\n\nOda Lindqvist\n{}\nHavre Publicité SARL\n06 11 22 33 44\noda@havre.example",
    "Oda Lindqvist | {} | Havre",
    "Merci\nOda Lindqvist, {}, Havre Media Group",
    "Oda Lindqvist - {} at Havre Agency\nwww.havre.example",
]


@pytest.mark.parametrize("signed", SIGNED)
@pytest.mark.parametrize("language", ORDINARY)
def test_a_signature_asks_nothing(reader: Reader, language: str, signed: str) -> None:
    for title in TITLES:
        text = f"{ORDINARY[language]}\n\n{signed.format(title)}"
        assert reader.read(text).decision == "none", text


@pytest.mark.parametrize(
    "wish",
    [
        "Stop Marketing",
        "No more marketing",
        "Plus de publicité",
        "Please stop\nmarketing",
        "Direct Marketing Opt-Out",
        "Désinscription\nPublicité",
        "Please take me off your mailing list.",
        "Objection to Direct Marketing",
    ],
)
@pytest.mark.parametrize(
    "signed", ["", "Oda Lindqvist", "Oda Lindqvist\nMarketing Manager\nHavre Ltd", "Merci"]
)
def test_a_wish_above_a_signature_stays_one(reader: Reader, wish: str, signed: str) -> None:
    reading = reader.read(f"Hello,\n{wish}\n{signed}")
    assert reading.decision == "request"
    assert {intent.name for intent in reading.intents} & {"objection", "consent_withdrawal"}


def test_what_is_nothing_but_a_signature_stays_whole() -> None:
    assert without_titles("Marketing") == "Marketing"
    assert without_titles("Oda Lindqvist\nMarketing Manager") == "Oda Lindqvist\nMarketing Manager"


def test_addresses_in_a_signature_are_kept() -> None:
    assert "oda@havre.example" in without_titles(
        "Our site is down.\nOda Lindqvist | Marketing | oda@havre.example"
    )


def test_long_signatures_cost_no_more_than_their_length() -> None:
    began = time.process_time()
    without_titles("x\n" + "Marketing & " * 50_000 + "\nHead of Marketing" * 20_000)
    assert time.process_time() - began < 1
