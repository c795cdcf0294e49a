"""The law as data: every right has its grounds, and nothing dangles."""

from __future__ import annotations

import pytest

from assistant.domain.grounds import (
    NoSuchGround,
    authorities,
    ground,
    grounds_for,
)
from assistant.domain.law import read_law
from assistant.domain.rights import Right

MARKETING = [Right.OBJECTION, Right.CONSENT_WITHDRAWAL]
NEVER_REFUSED = [Right.CONSENT_WITHDRAWAL, Right.COMPLAINT]


@pytest.mark.parametrize("right", MARKETING)
def test_against_marketing_there_is_no_ground(right: Right) -> None:
    assert grounds_for(right, marketing=True) == ()


def test_marketing_changes_nothing_for_other_rights() -> None:
    assert grounds_for(Right.ERASURE, marketing=True) == grounds_for(Right.ERASURE)


@pytest.mark.parametrize("right", Right)
def test_only_withdrawal_and_complaint_can_never_be_refused(right: Right) -> None:
    assert bool(grounds_for(right)) == (right not in NEVER_REFUSED)


def test_every_ground_names_its_article_and_asks_for_a_reason() -> None:
    for right in Right:
        for each in grounds_for(right):
            assert each.article.startswith("GDPR "), each.name
            assert "reason" in each.requires, each.name
            assert each.text.endswith("."), each.name


def test_every_row_says_how_certain_it_is() -> None:
    tables = [read_law("grounds"), read_law("authorities"), read_law("periods")]

    for table in tables:
        for name, row in table.items():
            assert row["certainty"] in {"read", "to_check", "choice"}, name


def test_the_exceptions_to_erasure_are_the_five_of_article_17_3() -> None:
    exceptions = [each.article for each in grounds_for(Right.ERASURE) if "17(3)" in each.article]

    assert exceptions == [f"GDPR 17(3)({letter})" for letter in "abcde"]


def test_what_a_law_keeps_must_be_named_with_its_end() -> None:
    assert ground("legal_obligation", Right.ERASURE).requires == ("reason", "law", "kept_until")


@pytest.mark.parametrize(
    ("name", "right", "marketing", "hint"),
    [
        ("data_accurate", Right.ERASURE, False, "choose one of manifestly_unfounded"),
        ("no such", Right.ACCESS, False, "access_rights_of_others"),
        ("excessive", Right.COMPLAINT, False, "it cannot be refused"),
        ("excessive", Right.OBJECTION, True, "it cannot be refused"),
    ],
)
def test_a_ground_the_right_does_not_know_is_refused(
    name: str, right: Right, marketing: bool, hint: str
) -> None:
    with pytest.raises(NoSuchGround, match=hint):
        ground(name, right, marketing=marketing)


def test_both_authorities_can_be_reached() -> None:
    aki, cnil = authorities()

    assert (aki.key, aki.country, aki.phone, aki.email) == ("AKI", "EE", "+372 627 4135", "info@aki.ee")
    assert (cnil.key, cnil.country, cnil.phone) == ("CNIL", "FR", "+33 1 53 73 22 22")
    assert cnil.website == "https://www.cnil.fr/fr/plaintes"
