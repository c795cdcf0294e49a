"""Picks up what a right needs where it stands in the text: identifiers, fields, purposes, periods."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from intents.awaiting import EMAIL, limits_from_start
from intents.holders import without_signature
from intents.narrowing import erased_details
from intents.purposes import is_marketing, purposes_of, topics_of
from intents.rectifying import CALLED_NEW, change_in, fields_in
from intents.wording import matcher

BARE_CHARACTERS: Final = 60
_ID: Final = r"((?:[A-Za-z]{1,4}-?|[A-Za-z] )?(?:\d{3,10}|\d(?: \d){2,9}(?! ?\d)))\b(?![-/\u2010-\u2015\u2212]\w| \d{3})"
_CLIENTS: Final = (
    matcher(rf"\b<client_number>\s*(?:<is>\b|[-.:#°=]{{1,2}})?\s*{_ID}"),
    matcher(rf"\b<client>(?:\s*<number_sign>)?\s*[-.:#°]{{0,2}}\s*{_ID}"),
)
_INVOICE: Final = matcher(r"\b<invoice>(?:\s*<number_sign>)?\s*[.:#]?\s*([A-Za-z]{0,5}[-/]?\d[\w/-]{1,20})")
_DOMAIN: Final = re.compile(
    r"(?<![@\w.-])(?:https?://)?(?:www\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}"
    r"(?:com|net|org|eu|fr|de|es|it|nl|pt|ee|ru|pl|io|info|biz|dev|app|shop|uk|be|ch|at|example|test))\b(?!@)",
    re.IGNORECASE,
)
# Digits in pairs, and as they are grouped behind a dialling code; each group of one length, or what follows would be taken for a part.
_PHONE: Final = re.compile(
    r"(?<![\w@.-])(?:(?:\+|00)\d(?:[\s.()-]{0,2}\d){7,13}|0\d(?:[\s.-]\d\d){4}|\(?0\d\d\)?[\s.-]?\d{4}[\s.-]?\d{4}"
    r"|\(?0\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4}|\(?0\d{4}\)?[\s.-]?\d{3}[\s.-]?\d{3}|0\d{2,4}[ /-]\d{6,8}|0\d(?:[\s.-]?\d){8})(?!\w)"
)
# No client number.
_BEGINS_WITH_NOUGHT: Final = re.compile(r"(?<![\w@.-])\(?(?:\+|0)\d(?:[\s()./-]{0,2}\d){7,13}(?!\w)")
_DATE: Final = (
    r"(?:(?:\d{1,2}<day_sign>?\s+(?:de\s+|of\s+)?)?(?:[^\W\d]+\s+(?:del?\s+|of\s+)?)?(?:19|20)\d\d"
    r"(?:\.\s+aasta(?:\s+[^\W\d]+)?)?|\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d)"
)
_PERIOD: Final = matcher(
    rf"\b(?:<since>\s+(?:<the>\s+)?{_DATE}(?:\s*<up_to>\s+(?:<the>\s+)?{_DATE})?|<in_year>\s+(?:19|20)\d\d"
    r"|(?:<the>\s+)?<last>\s+(?:[^\W_]+\s+)?<unit>"
    r"|(?:(?:<the>\s+|l[’'])?(?:[^\W_]+\s+)?)derni(?:er|ère)s?\s+<unit>)\b"  # in French it stands after the number
)
_UNTIL: Final = matcher(r"\b<until>\b(?:[^.;!?\n]|[.?](?=\w)){2,120}")
_DIGIT_OR_DOT: Final = re.compile(r"\d|\.\w")  # without either, nothing but an address is named


def _each(pattern: re.Pattern[str], text: str) -> list[str]:
    found = (next((part for part in hit.groups() if part), hit.group()) for hit in pattern.finditer(text))
    return list(dict.fromkeys(value.strip() for value in found))


def _identifiers(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rest = text
    if "@" in text:
        if emails := [email.rstrip(".-") for email in _each(EMAIL, text)]:
            found["email"] = list(dict.fromkeys(emails))
        rest = EMAIL.sub(" ", text)
    if not _DIGIT_OR_DOT.search(rest):
        return found
    without_phones = _BEGINS_WITH_NOUGHT.sub(",", rest)
    clients = [
        token.upper().replace(" ", "") for pattern in _CLIENTS for token in _each(pattern, without_phones)
    ]
    named = {
        "client_id": list(dict.fromkeys(clients)),
        "invoice": [token.upper() for token in _each(_INVOICE, rest)],
        "domain": [name.lower() for name in _each(_DOMAIN, rest)],
        "phone": _each(_PHONE, rest),
    }
    return found | {name: values for name, values in named.items() if values}


_WEB: Final = re.compile(r"https://[^\s<>\"]{4,500}")


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    hit = pattern.search(text)
    return hit.group().strip() if hit else None


def details_of(text: str, intents: tuple[str, ...], ending: str | None = None) -> dict[str, Any]:
    """Give what was found, as plain JSON values; absent keys were not found. Uses end that `ending` names."""
    found = _identifiers(text)
    wanted = set(intents)
    if "rectification" in wanted:
        found |= change_in(text)
    if wanted & {"objection", "consent_withdrawal"}:
        ending = text if ending is None else ending
        found |= _use(ending, bare=len(ending) <= BARE_CHARACTERS)
    if "erasure" in wanted and limits_from_start(text):
        found["limited"] = True
    if "access" in wanted:
        found |= {"topic": topics_of(text), "period": _first(_PERIOD, text)}
    if "restriction" in wanted:
        found |= {"until": _first(_UNTIL, text)}
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def emptied_in(sentences: Sequence[str], found: Mapping[str, Any]) -> list[str] | bool:
    """Give the fields of the details to be erased that get no new value; true where what is named is no field, false where nothing is."""
    erased = erased_details(sentences)
    if erased is None:
        return False
    told = {each.get("field") for each in (found, *found.get("more_changes", ())) if each.get("new_value")}
    named = list(dict.fromkeys(field for each in erased for field in fields_in(each)))
    return [field for field in named if field not in told] or not named


def names_use(text: str) -> bool:
    """Tell whether a text names a use of data."""
    use = _use(text, bare=len(text) <= BARE_CHARACTERS)
    return bool(use["purpose"] or use["marketing"])


def of_ending(text: str, named: Sequence[str], corrected: Collection[str]) -> list[str]:
    """Give those of the addresses and numbers in a message that the end of a use is about.

    What is to be entered somewhere is of its correction, and a number in a signature says how its writer is reached,
    unless calls are what is to end.
    """
    body = without_signature(text)
    parts = _PARTS.split(text[:_MOST_CHARACTERS])
    ends = [part for part in parts if _ENDS.search(part)]
    new = [part for part in parts if CALLED_NEW.search(part)]
    calls = _CALLS.search(body[:_MOST_CHARACTERS])

    def is_meant(each: str) -> bool:
        if each in corrected or any(each in part for part in new):
            return any(each in part for part in ends)
        return "@" in each or each in body or calls is not None

    return [each for each in named if is_meant(each)]


def ends_for_writer_too(text: str) -> bool:
    """Tell whether a use is to end for the writer beside the addresses that are named: *stop sending me …, same for anna@…*.

    Where the writer is reached is no other address: *unsubscribe me, my address is anna@…*, *nothing to me at anna@…*.
    """
    plain = _ADDRESS.sub("@", text[:_MOST_CHARACTERS])
    return bool(_BESIDE.search(plain)) and any(
        _OF_WRITER.search(part) and "@" not in part for part in _PARTS.split(plain)
    )


_MOST_CHARACTERS: Final = 20_000
_ADDRESS: Final = re.compile(r"[\w.+%'’-]{1,64}@[\w.-]{1,255}")
_OF_WRITER: Final = re.compile(
    r"\b(?:me|myself|us|moi|nous|je ne (?:veux|souhaite|d[ée]sire)|i (?:do not|don['’]?t|no longer) (?:want|wish))\b|\bm['’]"
    r"|\b(?:my|mon|mes) (?:own )?(?:e-?mail )?(?:address|mail|e-mail|adresse|newsletter|subscription|abonnement)",
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(
    r"\b(?:same|too|also|as well|likewise|ditto|neither|either|aussi|non plus|ainsi que|de m[êe]me|m[êe]me chose|pareil|idem|[ée]galement)\b"
    r"|\b(?:and|et|ni) (?:(?:to|for|from|of|[àa]|pour|de) )?(?:my|our|ma|mon|mes|notre|nos|me|moi|myself)\b"
    r"|\b(?:me|myself|address|mail|moi|adresse) (?:and|et) @",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(r"[,;!?\n]|\.(?=\s|$)|\s(?:and|but|then|et|mais|puis)\s")
_ENDS: Final = re.compile(
    r"\b(?:stop|no more|no longer|don['’]?t|do not|never|unsubscri|remove|opt|arr[êe]t|cess|d[ée]sabonn|d[ée]sinscri|plus (?:de|aucun|recevoir|vos|me)|retir)",
    re.IGNORECASE,
)
_CALLS: Final = re.compile(r"\b(?:call|phon|ring|sms|text|appel|t[ée]l[ée]phon|d[ée]march)", re.IGNORECASE)


def where_to(text: str) -> str | None:
    """Give the one web address of a message: where the data should be sent; two are for a person to read."""
    addresses = [address.rstrip(".,;:!?)»”'\"") for address in _WEB.findall(text)]
    return addresses[0] if len(set(addresses)) == 1 else None


def _use(text: str, *, bare: bool) -> dict[str, Any]:
    purposes = purposes_of(text)
    return {"purpose": purposes, "marketing": is_marketing(text, purposes, bare=bare)}
