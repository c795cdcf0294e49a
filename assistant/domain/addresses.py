"""How e-mail addresses and telephone numbers are compared, everywhere."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
_PHONE: Final = re.compile(r"\+?\d{6,15}")  # E.164 has fifteen digits at most
_WRITTEN: Final = re.compile(r"\+?\(?\d[\d \u00a0\u202f./()-]{4,22}\d")
_BETWEEN_DIGITS: Final = str.maketrans("", "", " \u00a0\u202f-./()")


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


def phone_in(text: str) -> str | None:
    """Give the first telephone number in a message, as it was written; None if there is none."""
    found = (match.group() for match in _WRITTEN.finditer(text))
    return next((number for number in found if normal_phone(number)), None)


def normal_contact(text: str) -> str | None:
    """Give the compared form of an e-mail address or a telephone number, whichever it is; None if it is neither."""
    if "@" not in text:
        return normal_phone(text)
    return normal_address(text) if _EMAIL.fullmatch(text.strip()) else None
