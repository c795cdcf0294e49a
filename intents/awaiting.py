"""Hears what a person says instead of the address or the code that they were asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from intents.cleaning import own_words, sentences, unwrapped, with_apostrophes
from intents.tables import any_in, in_plain, tables

_any: Final = partial(any_in, "awaiting")
ANSWER_LENGTH: Final = 160  # characters; whoever writes more tells a story, and is read as any message is
_STORY: Final = 1_000
_AROUND: Final = "<>()[]\"'«»“”.,;:!?-"
_ASKED_BACK: Final = ("what_code", "forgot_address", "why_asked", "leaves")
_LOST: Final = ("lost_mailbox", "dead_mailbox")
EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PARTS: Final = re.compile(r"[,;!?\n]|\.\s|\s(?:but|and|mais|et)\s")
_LONGEST_NOTE: Final = 3_000  # characters
_MOST_OF_NOTE: Final = 40  # sentences
_BREAKS: Final = re.compile(r"[.;!?]\s|\n")
_MOST_CHARACTERS: Final = 20_000
_DIGITS: Final = re.compile(r"\D{0,20}\d(?:[ .-]?\d){3,15}\D{0,3}")


def is_of_another(text: str) -> bool:
    """Tell whether an address is said to be somebody else's: it says nothing of who writes."""
    return len(text) <= 2 * ANSWER_LENGTH and bool(_any("others_address").search(in_plain(text)))


def lacks_mailbox(text: str, *, awaited: bool = True) -> bool:
    """Tell whether somebody says that they cannot open their mailbox any more.

    Where its address or a code is awaited a short answer that points at it says so; elsewhere it is said in so many words.
    """
    said = [with_apostrophes(sentence) for sentence in sentences(unwrapped(own_words(text)))[:_MOST_OF_NOTE]]
    pointed = (
        in_plain(EMAIL.sub("mailbox", each)) for each in said if awaited and len(text) <= ANSWER_LENGTH
    )
    if any(map(_any("mailbox_lost").search, pointed)):
        return True
    return any(any_in("asides", table).search(in_plain(each)) for table in _LOST for each in said)


def without_lost(text: str, addresses: Sequence[str]) -> list[str]:
    """Give those of the addresses in a message about a lost mailbox that its writer says to read."""
    parts = [(part.lower(), in_plain(with_apostrophes(part))) for part in _PARTS.split(text)]
    read = [part for part, plain in parts if _any("reached_at").search(plain) and not lacks_mailbox(plain)]
    return [each for each in addresses if any(each.lower() in part for part in read)]


def speaks_of_code(text: str) -> bool:
    """Tell whether somebody speaks of the code that they were sent, or of a mail that did not come."""
    return len(text) <= ANSWER_LENGTH and bool(_any("of_code").search(in_plain(text)))


def wants_code_again(text: str) -> bool:
    """Tell whether a short message asks for the code once more, and says nothing else."""
    plain = in_plain(with_apostrophes(text)).strip(" .!?")
    return len(text) <= ANSWER_LENGTH and bool(_any("sends_again").fullmatch(plain))


def asks_beside(text: str) -> bool:
    """Tell whether a message asks that something be sent, given or kept, or that it come first: beside an erasure that is more than the erasure."""
    plain = in_plain(text) if len(text) <= _STORY else ""
    if not plain or _any("of_proving").search(plain):
        return False
    return bool(
        _any("to_be_given").search(plain) or (_any("first").search(plain) and _any("wanted").search(plain))
    )


def limits_it(text: str) -> bool:
    """Tell whether a short message says of an erasure that it is not of all, or not yet: *only the newsletter data*, *not before January*."""
    plain = in_plain(with_apostrophes(text)) if len(text) <= ANSWER_LENGTH else ""
    is_limit = _any("limits_it").search(plain) or _any("time_alone").search(plain)
    return bool(is_limit) and not _any("of_proving").search(plain)


def limits_from_start(text: str) -> bool:
    """Tell whether whoever asks for an erasure asks it of one account alone, or for a day or an end that is still to come."""
    said = map(in_plain, map(with_apostrophes, _BREAKS.split(text[:_MOST_CHARACTERS])))
    return any(_any("one_account").search(each) or _any("at_a_time").search(each) for each in said)


def is_number(text: str) -> bool:
    """Tell whether a text is one number and a word or two at most: a code that was mistyped, say."""
    return bool(_DIGITS.fullmatch(text))


def names_authority(text: str) -> bool:
    """Tell whether somebody says that they go to a supervisory authority: in a talk about their data that is a complaint."""
    return len(text) <= 2 * ANSWER_LENGTH and bool(_any("to_authority").search(in_plain(text)))


def contact_given(text: str) -> str | None:
    """Give what stands for an e-mail address, however broken, in a message that says nothing beside it: *my address is …*."""
    words = (
        [bare for word in text.split() if (bare := word.strip(_AROUND))] if len(text) <= ANSWER_LENGTH else []
    )
    given = [word for word in words if "@" in word]
    beside = set(tables("wishes")["gives_contact"]["words"].split())
    if len(given) != 1 or not all(word in given or in_plain(word) in beside for word in words):
        return None
    return given[0]


def asks_what_is_open(text: str) -> bool:
    """Tell whether a short message asks which requests are under way."""
    return len(text) <= ANSWER_LENGTH and bool(_any("what_is_open").search(in_plain(with_apostrophes(text))))


def is_of_papers(text: str) -> bool:
    """Tell whether a short message is of papers that a person sees to: what speaks for somebody, or the clauses for a transfer abroad."""
    return len(text) <= ANSWER_LENGTH and bool(_any("papers").search(in_plain(with_apostrophes(text))))


def asked_back(text: str) -> str | None:
    """Name what a short message asks or says of the question itself: why it is asked, which address, what code, that they leave."""
    plain = in_plain(with_apostrophes(text)) if len(text) <= ANSWER_LENGTH else ""
    return next((each for each in _ASKED_BACK if _any(each).search(plain)), None)


def is_slip(text: str) -> bool:
    """Tell whether somebody says that the address they gave, or were about to give, was a mistake of their own."""
    plain = in_plain(text)
    return len(text) <= ANSWER_LENGTH and bool(_any("slip").search(plain)) and not _any("held").search(plain)


_GREETS: Final = re.compile(r"^(?:hello|hi|hey|bonjour|bonsoir)[ ,!]+")
_OF_NAME: Final = r"(?:[A-ZÀ-Þ][\w.'’-]*|of|the|de|du|la|des|van|von)"
_NAME: Final = re.compile(rf"{_OF_NAME}(?: {_OF_NAME}){{0,5}} ?")


def says_away(text: str) -> bool:
    """Tell whether a mail is nothing but a note that its writer is away, whoever or whatever sent it; in time linear to its length."""
    if len(text) > _LONGEST_NOTE:
        return False
    said = sentences(unwrapped(own_words(text)))
    plain = [in_plain(sentence) for sentence in said]
    if len(said) > _MOST_OF_NOTE or any(map(any_in("away", "unless").search, plain)):
        return False
    away = False
    for sentence, each in zip(said, plain, strict=True):
        if any_in("away", "closes").search(each):
            break
        is_away = bool(any_in("away", "away").search(each))
        away = away or is_away
        rest = _GREETS.sub("", each)
        known = is_away or any_in("away", "beside").search(rest) or any_in("away", "courteous").search(each)
        if not known and not _NAME.fullmatch(sentence):
            return False
    return away
