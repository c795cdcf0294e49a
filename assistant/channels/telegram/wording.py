"""What an answer looks like in Telegram: texts short enough, and buttons that Telegram takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from assistant.interfaces import Choice

LONGEST_TEXT = 4096  # UTF-16 units, as Telegram counts; never more than that many characters
_LONGEST_VALUE = 64  # bytes of callback_data
_VALUE = re.compile(r"[a-z][a-z0-9_]*(?::[A-Za-z0-9_.-]+){0,2}")
_BORDERS = re.compile(r"\n\s*\n|\n|[ \t]")  # never the hard space before a French colon


def is_value(data: str) -> bool:
    """Say whether this can be what one of our buttons carries; a client may send anything."""
    return len(data.encode()) <= _LONGEST_VALUE and _VALUE.fullmatch(data) is not None


def laid_out(text: str, choices: Sequence[Choice]) -> tuple[list[str], list[Choice]]:
    """Give the texts to send one after the other, and the buttons below the last of them.

    A choice that Telegram would refuse as a button stands as a line of its own at the end of the text.
    """
    buttons = [c for c in choices if (_is_public(c.url) if c.url else is_value(c.value))]
    lines = [f"{c.label}: {c.url}" if c.url else c.label for c in choices if c not in buttons]
    whole = "\n\n".join(part for part in (text.strip(), "\n".join(lines)) if part)
    return list(_pieces(whole)), buttons


def _is_public(url: str) -> bool:
    """Say whether Telegram puts this address behind a button: https, and a name on the Internet."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" and ip_address(host).is_global
    except ValueError:
        return parts.scheme == "https" and "." in host


def _pieces(text: str) -> Iterator[str]:
    while len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        window = text.encode("utf-16-le")[: 2 * LONGEST_TEXT].decode("utf-16-le", "ignore")
        end = _border(window)
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    if text:
        yield text


def _border(window: str) -> int:
    """Find the best place to cut: after a paragraph, else a line, a sentence, a word; else the very end."""
    found: dict[int, int] = {}
    for match in _BORDERS.finditer(window):
        found[_rank(window, match)] = match.end()
    late = {rank: end for rank, end in found.items() if end > len(window) // 4}
    return late[min(late)] if late else len(window)


def _rank(window: str, match: re.Match[str]) -> int:
    breaks = match.group().count("\n")
    if breaks:
        return 0 if breaks > 1 else 1
    return 2 if window[match.start() - 1 : match.start()] in {".", "!", "?", ";"} else 3
