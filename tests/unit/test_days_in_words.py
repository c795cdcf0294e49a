"""A day reads as its language writes it, wherever a person reads one: in French the first is the « 1er », and only that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from assistant.disclosure.words import words as words_of_copies
from assistant.replies import Texts
from assistant.web.console.words import words_of as words_of_console
from tests.unit.replies.samples import facts

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
FIRST = {"en": "1", "fr": "1er"}


def writers(language: str) -> Iterator[Callable[[date], str]]:
    """Give everything that writes a day in words."""
    yield Texts.load(desk=facts()).labels(language).day
    yield words_of_copies(language, "Europe/Paris").day
    console = words_of_console(language, "Europe/Paris")
    yield console.short_day
    yield console.short_date


@pytest.mark.parametrize("language", FIRST)
def test_every_day_of_a_year_is_written_as_its_language_does(language: str) -> None:
    for write in writers(language):
        for day in DAYS:
            number = FIRST[language] if day.day == 1 else str(day.day)
            assert re.findall(r"\b\d{1,2}(?:er)?\b", write(day)) == [number], f"{write}: {day}"
