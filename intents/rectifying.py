"""Finds which field of their data a person corrects, and the old and new value where both stand there."""

# ruff: noqa: E501 - a table of words reads best with one field a line

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from intents.awaiting import EMAIL
from intents.cleaning import legible
from intents.which_is_right import ADDRESS, Told, of_tokens, of_words
from intents.wording import matcher, words_of

FIELDS: Final = {
    "email": r"endere[çc]o de (?:e-?mail|correio)|e-?mails?(?:[ -]?address(?:e|es)?|[ -]?adresse)?|adresse (?:e-?mail|mail|[ée]lectronique)|courriel|mail|correo|e-posti?|почт\w+|mailadres",
    "phone": r"(?:mobile |tele|tele)?phone(?: number)?|mobile|t[ée]l(?:[ée]phone)?|portable|telef(?:on|oo?n)\w*|handynummer|tel[ée]fono|telefone|num[ée]ro de t[ée]l[ée]phone|телефон\w*|\bnum\b|(?:(?:my|our|new) number|(?:mon|notre|nouveau) num[ée]ro)(?=[^\n\d]{0,30}\+?\d(?:[ \t./()-]{0,2}\d){7})",
    "date_of_birth": r"birth ?(?:date|day)|date of birth|date de naissance|geburtsdatum|fecha de nacimiento|data di nascita|geboortedatum|data de nascimento|sünniaeg|дат\w+ рождения|dat\w+ urodzenia",
    "first_name": r"first name|given name|pr[ée]nom|vorname\w*|nome di battesimo|voornaam|eesnimi|imi[ęe]",
    "last_name": r"last ?name|surname|family name|maiden name|nom de famille|nachname\w*|apellidos?|cognome|achternaam|apelido|perekonnanimi|фамили\w+|nazwisk\w+",
    "tax_id": r"tax (?:id|number)|vat (?:id|number)|num[ée]ro de tva|tva|steuernummer|ust-?id\w*|nif|partita iva|btw-?nummer",
    "company": r"company(?: name)?|raison sociale|soci[ée]t[ée]|firma|firmenname|empresa|azienda|bedrijfsnaam",
    "postcode": r"post(?:al)? ?code|zip(?: code)?|code postal|plz|postleitzahl|c[óo]digo postal|cap\b|индекс",
    "city": r"city|town|ville|stadt|ciudad|citt[àa]|woonplaats|cidade|город",
    "country": r"country|pays|land\b|pa[íi]s|paese",
    "address": r"address|(?:my|new|our) street|(?:ma|notre|nouvelle) rue|adresse|adress|adres\w*|anschrift|direcci[óo]n|indirizzo|morada|endere[çc]o|aadress\w*|адрес\w*|moved|relocated|d[ée]m[ée]nag\w*|emm[ée]nag\w*|j['’]habit\w+|i (?:now )?live|umgezogen|mudei|verhuisd",
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
_EMAIL: Final = rf"(?<![\w.+%-]){EMAIL.pattern}"
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
_THE_DAY: Final = re.compile(r"^[^\W\d]{2,3}\s+(?=\d)")
_MOST_CHARACTERS: Final = 4_000  # whoever corrects something says it early, and the search takes its time
# Fields that hold a digit, all of them.
_NUMBERED: Final = frozenset({"address", "date_of_birth", "phone", "postcode", "tax_id"})
_WORDS_OF_A_NAME: Final = 5
_EMAILS: Final = re.compile(_EMAIL)
_PHONES: Final = re.compile(r"\+?\d(?:[ \t.()/-]{0,2}\d){7,14}")
_DAYS: Final = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{4}"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?[^\W\d]{3,10}\.?,?\s+(?:de\s+)?\d{4}|[^\W\d]{3,10}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}",
    re.IGNORECASE,
)


def _field(text: str) -> str | None:
    return next((name for name, pattern in _FIELDS.items() if pattern.search(text)), None)


def fields_in(text: str) -> list[str]:
    """Name the fields that a text of nothing but details names, a bare number as that of a phone."""
    found = []
    for name, pattern in _FIELDS.items():
        text, named = pattern.subn(" ", text)  # an e-mail address is no address, nor a first name a name
        found += [name] if named else []
    return found or (["phone"] if _BARE_NUMBER.search(text) else [])


