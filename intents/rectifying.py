"""Finds which field of their data a person corrects, and the old and new value where both stand there."""

# ruff: noqa: E501 - a table of words reads best with one field a line

from __future__ import annotations

import re
from typing import Final

from intents.wording import matcher, words_of

FIELDS: Final = {
    "email": r"endere[çc]o de (?:e-?mail|correio)|e-?mails?(?:[ -]?address(?:e|es)?|[ -]?adresse)?|adresse (?:e-?mail|mail|[ée]lectronique)|courriel|mail|correo|e-posti?|почт\w+|mailadres",
    "phone": r"(?:mobile |tele|tele)?phone(?: number)?|mobile|t[ée]l(?:[ée]phone)?|portable|telef(?:on|oo?n)\w*|handynummer|tel[ée]fono|telefone|num[ée]ro de t[ée]l[ée]phone|телефон\w*|\bnum\b",
    "date_of_birth": r"birth ?(?:date|day)|date of birth|date de naissance|geburtsdatum|fecha de nacimiento|data di nascita|geboortedatum|data de nascimento|sünniaeg|дат\w+ рождения|dat\w+ urodzenia",
    "first_name": r"first name|given name|pr[ée]nom|vorname\w*|nome di battesimo|voornaam|eesnimi|imi[ęe]",
    "last_name": r"last ?name|surname|family name|maiden name|nom de famille|nachname\w*|apellidos?|cognome|achternaam|apelido|perekonnanimi|фамили\w+|nazwisk\w+",
    "tax_id": r"tax (?:id|number)|vat (?:id|number)|num[ée]ro de tva|tva|steuernummer|ust-?id\w*|nif|partita iva|btw-?nummer",
    "company": r"company(?: name)?|raison sociale|soci[ée]t[ée]|firma|firmenname|empresa|azienda|bedrijfsnaam",
    "postcode": r"post(?:al)? ?code|zip(?: code)?|code postal|plz|postleitzahl|c[óo]digo postal|cap\b|индекс",
    "city": r"city|town|ville|stadt|ciudad|citt[àa]|woonplaats|cidade|город",
    "country": r"country|pays|land\b|pa[íi]s|paese",
    "address": r"address|adresse|adress|adres\w*|anschrift|direcci[óo]n|indirizzo|morada|endere[çc]o|aadress\w*|адрес\w*|moved|relocated|d[ée]m[ée]nag\w*|umgezogen|mudei|verhuisd",
    "name": r"name|nom|nombre|nome|naam|nimi|имя|called|m'appelle",
}
_FIELDS: Final = {
    name: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) for name, words in FIELDS.items()
}
_UNBROKEN: Final = "".join(rf"(?<!\b{short})" for short in words_of("abbreviated"))
_SHORT: Final = r"[\"“«']?\s?([^\"”»,:;!?\n]{1,40}?)\s?[\"”»']?"
_REST: Final = r"([^\n]{1,160})"
_STOP: Final = matcher(
    rf"\s*(?:(?:{_UNBROKEN}\.(?!\s+<month>)|[;!?])(?:\s|$)|,\s+<not>\b|$|,?\s+<please>\b|\s+<in_your_records>\b)"
)
_QUOTED: Final = re.compile(r"\s*[\"“«']\s?([^\"”»]{1,120}?)\s?[\"”»']")
_EMAIL: Final = r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
# Each ends in _REST, which always matches, and is cut afterwards: a lazy end would be tried at every place.
_OLD_TO_NEW: Final = (
    matcher(rf"\b<replace>\s+{_SHORT}\s+<with>\s+{_REST}"),
    matcher(rf"\b<change>\b[^\n.]{{0,60}}?\b<from>\s+{_SHORT}\s+<to>\s+{_REST}"),
    matcher(
        r"\b(?:have|has|wrote|entered|recorded|listed)\b[^\n.]{0,40}?\bas\s+"
        rf"{_SHORT},?\s+(?:but|and|whereas|when)\b[^\n.]{{0,30}}?\b<rightly>\s+{_REST}"
    ),
    matcher(
        r"\b(?:spelled|spelt|wrote|misspelled)\s+my\s+(?:(?:first|last|family)\s+)?(?:name|surname)\s+(?:as\s+)?"
        rf"(?!<wrong>){_SHORT},\s[^\n.]{{0,20}}?\b<rightly>\s+{_REST}"
    ),
)
_NEW_NOT_OLD: Final = matcher(rf"\b(?:<rightly>|<is>)\s+(?!<wrong>|<mine>\b){_SHORT},?\s+<not>\s+{_REST}")
_NEW: Final = (
    matcher(rf"\b<new>\s+[\w'-]+(?:\s+[\w'-]+){{0,3}}?(?:\s+<is>(?:\s+<the>)?\s+|\s*[:=]\s*){_REST}"),
    matcher(rf"\b<rightly>\s+{_REST}"),
    matcher(rf"\b<must>\s+{_SHORT}\s+<be>\b"),
    matcher(rf"\b<born>\s+{_REST}"),
    matcher(rf"\b<change>\b[^\n.;]{{0,60}}?\s<to>\s+{_REST}"),
    matcher(rf"\b<live_at>\s+{_REST}"),
    matcher(rf":[ \t]+{_REST}"),
)
_NO_VALUE: Final = matcher(r"(?:not )?<wrong>|(?:<mine>|<change>)\b")
_OLD_EMAIL: Final = matcher(
    rf"(?:<not>(?:\s+(?:plus|longer|mehr))?\s+|{_EMAIL}\s+<replaces>\s+)({_EMAIL})|({_EMAIL})\s+asemel"
)
_THE_DAY: Final = re.compile(r"^[^\W\d]{2,3}\s+(?=\d)")
_MOST_CHARACTERS: Final = 8_000  # whoever corrects something says it early, and the search takes its time
# Fields that hold a digit, all of them.
_NUMBERED: Final = frozenset({"address", "date_of_birth", "phone", "postcode", "tax_id"})
_WORDS_OF_A_NAME: Final = 5
_EMAILS: Final = re.compile(_EMAIL)
_PHONES: Final = re.compile(r"\+?\d(?:[\s.()-]?\d){7,14}")


