"""References of requests: random, so that none tells of another, and readable over the telephone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Crockford's base 32: no I, L, O (taken for 1 and 0) and no U (nothing rude by chance).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_MOST_REFERENCES = 12
_LONGEST_TYPED = 40
_BYTES = 5  # 40 bits, five to a character
# A reference exactly as we write it, for other patterns to use.
REFERENCE = rf"PR-[{_ALPHABET}]{{{_LENGTH}}}"

_TAIL = rf"(?P<tail>[0-9A-TV-Z]{{{_LENGTH}}})(?![0-9A-Z])"
_READINGS = (
    re.compile(rf"(?<![0-9A-Za-z])PR-(?P<tail>[{_ALPHABET}]{{{_LENGTH}}})(?![0-9A-Za-z])"),
    re.compile(
        rf"(?<![0-9A-Z])PR[\s\u00a0]?[-\u2010-\u2015\u2212][\s\u00a0]?{_TAIL}", re.IGNORECASE | re.ASCII
    ),
    # Without its hyphen a reference must hold a digit, or "protection" and "PR problems" would be ones.
    re.compile(rf"(?<![0-9A-Z])PR[\s\u00a0_:.]?(?=[A-Z]*[0-9]){_TAIL}", re.IGNORECASE | re.ASCII),
)
_HEARD_AS = str.maketrans("OIL", "011")


_ASKED = 4  # characters of it that a page asks for


def ends_as(typed: str, reference: str) -> bool:
    """Tell whether somebody typed the last four characters of a reference, or all of it, however they write them."""
    bare = re.sub(r"[^0-9A-Z]", "", typed[:_LONGEST_TYPED].upper()).translate(_HEARD_AS)
    return bare in {reference[-_ASKED:], reference[-_LENGTH:], reference.replace("-", "")}


def new_reference(random: Callable[[int], bytes]) -> str:
    """Give a new reference from a source of random bytes: PR- and 8 characters of Crockford's base 32."""
    number = int.from_bytes(random(_BYTES))
    digits = (_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
    return f"PR-{''.join(digits)}"


def parse_reference(text: str) -> str | None:
    """Find a reference in free text, whatever its case, with O for 0, I or L for 1, or without its hyphen."""
    for reading in _READINGS:
        if found := reading.search(text):
            return f"PR-{found['tail'].upper().translate(_HEARD_AS)}"
    return None


def parse_references(text: str) -> list[str]:
    """Find every reference in free text, each once and at most a dozen, read as `parse_reference` reads one."""
    found = (tail["tail"] for reading in _READINGS for tail in reading.finditer(text))
    return list(dict.fromkeys(f"PR-{tail.upper().translate(_HEARD_AS)}" for tail in found))[:_MOST_REFERENCES]