_BARE_NUMBER: Final = re.compile(
    r"\b(?:my|our|mon|notre|the|le) (?:numbers?|num[ée]ros?)(?!\w)(?! (?:of|de|d'))"
)


def _value(rest: str) -> str:
    """Give the value that a text begins with: what stands in quotes, or all up to the end of its clause."""
    if quoted := _QUOTED.match(rest):
        return _trimmed(quoted.group(1))
    stop = _STOP.search(rest)
    return _trimmed(rest[: stop.start()] if stop else rest)


def _trimmed(value: str) -> str:
    return _ASIDE.sub("", value).strip().strip("\"“”«»'").rstrip(",.:!…").strip()


_ASIDE: Final = re.compile(r"(?<=\S)\s*\(.*$", re.DOTALL)  # what stands in brackets behind a value is another


def _values(text: str) -> tuple[str | None, str | None]:
    for pattern in _OLD_TO_NEW:
        if hit := pattern.search(text):
            return _trimmed(hit.group(1)), _value(hit.group(2))
    if hit := _NEW_NOT_OLD.search(text):
        return _value(hit.group(2)).split(",")[0], _trimmed(hit.group(1))
    hits = (_value(hit.group(1)) for pattern in _NEW for hit in pattern.finditer(text))
    return None, next((value for value in hits if value and not _NO_VALUE.match(value)), None)


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


def change_in(text: str) -> dict[str, Any]:
    """Give field, old_value and new_value, each None where the text does not say it.

    `either` holds two values of which the text does not say which is right, `more_changes` further fields.
    """
    text = _on_one_line(legible(text[:_MOST_CHARACTERS]))
    cut = _by_field(text)
    beside = [each for each in cut if not is_volunteered(each)] if len(cut) > 1 else cut
    pieces = [found for each in beside or cut if (found := _one_change(each))]
    told = [found for found in pieces if _says_something(found)]
    if len({found["field"] for found in told}) == len(told) > 1:
        return told[0] | {"more_changes": told[1:]}
    whole = _one_change(text if len(beside) == len(cut) else " ".join(beside))
    if len(pieces) > 1 and not told and not _says_something(whole):
        return pieces[0] | {"more_changes": pieces[1:]}
    in_doubt = bool(told) and whole.get("field") == told[0]["field"] and "either" in whole
    return told[0] if len(pieces) > 1 and told and not in_doubt else whole


# An e-mail address is given to be reached by, or to be found: it is no correction unless it is called new or wrong.
_GIVEN: Final = re.compile(
    r"\be-?mails?(?: address)? is\b|\b(?:adresse )?(?:e-?mail|courriel|mail) est\b|\b(?:reach|contact|answer|reply|write to|write|find) me\b"
    r"|\b(?:joindre|contacter|r[ée]pondre|[ée]crire|trouver)\b|\b(?:registered|account|compte|inscrite?)\b",
    re.IGNORECASE,
)
CALLED_NEW: Final = re.compile(
    r"\b(?:new|now|chang|correct|update|replac|instead|wrong|should|must|old|nouve|maintenant|d[ée]sormais|modif|corrig|rempla|faux|fausse|ancien|doit)",
    re.IGNORECASE,
)


def is_volunteered(text: str) -> bool:
    """Tell whether an e-mail address is only given: bare, or as what the person is reached by."""
    if not _EMAILS.search(text) or CALLED_NEW.search(text):
        return False
    return bool(_GIVEN.search(text)) or not any(map(str.isalnum, _EMAILS.sub("", text)))


def says_which_address(text: str) -> bool:
    """Tell whether a text says of an address that it is where somebody lives or gets post."""
    text = text[:_MOST_CHARACTERS]
    return bool(_POSTAL.search(text) or ADDRESS.search(text))


_POSTAL: Final = re.compile(
    r"\b(?:post|street|home|hous|mailing|shipping|deliver|billing|invoice|resid|rue\b|domicil|livraison|factur|courrier)",
    re.IGNORECASE,
)


def _says_something(found: Mapping[str, Any]) -> bool:
    return bool(found.get("new_value") or found.get("either"))


def _on_one_line(text: str) -> str:
    """Join the lines of an address: those that begin with a postcode, and the town before a line that is one."""
    return _NEXT_LINE.sub(", ", text)