def _field(text: str) -> str | None:
    return next((name for name, pattern in _FIELDS.items() if pattern.search(text)), None)


def _value(rest: str) -> str:
    """Give the value that a text begins with: what stands in quotes, or all up to the end of its clause."""
    if quoted := _QUOTED.match(rest):
        return _trimmed(quoted.group(1))
    stop = _STOP.search(rest)
    return _trimmed(rest[: stop.start()] if stop else rest)


def _trimmed(value: str) -> str:
    return value.strip().strip("\"“”«»'").rstrip(",.:").strip()


def _values(text: str) -> tuple[str | None, str | None]:
    for pattern in _OLD_TO_NEW:
        if hit := pattern.search(text):
            return _trimmed(hit.group(1)), _value(hit.group(2))
    if hit := _NEW_NOT_OLD.search(text):
        return _value(hit.group(2)).split(",")[0], _trimmed(hit.group(1))
    hits = (_value(hit.group(1)) for pattern in _NEW for hit in pattern.finditer(text))
    return None, next((value for value in hits if value and not _NO_VALUE.match(value)), None)


def _emails(text: str, replaced: str | None) -> tuple[str | None, str | None]:
    """Give the old and the new of up to two addresses: the old comes first, unless it says which."""
    found = list(dict.fromkeys(email.rstrip(".-") for email in _EMAILS.findall(text)))
    if len(found) < 2:  # noqa: PLR2004 - a pair
        only = found[0] if found else None
        return (only, None) if only == replaced else (None, only)
    named = _OLD_EMAIL.search(text)
    old = (named.group(1) or named.group(2)).rstrip(".-") if named else found[0]
    return old, next(email for email in reversed(found) if email != old)


def _phone(text: str, new: str | None) -> str | None:
    within = _PHONES.search(new) if new else None
    found = _PHONES.findall(text)
    return within.group() if within else (found[-1] if found else None)


def _likely(field: str, value: str | None) -> str | None:
    """Give a value as its field can hold it; one that cannot be is asked for again rather than guessed."""
    if value is None or _NO_VALUE.match(value):
        return None
    if field != "address":
        value = value.split(",", maxsplit=1)[0]
    if field in _NUMBERED:
        return _THE_DAY.sub("", value) if any(map(str.isdigit, value)) else None
    words = value.split()
    named = len(words) == 1 or (len(words) <= _WORDS_OF_A_NAME and any(word[0].isupper() for word in words))
    return value if named else None


def change_in(text: str) -> dict[str, str | None]:
    """Give field, old_value and new_value, each None where the text does not say it."""
    text = text[:_MOST_CHARACTERS]
    old, new = _values(text)
    field = _field(text)
    if field is None and new and _EMAILS.fullmatch(new):
        field = "email"
    if field is None:
        return {}
    if field == "email":
        old, new = _emails(text, old)
    elif field == "phone":
        old, new = _likely(field, old), _phone(text, new)
    else:
        old, new = _likely(field, old), _likely(field, new)
    return {"field": field, "old_value": old if old != new else None, "new_value": new}
