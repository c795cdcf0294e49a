"""Whose account or data a message says it is about, and who signs it; in time linear to its length."""

from __future__ import annotations

import time

import pytest

from intents.holders import as_mine, holders_in, signed_by


@pytest.mark.parametrize(
    ("text", "who", "mine"),
    [
        ("Delete the account of Boris Petrov.", "Boris Petrov", "Delete my account."),
        ("Erase Boris Petrov's account", "Boris Petrov", "Erase my account"),
        ("Please delete Boris's data", "Boris", "Please delete my data"),
        (
            "Delete the account boris@other.example, please",
            "boris@other.example",
            "Delete my account, please",
        ),
        ("Supprimez le compte de Mme Odile Vasseur.", "Odile Vasseur", "Supprimez mon compte."),
        ("Forget Boris Petrov", "Boris Petrov", "Forget my data"),
    ],
)
def test_who_is_named_as_the_one_concerned(text: str, who: str, mine: str) -> None:
    holders = holders_in(text)
    assert [holder.who for holder in holders] == [who]
    assert as_mine(text, holders) == mine


@pytest.mark.parametrize(
    "text",
    [
        "Please delete my account boris@other.example",
        "Please delete the e-mail account boris@my-domain.example",
        "Delete the ftp account of Boris",
        "Delete my account on Facebook",
        "All data about me under Article 15 GDPR",
        "Effacez toutes les données de mon compte",
        "The data of our Company",
    ],
)
def test_what_names_nobody_else(text: str) -> None:
    assert holders_in(text) == ()


def test_who_signs_stands_below_the_closing_words() -> None:
    assert signed_by("Erase it.\n\nKind regards,\nBoris Petrov\nboris@other.example") == (
        "Boris Petrov",
        "boris@other.example",
    )
    assert signed_by("Write to boris@other.example, thanks") == ()


@pytest.mark.parametrize("piece", ["account ", "Account of ", "A'a", "data of Abc Def ", "regards\n", "a@b."])
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    def taken(characters: int) -> float:
        text = piece * (characters // len(piece))
        before = time.process_time()
        holders_in(text)
        signed_by(text)
        return time.process_time() - before

    taken(1_000)
    assert taken(400_000) < 1