_UK: Final = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_NEXT_LINE: Final = re.compile(
    rf",?[ ]*\n[ ]*(?=(?:[A-Z]{{1,3}}-)?\d{{4,5}} ?[A-Z]|{_UK}\b|[A-Z][\w'’-]{{1,30}}(?: [A-Z][\w'’-]{{1,30}})?,?\n{_UK}\b)"
)


_NAMES: Final = r"((?:[^\W\d_a-zà-ÿ][\w'’-]{1,40})(?: [^\W\d_a-zà-ÿ][\w'’-]{1,40}){0,3})"
_BECOMES: Final = re.compile(
    rf"(?<![\w'’-]){_NAMES}\s+(?:devient|est devenue?|deviendra|becomes|became|has become)\s+{_NAMES}(?=[\s.,;:!?)]|$)"
)


def _one_change(text: str) -> dict[str, Any]:
    old, new = _values(text)
    field = _field(text)
    names = _BECOMES.search(text) if field in {"name", "first_name", "last_name"} else None
    if names and _field(names[1]) is None:  # *Durand devient Lefèvre* leaves no doubt of either
        return {"field": field, "old_value": names[1], "new_value": names[2]}
    if field in {None, "address"} and _EMAILS.search(text) and not ADDRESS.search(text):
        field = "email"
    if field is None:
        return {}
    told = _told(field, text, old, new)
    change: dict[str, Any] = {"field": field, "old_value": told.old, "new_value": told.new}
    return change | ({"either": list(told.either)} if told.either else {})


def _told(field: str, text: str, old: str | None, new: str | None) -> Told:
    """Hold the two readings against each other: by the order of words, and by what stands beside each value."""
    if tokens := _tokens(field, text):
        return of_tokens(text, tokens)
    if field in _BY_FORM:
        return Told()
    told = of_words(text, lambda piece: _as_value(field, piece))
    first = Told(_likely(field, old), _likely(field, new))
    if not told.new and not told.either:
        plain = first.new or _just_named(field, text)
        return Told(first.old if first.old != plain else told.old, plain)
    if told.new and told.new == first.new and not told.old:
        return first
    if told.new and told.old and (first.old, first.new) == (told.new, told.old):
        return Told(either=(told.new, told.old))
    return told


def _just_named(field: str, text: str) -> str | None:
    """Give what stands right behind the name of a field; who says their own name may only greet."""
    if field == "name":
        return None
    for hit in _NAMED[field].finditer(text):
        if value := _as_value(field, _value(hit.group(1))):
            return value
    return None


_NAMED: Final = {
    name: matcher(rf"(?<!\w)(?:{words})(?!\w)\s*(?:<is>(?!\w)|[:=-])?\s*([^\n]{{1,160}})")
    for name, words in FIELDS.items()
}
_BY_FORM: Final = frozenset({"email", "phone"})


def _tokens(field: str, text: str) -> list[re.Match[str]]:
    pattern = {"email": _EMAILS, "phone": _PHONES, "date_of_birth": _DAYS}.get(field)
    return list(pattern.finditer(text)) if pattern else []


_FIELD_WORDS: Final = f"(?:{'|'.join(FIELDS.values())})"
_LEAD: Final = matcher(
    rf"^(?:\s*(?:[-–—:=,;.]|(?:that|which|et|and|so|hello|hi|bonjour|(?-i:the|la|le|l['’]|in|to|at|à|au)|<mine>|<is>|{_FIELD_WORDS})(?![\w'’-])))+\s*"
)
_TAIL: Final = matcher(
    r"\s*,?\s*(?<!\w)(?:<please>|<in_your_records>|as|comme|with|avec|and|et|but|mais|or|ou|so|which|that|,)(?!\w).*$"
)


def _as_value(field: str, piece: str) -> str | None:
    """Give the value that a piece of text is, if it can be one: without the words that lead to it and follow it."""
    value = _TAIL.sub("", _LEAD.sub("", piece.strip(), count=1)).strip(' \t-–—:=,;.()[]"“”«»')
    if not value or len(value) > _LONGEST_VALUE or _NO_VALUE.match(value) or _field(value) == field:
        return None
    if field in _NUMBERED:
        return value if any(map(str.isdigit, value)) else None
    words = value.split()
    is_named = words[0][0].isupper() or words[0][0].isdigit() or _PAGE.match(value) is not None
    return value if len(words) <= _WORDS_OF_A_NAME and is_named else None


_PAGE: Final = re.compile(r"https?://|www\.", re.IGNORECASE)  # a company may be called by its address


