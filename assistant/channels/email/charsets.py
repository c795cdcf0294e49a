"""Bytes to text, whatever a mail says about its charset: never an error, as much of it readable as can be."""

from __future__ import annotations

import codecs
import re

# What senders write, and what they mean: the larger set that holds the named one.
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "iso-2022-jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
}
# One byte a letter, so nothing is ever wrong in them: what reads as UTF-8 is UTF-8 under the name of a server on the way.
_TAKE_ANYTHING = re.compile(r"cp125\d|iso8859-\d+|latin_?1")
# Python's own codecs that are no charsets, or that take time out of proportion to what they are given.
_NO_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}


def decoded(data: bytes, charset: str | None) -> str:
    """Read bytes as the charset says; where that is wrong as UTF-8, else as Windows wrote it, gaps marked."""
    named = _codec(charset)
    for each in ("utf-8", named) if _TAKE_ANYTHING.fullmatch(named) else (named, "utf-8"):
        try:
            return data.decode(each)
        except (UnicodeError, ValueError, LookupError):
            continue
    return data.decode(named if named != "utf-8" else "cp1252", "replace")


def _codec(charset: str | None) -> str:
    """Name a codec that exists and is a charset; UTF-8 where none is named."""
    name = (charset or "utf-8").strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_MEANT.get(name, name)).name
    except (LookupError, ValueError):
        return "utf-8"
    try:
        b"".decode(found)
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if found.replace("_", "-") in _NO_CHARSETS else found
