"""Countries as people write them, and their codes (ISO 3166)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from babel import Locale, localedata
from babel.languages import get_official_languages

from assistant.domain.law import read_law

READ_LANGUAGES: Final = ("en", "fr", "de", "es", "it", "nl", "pt", "et", "ru", "pl")
_CODE: Final = re.compile(r"[A-Z]{2}")
_NO_COUNTRY: Final = {"EU", "EZ", "UN", "XA", "XB", "ZZ"}  # what else Unicode gives two letters
_LONGEST: Final = 80
_ARTICLE: Final = re.compile(r"^(?:the|les|le|la|l) ")


@cache
def _codes() -> Mapping[str, str]:
    text = (files(__package__) / "countries.toml").read_text(encoding="utf-8")
    return {_plain(name): code for code, names in tomllib.loads(text).items() for name in (code, *names)}


def code_of_country(name: str) -> str | None:
    """Give the code of a country by any of its names; None for what is none of those known."""
    return country_in_address(name) or _named().get(_plain(name))


@cache
def _named() -> Mapping[str, str]:
    """Give codes by what countries are called in the languages that are read here, and in their own."""
    known = [Locale(language) for language in READ_LANGUAGES]
    codes = [
        code for code in map(str, known[0].territories) if _CODE.fullmatch(code) and code not in _NO_COUNTRY
    ]
    named = {_plain(code): code for code in codes}
    for code in codes:
        spoken = [Locale.parse(each) for each in get_official_languages(code) if localedata.exists(each)]
        for locale in (*known, *spoken):
            named.setdefault(_plain(str(locale.territories.get(code, code))), code)
    return named


def is_outside_eea(code: str) -> bool:
    """Tell whether what goes to a country is transferred to a third country (GDPR 44)."""
    return code not in read_law("eea")["countries"]


def country_in_address(name: str) -> str | None:
    """Give the code of a country as it is written at the end of an address, where two letters may be a province."""
    return _codes().get(_plain(name))


def _plain(name: str) -> str:
    """Give a name without its case, accents, marks and article: *les États-Unis* is *etats unis*."""
    bare = unicodedata.normalize("NFKD", name[:_LONGEST].casefold().replace("&", " and "))
    letters = "".join(" " if not each.isalnum() else each for each in bare if not unicodedata.combining(each))
    return _ARTICLE.sub("", " ".join(letters.split()))
