"""How a value of a database is written: exact in JSON, harmless in a spreadsheet, short on a page."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

BOM: Final = b"\xef\xbb\xbf"  # tells spreadsheets that the file is UTF-8
_MARKS: Final = "=+\\-@＝＋－＠"
# The start of a cell, and of what a spreadsheet set to another language takes for the next cell or line.
_STARTS: Final = re.compile(rf"((?:^|[;\t\r\n])[\s\x00-\x1f\ufeff\u200b-\u200f\"']*)([{_MARKS}]?)")
_IS_PLAIN: Final = re.compile(r"(?:\w[\w.:@ +=-]*)?")  # what most cells are
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_NOT_IN_HTML: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9-]+")
_LONGEST_NAME: Final = 60


def json_value(value: Any) -> Any:
    """Give a value as JSON holds it: instants in ISO 8601, decimals as text (exact), bytes in Base64."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(key): json_value(inner) for key, inner in value.items()}
        case Sequence() | set() | frozenset():
            return [json_value(inner) for inner in value]
    # Of Decimal, UUID, an address or a span of time the text is exact.
    return value.isoformat() if isinstance(value, date | time) else str(value)


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """Write JSON in UTF-8; half a surrogate pair, which UTF-8 has no bytes for, stays a JSON escape."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")


def json_lines(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Write rows as JSON Lines, each an object by column."""
    return b"".join(json_bytes(json_object(columns, row)) + b"\n" for row in rows)


def json_object(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Give one row by column."""
    return {column: json_value(value) for column, value in zip(columns, row, strict=True)}


def plain(value: Any) -> str:
    """Give a value as text: what stands on the page and, made harmless, in a spreadsheet."""
    value = json_value(value)
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def csv_cell(value: Any) -> str:
    """Give a value as a cell that no spreadsheet takes for a formula; a number stays a number."""
    text = plain(value)
    if _IS_PLAIN.fullmatch(text) or (isinstance(value, int | float | Decimal) and _NUMBER.fullmatch(text)):
        return text
    safe = _STARTS.sub(lambda start: f"{start[1]}'{start[2]}" if start[2] else start[1], text)
    return f"'{safe}" if safe.startswith(("\t", "\r", "\n")) else safe


def csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    """Write rows as RFC 4180 asks: comma, double quotes, CRLF."""
    lines = io.StringIO(newline="")
    csv.writer(lines, lineterminator="\r\n").writerows([csv_cell(value) for value in row] for row in rows)
    return lines.getvalue().encode("utf-8", "backslashreplace")


def for_page(value: Any, most: int) -> str:
    """Give a value as a page shows it: what HTML cannot hold is replaced, what is too long is cut."""
    text = _NOT_IN_HTML.sub("\ufffd", plain(value).replace("\r\n", "\n"))
    return text if len(text) <= most else f"{text[:most]} […]"


def file_name(*parts: str) -> str:
    """Make one name of any texts that is the same and harmless on every system: letters, digits, - and _."""
    return "_".join(_harmless(part) for part in parts)


def _harmless(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_IN_NAMES.sub("-", ascii_only.replace("_", "-")).strip("-")[:_LONGEST_NAME] or "unnamed"
