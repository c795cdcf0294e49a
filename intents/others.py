"""Finds in free text who else is named there, so that a person can decide what a copy leaves out (GDPR 15(4))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Literal

from intents.pseudonyms import vocabulary

Kind = Literal["email", "phone", "name"]
_EMAIL: Final = re.compile(r"(?<![\w.+'-])[\w.+'-]++@[\w-]++(?:\.[\w-]++)+")
_PHONE: Final = re.compile(r"(?<![\w.+/(-])\(?\+?\(?\d[\d ().\u00a0-]{6,18}\d(?![\w/-])")
_FEWEST_DIGITS, _MOST_DIGITS = 8, 15
# Digits in a row: a number of a telephone begins with nought then, others count something else.
_LOCAL: Final = 10
_DATE: Final = re.compile(r"(?:19|20)\d\d-\d+|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_ADDRESS: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_WORD: Final = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
_TITLES: Final = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Monsieur|Madame|Mademoiselle|Mme|Mlle|MM|M|Herr|Frau|Hr|Pr|Härra|Proua|Sr|Sra)\.?"
_TITLED: Final = re.compile(rf"\b{_TITLES}\s+((?:{_WORD})(?:\s+{_WORD})?)")
_FAR: Final = 80  # characters: nobody leaves a wider gap between two words
_SENTENCE_MARKS: Final = ".!?:;"
_LONGEST: Final = 20_000  # of one text; what is longer is for a person to read


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named in a text, as it stands there."""

    kind: Kind
    words: str


def others_in(text: str, own: AbstractSet[str]) -> tuple[Mention, ...]:
    """List who else is named in a text, each once; `own` are the person's own addresses, numbers and names in small letters."""
    found = dict.fromkeys(_mentions(text[:_LONGEST], own))
    return tuple(found)


def _mentions(text: str, own: AbstractSet[str]) -> Iterator[Mention]:
    rest = _EMAIL.sub(" ", text)
    for email in _EMAIL.findall(text):
        if email.casefold() not in own:
            yield Mention("email", email)
    for phone in _PHONE.findall(rest):
        digits = re.sub(r"\D", "", phone)
        no_phone = (
            _DATE.match(phone)
            or _ADDRESS.match(phone)
            or (phone.isdigit() and not (phone[0] == "0" and len(phone) <= _LOCAL))
        )
        if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS and not no_phone and not _is_own_number(digits, own):
            yield Mention("phone", phone.strip())
    yield from _names(rest, own)


def _is_own_number(digits: str, own: AbstractSet[str]) -> bool:
    return any(
        digits.endswith(each[-_FEWEST_DIGITS:])
        for each in own
        if each.isdigit() and len(each) >= _FEWEST_DIGITS
    )


def _names(text: str, own: AbstractSet[str]) -> Iterator[Mention]:
    known = vocabulary()
    for words in _TITLED.findall(text):
        kept = [word for word in words.split() if word[0].isupper()]
        if kept and not _is_own_name(kept, own):
            yield Mention("name", " ".join(kept))
    for run in _runs(text):
        strange = [word for word in run if word.casefold() not in known]
        if strange and not _is_own_name(run, own):
            yield Mention("name", " ".join(run))


def _runs(text: str) -> Iterator[list[str]]:
    """Give two or more words with a capital in a row; the first of a sentence has one whatever it is."""
    run: list[str] = []
    begins = end = 0
    for found in re.finditer(_WORD, text):
        word = found[0]
        follows = text[end : found.start()] in {" ", "\u00a0"}
        if not follows or not _is_capitalised(word):
            yield from _whole(run, starts=_begins_sentence(text, begins))
            run = []
        if _is_capitalised(word):
            begins = begins if run else found.start()
            run.append(word)
        end = found.end()
    yield from _whole(run, starts=_begins_sentence(text, begins))


def _begins_sentence(text: str, at: int) -> bool:
    """Tell whether what stands at a place is the first of a sentence."""
    before = text[max(0, at - _FAR) : at]
    left = before.rstrip()
    return not left or left[-1] in _SENTENCE_MARKS or "\n" in before[len(left) :]


def _whole(run: list[str], *, starts: bool) -> Iterator[list[str]]:
    words = run[1:] if starts and len(run) > 2 and run[0].casefold() in vocabulary() else run  # noqa: PLR2004
    if len(words) > 1:
        yield words


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() and not word.isupper()


def _is_own_name(words: list[str], own: AbstractSet[str]) -> bool:
    return all(word.casefold() in own for word in words)
