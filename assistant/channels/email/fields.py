"""The header fields of a mail, read by ourselves.

Mail programs disagree on odd headers, and forged senders live on that. So the fields are split by the
plainest rule that loses none of them, and every decision about a sender is taken on this one list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header

from assistant.channels.email.charsets import decoded

_MOST_LINES = 100_000
_MOST_FIELDS = 1_000
_LONGEST_VALUE = 32_000
_LONGEST_LINE = 4 * _LONGEST_VALUE  # bytes
_LONGEST_SHOWN = 2_000
_MOST_IDS = 100
_LINE_END = re.compile(rb"\r\n|\n|\r")
_NEWEST_LAST = "references"  # of a field that is too long its end counts; of any other its beginning
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_ID = re.compile(r"<[^<>\s\x00-\x1f]{1,900}>")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header of one message: names in lower case, values unfolded, in their order."""

    fields: tuple[tuple[str, str], ...]
    flooded: bool = False  # there were more than anybody needs; the rest was not looked at

    def all(self, *names: str) -> list[str]:
        """Give every value under these names, names in the order asked for."""
        return [value for name in names for key, value in self.fields if key == name]

    def first(self, name: str) -> str:
        """Give the first value under a name, or nothing."""
        return next(iter(self.all(name)), "")

    def ids(self, *names: str) -> list[str]:
        """Give the message ids in these fields, those too that a program wrote as encoded words though it must not (RFC 2047, 5)."""
        return [found for value in self.all(*names) for found in _ID.findall(_uncoded(value))[-_MOST_IDS:]]

    def text(self, name: str) -> str:
        """Give the first value under a name as a person would read it: decoded, on one line."""
        return one_line(decoded_words(self.first(name)[:_LONGEST_SHOWN]))


def _uncoded(value: str) -> str:
    return decoded_words(value[-_LONGEST_SHOWN:]) if "=?" in value else value


def header_and_body(raw: bytes) -> tuple[bytes, bytes]:
    """Split a message at its first empty line; a mbox `From ` line before it is dropped."""
    raw = without_mbox_line(raw)
    if raw.startswith((b"\r\n", b"\n")):
        return b"", raw
    end = _HEADER_END.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def without_mbox_line(raw: bytes) -> bytes:
    """Drop the `From ` line that some pipes put before the first header field."""
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def fields_of(header: bytes) -> Fields:
    """Split a header into fields; a bare CR or LF ends a line too, so nothing hides behind one."""
    lines = _LINE_END.split(header, maxsplit=_MOST_LINES)
    found: list[tuple[str, list[bytes]]] = []
    for line in lines[:_MOST_LINES]:
        if line[:1] in {b" ", b"\t"} and found:
            found[-1][1].append(line)
        elif b":" in line:
            name, _, value = line.partition(b":")
            found.append((_name(name[:_LONGEST_VALUE]), [value]))
    kept = tuple((name, _value(name, parts)) for name, parts in found[:_MOST_FIELDS])
    return Fields(kept, flooded=len(lines) > _MOST_LINES or len(found) > _MOST_FIELDS)


def _value(name: str, parts: Sequence[bytes]) -> str:
    """Unfold a field as far as anybody reads it: a long one is no reason to doubt the others."""
    if name == _NEWEST_LAST:
        return "".join(reversed(list(_enough(part[-_LONGEST_LINE:] for part in reversed(parts)))))[
            -_LONGEST_VALUE:
        ].strip()
    return "".join(_enough(parts))[:_LONGEST_VALUE].strip()


def _enough(parts: Iterable[bytes]) -> Iterator[str]:
    left = _LONGEST_VALUE
    for part in parts:
        if left <= 0:
            return
        text = decoded(part[:_LONGEST_LINE], "utf-8")
        left -= len(text)
        yield text


def one_line(text: str) -> str:
    """Put a text on one line, without control characters."""
    return " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in text).split())


def _name(name: bytes) -> str:
    """Read a field's name as generously as the most generous mail program: `From :` counts as a From."""
    return re.sub(r"[^!-9;-~]", "", name.decode("latin-1")).lower()


def decoded_words(value: str) -> str:
    """Decode the encoded words of RFC 2047; whatever is broken stays as it stands."""
    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else decoded(part, charset) for part, charset in chunks)