_LONGEST_VALUE: Final = 160


# ── several fields in one message ───────────────────────────────────────────────────────────────────

_JOINS: Final = re.compile(r"[.;,\n]|\b(?:and|et|plus|also|aussi|ainsi que|as well as)\b", re.IGNORECASE)


def _blotted(hit: re.Match[str]) -> str:
    value = hit.group().rstrip(" ,.")
    if "@" not in value and _PHONES.match(value):  # no address begins with a phone number
        return hit.group()
    return "_" * len(value) + hit.group()[len(value) :]


_FORMS: Final = {"email": _EMAILS, "phone": _PHONES, "date_of_birth": _DAYS, "address": ADDRESS}


def _by_field(text: str) -> list[str]:
    """Cut a text where it turns to another field; one piece if it speaks of one alone."""
    masked = _EMAILS.sub(_blotted, ADDRESS.sub(_blotted, text))
    taken: list[tuple[int, int, str]] = []
    for name, pattern in _FIELDS.items():
        for hit in pattern.finditer(masked):
            if not any(hit.start() < end and start < hit.end() for start, end, _ in taken):
                taken.append((hit.start(), hit.end(), name))
    taken.sort()
    ends_of = {name: [hit.end() for hit in form.finditer(text)] for name, form in _FORMS.items()}
    cuts = [0]
    for (_, end, name), (start, _, following) in pairwise(taken):
        joins = [hit.start() for hit in _JOINS.finditer(masked, end, start)]
        # In a chat no word may join them: the first ends with its value.
        ends = joins or [each for each in ends_of.get(name, ()) if end <= each <= start]
        if name != following and ends:
            cuts.append(ends[-1])
    return [text[a:b].strip(" .,;\n") for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]


# ── answers to a question ───────────────────────────────────────────────────────────────────────────

_ASKED: Final = {name: matcher(rf"\s*<{name}>[\s.!,]*") for name in ("yes", "no", "unchanged")}
_BEGINS: Final = matcher(
    r"^\s*(?:(?:(?:it|that|this)(?:'s| is| should be)|<new_behind>|<live_at>|c['’]est|<is>|put|write|please|actually|en fait|<mine>"
    rf"|{_FIELD_WORDS})(?:(?<=['’])|(?![\w'’-]))|[:=-]|\s)+\s*(?=\S)"
)


def is_yes(text: str) -> bool:
    """Tell whether an answer is a yes and nothing else."""
    return _ASKED["yes"].fullmatch(text[:_SHORT_ANSWER]) is not None


def is_no(text: str) -> bool:
    """Tell whether an answer is a no and nothing else."""
    return _ASKED["no"].fullmatch(text[:_SHORT_ANSWER]) is not None


def is_unchanged(text: str) -> bool:
    """Tell whether an answer says that something stays as it is."""
    return _ASKED["unchanged"].fullmatch(text[:_SHORT_ANSWER]) is not None


_SHORT_ANSWER: Final = 80


# ── against what was given before ───────────────────────────────────────────────────────────────────

_OPPOSES: Final = matcher(r"^[\s.,!-]*(?:<opposes>(?![\w'’-])[\s.,!…-]*){1,4}")
_AGREES: Final = r"(?!\s+(?:ok|okay|fine|good|right|correct|all right|bon|bien|parfait|juste)(?!\w))"
_ANEW: Final = matcher(rf"(?<!\w)<given_anew>{_AGREES}(?:(?<=['’])|(?!\w))")
_INSTEAD: Final = matcher(r"(?<!\w)(?:instead|plut[ôo]t)[\s.!]*$")
_WRONG: Final = matcher(r"(?<!\w)<said_wrong>(?!\w)")
_SWAPPED: Final = matcher(r"(?<!\w)<swapped>(?!\w)")
_FIGURES: Final = re.compile(r"[\s+(]*\d[\d\s.()/+-]*")


def says_otherwise(text: str) -> bool:
    """Tell whether a short message says that what was given before is wrong, or gives something else instead."""
    if len(text) > 2 * _SHORT_ANSWER or "?" in text:
        return False
    if is_said_wrong(text) or is_swapped(text):
        return True
    begun, rest = _OPPOSES.match(text), without_no(text)
    is_given = _ANEW.search(rest) or put_right_in(rest) or _FIGURES.fullmatch(rest)
    return bool((begun and is_given) or (_ANEW.match(rest.strip()) and _INSTEAD.search(text)))


