"""A correction after which nothing is to stand there: nobody is asked for a value, and nobody can say yes to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.casework.requests.rectification import is_whole
from assistant.domain.rectifying import Change, Changes
from handlers.rectification import Rectification

PARTS = [
    (),
    (Change("phone"),),
    (Change("phone", new="+33 6 12 34 56 78"),),
    (Change("phone"), Change("last_name", new="Kervella")),
    (Change("city", either=("Brest", "Quimper")),),
]


@pytest.mark.parametrize("parts", PARTS)
def test_no_yes_is_taken_for_what_is_to_be_emptied(parts: tuple[Change, ...]) -> None:
    changes = Changes(parts, to_empty=True)
    assert not is_whole(changes)
    assert is_whole(replace(changes, to_empty=False)) is bool(parts and not changes.unsettled)


@pytest.mark.parametrize("parts", PARTS)
def test_what_is_to_be_emptied_is_kept_as_such_and_asked_about_no_more(parts: tuple[Change, ...]) -> None:
    details = Changes(parts, to_empty=True).as_details()
    assert Changes.of(details) == Changes(parts, to_empty=True)
    assert Rectification().missing(details) is None
    assert Rectification().missing(Changes(parts).as_details()) is not None
