"""Takes out of a message who wrote it, so that its wording can be learned from and kept."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from intents.cleaning import legible, own_words
from intents.examples import examples

NAME: Final = "Name"
_EMAIL: Final = re.compile(r"(?<![\w.+'-])[\w.+'-]++@[\w.-]+\w")
SITE: Final = "site.example"
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SITE: Final = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,})\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PARTS: Final = re.compile(r"['’-]")


@cache
def vocabulary() -> frozenset[str]:
    """Give every word of the examples: words that name nobody."""
    words = (word for example in examples() for word in _WORD.findall(example.text))
    return frozenset(part.casefold() for word in words for part in (word, *_PARTS.split(word)))


def pseudonymised(text: str) -> str:
    """Give the writer's own words without addresses, sites, numbers and names.

    A name is a capitalised word that no example holds, or any word that also stands in an e-mail address of the
    message. A name in small letters that stands nowhere else is not seen: so a person reviews before anything is kept.
    """
    own = own_words(legible(_URL.sub(SITE, text)))
    known = vocabulary()
    named = {
        part.casefold()
        for email in _EMAIL.findall(own)
        for part in re.split(r"[\W\d_]+", email.split("@")[0])
    }

    def without(found: re.Match[str]) -> str:
        word = found[0]
        parts = [part.casefold() for part in _PARTS.split(word)]
        if any(len(part) > 1 and part in named for part in parts):
            return NAME
        if word[0].isupper() and word.casefold() not in known and not all(part in known for part in parts):
            return NAME
        return word

    kept = []
    for at, piece in enumerate(re.split(f"({_EMAIL.pattern})", own)):
        if at % 2:
            kept.append("someone@mail.example")
        else:
            kept.append(re.sub(r"\d", "0", _WORD.sub(without, _SITE.sub(SITE, piece))))
    return "".join(kept)