def is_said_wrong(text: str) -> bool:
    """Tell whether a short message only says of a value that it is wrong."""
    return _WRONG.search(text[: 2 * _SHORT_ANSWER]) is not None


def is_swapped(text: str) -> bool:
    """Tell whether a short message says that the right value and the wrong one are to change places."""
    return len(text) <= _SHORT_ANSWER and _SWAPPED.search(text) is not None


def without_no(text: str) -> str:
    """Give what is said of the right value, without the words against the former one that lead to it and *instead* behind it."""
    return _INSTEAD.sub("", _OPPOSES.sub("", text[:_LONGEST_ANSWER], count=1))


def answer_in(field: str, text: str) -> str | None:
    """Give the value that answers a question for one field; None where the text is no such value."""
    text = _CALLED.sub("", " ".join(text[:_LONGEST_ANSWER].split()), count=1)
    text = _SPELLED.sub("", text)
    if tokens := _tokens(field, text):
        return of_tokens(text, tokens).new
    if field in _BY_FORM:
        return None
    value = (
        _value(_BEGINS.sub("", text, count=1))
        if field != "address"
        else _trimmed(_BEGINS.sub("", text, count=1))
    )
    if not value or _NO_ANSWER.match(value) or _NO_ANSWER.match(_LIVES_AT.sub("", text, count=1)):
        return None
    fits = len(value) <= _LONGEST_VALUE and len(value.split()) <= _WORDS_OF_AN_ANSWER
    return value if fits and any(map(str.isalnum, value)) else None


_WORD: Final = r"([^\W_][\w’'-]{0,30})"
_NEW_FIRST: Final = re.compile(
    rf"{_WORD}\s*,?\s*(?:\b(?:and|et|but|mais)\s+)?\b(?:not|instead of|pas|non|au lieu d[eu]|plut[ôo]t que)\s+(?:the\s+|le\s+|la\s+)?{_WORD}\W*$",
    re.IGNORECASE,
)
_OLD_FIRST: Final = re.compile(
    rf"^\W*(?:it'?s\s+|c'est\s+|ce n'est\s+|no,?\s+|non,?\s+)?(?:not|pas)\s+(?:the\s+|le\s+|la\s+)?{_WORD}\s*,?\s*(?:but\s+|mais\s+)?(?:le\s+|la\s+|the\s+)?{_WORD}\W*$",
    re.IGNORECASE,
)
_HOUSE_NUMBER: Final = re.compile(
    r"^\W*(?:(?:it'?s|it is|c'est|and|et|my|the|mon|le)\s+)*(?:(?:house|street|door|building)\s+)?(?:number|no\.?|num[ée]ro|n[°º])"
    r"\s*(?:de (?:la )?(?:rue|maison|voie)\s+)?(?:is\s+|est\s+|c'est\s+)?(?:le\s+)?(\d{1,5}\s?(?:[a-z]|bis|ter)?)\b",
    re.IGNORECASE,
)


def put_right_in(text: str) -> tuple[str, str | None] | None:
    """Give the right word of a value that was given, and the wrong one where it is named: *14, not 12*, *le numéro 14 et pas 12*."""
    if len(text) > _SHORT_ANSWER:
        return None
    if found := _NEW_FIRST.search(text):
        return found[1], found[2]
    if found := _OLD_FIRST.search(text):
        return found[2], found[1]
    found = _HOUSE_NUMBER.search(text)
    return (found[1], None) if found else None


def is_house_number(text: str) -> bool:
    """Tell whether a short answer gives the number of a house, and no street."""
    return len(text) <= _SHORT_ANSWER and _HOUSE_NUMBER.search(text) is not None


_SPELLED: Final = re.compile(
    r"(?<=\w),? (?:avec|with) (?:une?|an?|deux|two) [^\W\d]{1,2}[.! ]*$", re.IGNORECASE
)
_CALLED: Final = re.compile(r"^(?:je m['’ ]?appelle|i(?:['’]m| am) called) (?=\S)", re.IGNORECASE)
_LIVES_AT: Final = matcher(r"^\s*<live_at>(?!\w)\s*")
_NO_ANSWER: Final = matcher(r"<no_answer>(?![\w-])")
_LONGEST_ANSWER: Final = 300
_WORDS_OF_AN_ANSWER: Final = 14
