"""What people write for a day or for yes and no, in the languages of the desk."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_MONTHS: Final = (
    ("jan", "janv"),
    ("feb", "fév", "fev", "févr"),
    ("mar", "mars"),
    ("apr", "avr", "avri"),
    ("may", "mai"),
    ("jun", "juin"),
    ("jul", "juil"),
    ("aug", "août", "aout"),
    ("sep", "sept"),
    ("oct", "octo"),
    ("nov", "nove"),
    ("dec", "déc", "dece", "déce"),
)
_NUMERIC: Final = re.compile(r"(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{4})")
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST: Final = re.compile(
    r"(?:the\s+|le\s+)?(\d{1,2})(?:st|nd|rd|th|er)?\s+(?:of\s+)?([^\W\d]{3,9})\.?,?\s+(\d{4})"
)
_MONTH_FIRST: Final = re.compile(r"([^\W\d]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_YES: Final = frozenset({"yes", "true", "1", "oui", "vrai", "on"})
_NO: Final = frozenset({"no", "false", "0", "non", "faux", "off"})
_LONGEST: Final = 40


def day_in(text: str) -> date | None:
    """Read a day, whatever way it is written; in figures the day stands before the month, as in Europe."""
    said = text.strip().lower().rstrip(".")
    if len(said) > _LONGEST:
        return None
    if hit := _ISO.fullmatch(said):
        return _date(hit[1], int(hit[2]), hit[3])
    if hit := _NUMERIC.fullmatch(said):
        return _date(hit[3], int(hit[2]), hit[1])
    if hit := _DAY_FIRST.fullmatch(said):
        return _date(hit[3], _month(hit[2]), hit[1])
    if hit := _MONTH_FIRST.fullmatch(said):
        return _date(hit[3], _month(hit[1]), hit[2])
    return None


def yes_or_no(text: str) -> bool | None:
    """Read a yes or a no; None if it is neither."""
    said = text.strip().lower().rstrip(".!")
    return True if said in _YES else False if said in _NO else None


def _month(word: str) -> int:
    stems = ((number, stem) for number, words in enumerate(_MONTHS, 1) for stem in words)
    fitting = [(len(stem), number) for number, stem in stems if word.startswith(stem)]
    return max(fitting, default=(0, 0))[1]


def _date(year: str, month: int, day: str) -> date | None:
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None
