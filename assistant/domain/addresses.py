"""How e-mail addresses and telephone numbers are compared, everywhere, and which addresses a letter can ever reach."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from assistant.domain.reference import parse_reference
from assistant.domain.spoken import day_in

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
_PHONE: Final = re.compile(r"\+?\d{6,15}")  # E.164 has fifteen digits at most
_WRITTEN: Final = re.compile(r"\+?\(?\d[\d \u00a0\u202f./()-]{4,22}\d")
_JOINS: Final = "-/\u2010-\u2015\u2212"  # what makes one word of two
_DIGITS: Final = re.compile(r"\d+")
_ONE_BY_ONE: Final = re.compile(r"(?<![\d.,+-])(?<!\d )\d(?: \d){2,9}(?! ?\d)")
_WITH_LETTERS: Final = re.compile(r"([^\W\d_]*)[ ./°-]*(\d+)")
_LONGEST_WITH_NUMBER: Final = 60  # characters: a number, not a story
_FEWEST_OF_PHONE: Final = 9
_BETWEEN_DIGITS: Final = str.maketrans("", "", " \u00a0\u202f-./()")
_LISTED: Final = re.compile(r"[,;/|<>]+")
_LED_BY: Final = re.compile(r"^(?:e-)?[^\W\d_]{1,20}:(?!//)")  # mailto: or a word of the writer's
_BREAKS: Final = re.compile(r"[,;:\"<>()]|%0[ad]", re.IGNORECASE)
_LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
_LONGEST_LOCAL_PART = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LABEL = r"(?!-)[A-Za-z0-9_\u0080-\U0010ffff-]{1,63}(?<!-)"  # some hosts have the underscore that RFC 5321 does not know
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")


def without_invisible(text: str) -> str:
    """Give a text without the signs that nobody sees, soft hyphens say: pasted with an address, or put into it to hide it."""
    return text if text.isascii() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def normal_address(address: str) -> str:
    """Give the form of an e-mail address under which it is compared: trimmed, without regard to case.

    Letter by letter, and only where the change can be taken back: `straße` is no `strasse`, nor a Kelvin sign a k,
    or whoever owns the one mailbox would prove to be the holder of the other.
    """
    return "".join(c.lower() if c.lower().upper() == c else c for c in address.strip())


def normal_phone(number: str) -> str | None:
    """Give the form of a telephone number under which it is compared, digits behind a + at most; None if it is none.

    A number written without its country stays so: nobody knows which one was meant.
    """
    bare = number.strip().translate(_BETWEEN_DIGITS)
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    return bare if _PHONE.fullmatch(bare) else None


def phones_in(text: str) -> list[str]:
    """Give the telephone numbers in a message, as they were written: a day is none."""
    found = (match.group() for match in _WRITTEN.finditer(text))
    return [number for number in found if normal_phone(number) and not day_in(number)]


def no_address_in(text: str) -> str | None:
    """Give what stands for an e-mail address in a message and cannot be one; None where nothing does.

    A comma is the slip that counts most: without it, what stands before or behind is an address too, and somebody else's.
    """
    return next((word for word in _words_with_at(text) if _holds_none(word)), None)


def emails_in(text: str) -> list[str]:
    """Give the e-mail addresses in a message, as they were written; none that is only part of what stands for one."""
    whole = (word for word in _words_with_at(text) if not _holds_none(word))
    return [part for word in whole for part in _parts(word) if part.count("@") == 1]


def is_part_of_no_address(text: str, address: str) -> bool:
    """Tell whether an address was read in a message out of what stands for one and cannot be one."""
    holding = [word for word in _words_with_at(text) if address in word]
    return bool(holding) and all(map(_holds_none, holding))


def _words_with_at(text: str) -> Iterator[str]:
    for word in without_invisible(text).split():
        if "@" in word:
            inside = word.rpartition("<")[2] if word.count("<") == 1 and ">" in word[-2:] else word
            yield _LED_BY.sub("", inside.strip("<>()[]'«»“”.,;:!?")).strip('"')


def _parts(word: str) -> list[str]:
    return [part.strip("<>()[]\"'«»“”.:!?") for part in _LISTED.split(word)]


def _holds_none(word: str) -> bool:
    """Tell of a word with an @ whether it is neither an address nor a list of them; far too long a word says nothing."""
    if word.startswith("@") or word.count("@") == 1:
        return not word.startswith("@") and len(word) <= _LONGEST_ADDRESS and not _is_one(word)
    return "@@" not in word and not all(map(_is_one, _parts(word)))


def _is_one(part: str) -> bool:
    local, at, domain = part.partition("@")
    if not (local and at) or "@" in domain or _BREAKS.search(part):
        return False
    return "." in domain and ".." not in domain


def client_number_in(text: str, example: str) -> str | None:
    """Give the client number of a short message that holds one number and no other; None where it is none.

    It has the letters of the example before it, or none, and is no part of a longer word, nor a reference of ours;
    without an example a letter or three may stand before it.
    A telephone number begins with + or nought, and a day or an address is more than one number.
    """
    if len(text) >= _LONGEST_WITH_NUMBER or "+" in text or parse_reference(text):
        return None
    text = _ONE_BY_ONE.sub(lambda found: found[0].replace(" ", ""), text)
    found = _client_number(example).search(text)
    if found is None or len(_DIGITS.findall(text)) != 1:
        return None
    number = found.group()
    return None if number.startswith("0") and len(number) >= _FEWEST_OF_PHONE else number


@cache
def _client_number(example: str) -> re.Pattern[str]:
    letters = _letters(example)
    led = rf"{letters}[ ./°-]?" if letters else "" if example else "[A-Z]{1,3}-?"
    return re.compile(rf"(?<!\w)(?<!\w[{_JOINS}])(?:{led})?\d{{3,10}}(?!\w|[{_JOINS}]\w)", re.IGNORECASE)


def _letters(example: str) -> str:
    return "".join(filter(str.isalpha, example))


def may_be_client_number(typed: str, example: str) -> bool:
    """Tell whether what was called a client number has the form of the example: any, where there is none, but of a reference of ours."""
    parts = _WITH_LETTERS.fullmatch(typed.strip())
    led = {"", _letters(example).casefold()}
    return parse_reference(typed) is None and (
        not example or (parts is not None and parts[1].casefold() in led)
    )


def client_number_like(example: str, typed: str) -> str:
    """Give a client number as an example of them is written: `c10042` and `10042` are `C-10042` where that is one."""
    lead, parts = example.rstrip("0123456789"), _WITH_LETTERS.fullmatch(typed.strip())
    if not lead or parts is None or not may_be_client_number(typed, example):
        return typed
    return lead + parts[2]


def normal_contact(text: str) -> str | None:
    """Give the compared form of an e-mail address or a telephone number, whichever it is; None if it is neither."""
    if "@" not in text:
        return normal_phone(text)
    return normal_address(text) if _EMAIL.fullmatch(text.strip()) else None


def well_formed(address: str) -> str | None:
    """Give an address with its domain in lower case; None if it is not one that can be written to safely."""
    local, _, domain = address.rpartition("@")
    if len(address) > _LONGEST_ADDRESS or len(local) > _LONGEST_LOCAL_PART or not _ADDRESS.fullmatch(address):
        return None
    if unicodedata.normalize("NFKC", address) != address or not address.isprintable():
        return None
    return f"{local}@{domain.lower()}"


def deliverable(address: str) -> str | None:
    """Give an address as every mail server takes it, a domain in other letters as DNS has it (RFC 5891); None if there is none."""
    checked = well_formed(address)
    if checked is None or checked.isascii():
        return checked
    local, _, domain = checked.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
        if ascii_domain.encode().decode("idna") != domain:
            return None  # `straße` would be written to as `strasse`, which is somebody else's
    except UnicodeError:
        return None
    return f"{local}@{ascii_domain}" if local.isascii() else None
