"""A postal address taken apart, as people in Europe write it; what is not said is left open, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from assistant.domain.countries import country_in_address

PARTS: Final = ("street", "postcode", "city", "country")
_LONGEST: Final = 300
_POSTCODES: Final = tuple(
    re.compile(rf"(?<![\w-]){form}(?![\w-])", re.IGNORECASE)
    for form in (
        r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",  # United Kingdom
        r"[A-Z]\d[\dW] ?[A-Z\d]{4}",  # Ireland
        r"\d{4} ?[A-Z]{2}(?= +[^\W\d])",  # Netherlands
        r"\d{4}-\d{3}",  # Portugal
        r"\d{2}-\d{3}",  # Poland
        r"(?:[A-Z]{1,3}-? ?)?\d{4,5}(?= +[^\W\d]|, *[^\W\d]|$)",  # most others
        r"\d{3} \d{2}(?= +[^\W\d])",  # Sweden, Czechia, Slovakia, Greece
    )
)
_DIGIT: Final = re.compile(r"\d")


def parts_of(text: str) -> dict[str, str]:
    """Give street, postcode, city and country of an address, each only where it stands there."""
    segments = [" ".join(each.split()) for each in re.split(r"[,;\n]", text[:_LONGEST])]
    segments = [each.strip(" .") for each in segments if each.strip(" .")]
    found: dict[str, str] = {}
    if segments and country_in_address(segments[-1]) and (len(segments) > 1 or not _DIGIT.search(text)):
        found["country"] = segments.pop()
    rest = ", ".join(segments)
    if (hit := _postcode(rest)) is None:
        return {**_without_postcode(segments), **found}
    before, after = rest[: hit.start()].strip(" ,"), rest[hit.end() :].strip(" ,")
    found["postcode"] = hit.group().strip()
    street, city = (before, after) if after else _town_last(before)
    if city and "country" not in found:
        city, found = _country_behind(city, found)
    is_british = found["postcode"][0].isalpha() and " " in found["postcode"]
    if after and country_in_address(city) and (", " in before or is_british):  # Luxembourg is a town too
        found["country"] = city
        street, city = _town_last(before)
    return found | {name: value for name, value in (("street", street), ("city", city)) if value}


def as_one(parts: Mapping[str, str]) -> str:
    """Write the parts of an address in one line."""
    town = " ".join(filter(None, (parts.get("postcode"), parts.get("city"))))
    return ", ".join(filter(None, (parts.get("street"), town, parts.get("country"))))


def _postcode(text: str) -> re.Match[str] | None:
    """Find the postcode: the last thing of that form that is no house number, which begins the address."""
    for pattern in _POSTCODES:
        hits = [hit for hit in pattern.finditer(text) if _is_no_house_number(text, hit)]
        if hits:
            return hits[-1]
    return None


def _is_no_house_number(text: str, hit: re.Match[str]) -> bool:
    before, after = text[: hit.start()].strip(" ,"), text[hit.end() :].strip(" ,")
    if before or not after:
        return bool(before)
    return not _DIGIT.search(after) and "," not in after  # "35000 Rennes" alone, and not "1200 Long Road, …"


def _town_last(before: str) -> tuple[str, str]:
    street, comma, town = before.rpartition(", ")
    return (street, town) if comma else (before, "")


def _country_behind(city: str, found: dict[str, str]) -> tuple[str, dict[str, str]]:
    words = city.replace(",", "").split()
    for number in (1, 2, 3):
        name = " ".join(words[-number:])
        if len(words) > number and len(name) > len("UK") - 1 and country_in_address(name):
            return " ".join(words[:-number]), {**found, "country": name}
    return city, found


def _without_postcode(segments: Sequence[str]) -> dict[str, str]:
    if len(segments) > 1 and not _DIGIT.search(segments[-1]):
        return {"street": ", ".join(segments[:-1]), "city": segments[-1]}
    if not segments:
        return {}
    only = ", ".join(segments)
    return {"street": only} if _DIGIT.search(only) else {"city": only}
