"""Finds which field of their data a person corrects, and the old and new value where both stand there."""

# ruff: noqa: E501 - a table of words reads best with one field a line

from __future__ import annotations

import re
from typing import Final

FIELDS: Final = {
    "email": r"e-?mails?(?:[ -]?address(?:e|es)?|[ -]?adresse)?|adresse (?:e-?mail|mail|[ée]lectronique)|courriel|mail|correo|e-posti?|почт\w+|mailadres",
    "phone": r"(?:mobile |tele|tele)?phone(?: number)?|mobile|t[ée]l(?:[ée]phone)?|portable|telefon\w*|handynummer|tel[ée]fono|telefone|num[ée]ro de t[ée]l[ée]phone|телефон\w*|\bnum\b",
    "date_of_birth": r"birth ?(?:date|day)|date of birth|date de naissance|geburtsdatum|fecha de nacimiento|data di nascita|geboortedatum|data de nascimento|sünniaeg|дат\w+ рождения|dat\w+ urodzenia",
    "first_name": r"first name|given name|pr[ée]nom|vorname|nome di battesimo|voornaam|eesnimi|imi[ęe]",
    "last_name": r"last ?name|surname|family name|maiden name|nom de famille|nachname|apellidos?|cognome|achternaam|apelido|perekonnanimi|фамили\w+|nazwisk\w+",
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
_VALUE: Final = r"[\"“«']?\s?([^\"”»';!?\n]{1,120}?)\s?[\"”»']?"
_STOP: Final = r"(?=\s*(?:[.;!?](?:\s|$)|,\s+(?:not|et non|pas|nicht|no\b|please|svp|merci|thank|bitte)|\n|$|\s+(?:please|svp|stp|merci|instead|now|bitte)\b|\s+(?:in|on) (?:your|my|the) (?:records?|files?|systems?|database|account)\b|\s+(?:dans|sur) (?:vos|votre|mon|le) (?:dossiers?|fichiers?|base|syst[èe]me|compte)\b))"
_EMAIL: Final = r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
_OLD_TO_NEW: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:from|de|von)\s+({_EMAIL})\s+(?:to|à|en|zu|auf|por|par)\s+({_EMAIL})",
        rf"\b(?:replace|remplace[rz]?|ersetzen sie)\s+{_VALUE}\s+(?:with|by|par|durch)\s+{_VALUE}{_STOP}",
        rf"\b(?:change|update|correct|changer|changez|modifier|modifiez|corriger|corrigez)\b[^\n]{{0,60}}?\b(?:from|de)\s+{_VALUE}\s+(?:to|en|à)\s+{_VALUE}{_STOP}",
    )
)
_NEW_NOT_OLD: Final = re.compile(
    rf"\b(?:is|it's|be|est|s'écrit|m'appelle|ist)\s+{_VALUE},?\s+(?:and not|not|et non|et pas|pas|und nicht|nicht)\s+{_VALUE}{_STOP}",
    re.IGNORECASE,
)
_NEW: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:new|nouvelle|nouveau|nouvel|neue|nueva|nuevo|nuovo|nieuwe|novo|nova|uus|новый|nowy)\s+[\w'-]+(?:\s+(?!is\b|est\b|ist\b)[\w'-]+)?\s*(?:is|est|ist|es|è|é|:|on|это|to|=)\s*{_VALUE}{_STOP}",
        rf"\b(?:should be|must be|devrait être|doit être|c'est|it's|is now|est maintenant|est désormais|ist jetzt)\s+{_VALUE}{_STOP}",
        rf"\b(?:change|update|set|correct|changez|changer|modifiez|modifier|corrigez|corriger|mettez|ändern)\b[^\n.;]{{0,60}}?\s(?:to|en|par|zu|auf|pour)\s+{_VALUE}{_STOP}",
        rf"\b(?:j'habite|i (?:now )?live)\s+(?:maintenant\s+|now\s+)?(?:at|in|à|au)\s+{_VALUE}{_STOP}",
        rf":\s+{_VALUE}{_STOP}",
    )
)
_EMAILS: Final = re.compile(_EMAIL)
_PHONES: Final = re.compile(r"\+?\d(?:[\s.()-]?\d){7,14}")


def _field(text: str) -> str | None:
    return next((name for name, pattern in _FIELDS.items() if pattern.search(text)), None)


def _trimmed(value: str) -> str:
    return value.strip().strip("\"“”«»'").rstrip(",.:").strip()


def _values(text: str) -> tuple[str | None, str | None]:
    for pattern in _OLD_TO_NEW:
        hit = pattern.search(text)
        if hit:
            return _trimmed(hit.group(1)), _trimmed(hit.group(2))
    hit = _NEW_NOT_OLD.search(text)
    if hit:
        return _trimmed(hit.group(2)), _trimmed(hit.group(1))
    hits = (pattern.search(text) for pattern in _NEW)
    return None, next((_trimmed(hit.group(1)) for hit in hits if hit), None)


def _by_shape(field: str, text: str, new: str | None) -> str | None:
    pattern = {"email": _EMAILS, "phone": _PHONES}.get(field)
    if pattern is None:
        return new
    within = pattern.search(new) if new else None
    found = pattern.findall(text)
    return within.group() if within else (found[-1] if found else None)


def change_in(text: str) -> dict[str, str | None]:
    """Give field, old_value and new_value, each None where the text does not say it."""
    old, new = _values(text)
    field = _field(text)
    if field is None and new and _EMAILS.fullmatch(new):
        field = "email"
    if field is None:
        return {}
    new = _by_shape(field, text, new)
    return {"field": field, "old_value": old if old != new else None, "new_value": new}
