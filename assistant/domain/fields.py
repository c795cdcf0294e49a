"""What a field of a person's data can hold at all: whatever else was typed is asked for again, and never stored."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from assistant.domain.addresses import normal_phone, phones_in, well_formed
from assistant.domain.countries import code_of_country, country_in_address
from assistant.domain.spoken import day_in

DAYS: Final = frozenset({"date_of_birth", "birth_date"})
_LONGEST: Final = 160
_ALWAYS_A_PHONE: Final = 8  # digits with nothing but spaces and signs between them: no street, town or name
_LONGEST_CODE: Final = 3  # letters by which a country is called for short
_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGIT: Final = re.compile(r"\d")
_PAGE: Final = re.compile(r"\bwww\.", re.IGNORECASE)  # what begins with a scheme is kept out of every field
_POSTCODE: Final = re.compile(r"(?=.*\d)(?!.*[A-Z]{4})[A-Z\d][A-Z\d -]{2,9}", re.IGNORECASE)
_TAX_ID: Final = re.compile(r"(?=(?:.*\d){4})[A-Z\d][A-Z\d ./-]{4,23}", re.IGNORECASE)


def can_hold(name: str, value: str) -> bool:
    """Tell whether a field can hold a value; of a field that only an operator knows, whether it is plain words."""
    if not value or len(value) > _LONGEST or "?" in value or "://" in value:
        return False
    if says_nothing(value):
        return False
    return _BY_FIELD.get(name, _is_words)(value.strip())


def says_nothing(text: str) -> bool:
    """Tell whether an answer is made of a yes, a no, thanks or nothing alone: the value of no field."""
    words = _plain(text)
    known, longest = _no_values()
    at = 0
    while at < len(words):
        ends = range(min(len(words), at + longest), at, -1)
        if (end := next((end for end in ends if words[at:end] in known), None)) is None:
            return False
        at = end
    return bool(words)


@cache
def _no_values() -> tuple[frozenset[tuple[str, ...]], int]:
    told = tomllib.loads((files(__package__) / "no_values.toml").read_text(encoding="utf-8"))
    known = frozenset(_plain(each) for spoken in told.values() for each in spoken)
    return known, max(map(len, known))


def _plain(text: str) -> tuple[str, ...]:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return tuple(re.findall(r"\w+", "".join(each for each in bare if not unicodedata.combining(each))))


def _is_country(value: str) -> bool:
    return code_of_country(value) is not None


def _is_email(value: str) -> bool:
    return well_formed(value) is not None


def _is_phone(value: str) -> bool:
    return normal_phone(value) is not None and bool(phones_in(value))


def _is_day(value: str) -> bool:
    return day_in(value) is not None


def _is_postcode(value: str) -> bool:
    return _POSTCODE.fullmatch(value) is not None and not _is_other_form(value)


def _is_tax_id(value: str) -> bool:
    return _TAX_ID.fullmatch(value) is not None and not _is_day(value) and "+" not in value


def _is_name(value: str) -> bool:
    """Tell whether it can name a person: in letters, without a figure or an address of a page."""
    return _is_words(value) and not _DIGIT.search(value) and not _PAGE.search(value)


def _is_town(value: str) -> bool:
    """Tell whether it can be a town: *UK* and *USA* are countries, while *Luxembourg* is both."""
    return _is_words(value) and not (len(value) <= _LONGEST_CODE and country_in_address(value))


def _is_words(value: str) -> bool:
    return _LETTER.search(value) is not None and not _is_other_form(value)


def _is_other_form(value: str) -> bool:
    """Tell whether it is an e-mail address, a day or a number that is called: what has a form of its own."""
    called = normal_phone(value)
    return "@" in value or _is_day(value) or (called is not None and len(called) >= _ALWAYS_A_PHONE)


_BY_FIELD: Final[Mapping[str, Callable[[str], bool]]] = {
    "email": _is_email,
    "phone": _is_phone,
    "postcode": _is_postcode,
    "tax_id": _is_tax_id,
    "country": _is_country,
    "city": _is_town,
    **dict.fromkeys(("first_name", "last_name", "name"), _is_name),
    **dict.fromkeys(DAYS, _is_day),
}
