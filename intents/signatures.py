"""Leaves out by which title somebody signs: *Head of Marketing* below a name wants nothing to be done about marketing."""

from __future__ import annotations

import re
from functools import partial
from itertools import takewhile
from typing import Final

from intents.tables import any_in, in_plain

_any: Final = partial(any_in, "signatures")
_MOST_LINES: Final = 16  # of a signature; what is longer says something
_LONGEST_LINE: Final = 120  # characters
_APART: Final = re.compile(r"\s*[|,•·;]\s*|\s+[-–—/@:]\s+|\s+(?:at|chez|bei)\s+|\t+")
_NAME_WORD: Final = r"(?:[^\W\d_a-zà-öø-ÿ][\w'’.-]*|de|du|la|le|von|van|der|den|di|da|&)"
_NAME: Final = re.compile(rf"{_NAME_WORD}(?:[ \u00a0]+{_NAME_WORD}){{0,4}}")
_BETWEEN_WORDS: Final = re.compile(r"[-()\"“”«»]+")
_CONTACT: Final = re.compile(
    r"@|https?:|www\.|\+?\d[\d ().-]{6,}|\b(?:tel|tél|phone|mob|fax)\b|^\d{1,5}\b", re.IGNORECASE
)


def without_titles(text: str) -> str:
    """Give a message without the titles, departments and firms in its last lines; what says nothing else stays whole. Linear in length."""
    lines = text.split("\n")
    at = [number for number, line in enumerate(lines) if line.strip()]
    below = list(takewhile(lambda number: _may_sign(lines[number]), at[: -_MOST_LINES - 1 : -1]))
    if len(below) == len(at):
        return text
    is_signed = False
    for number in reversed(below):
        kept = []
        for piece in _pieces(lines[number]):
            is_title = _is_title(piece)
            if not (is_title or (is_signed and (_is_trade(piece) or _is_company(piece)))):
                kept.append(piece)
            is_signed = is_signed or is_title or _is_name(piece) or _is_closing(piece)
        lines[number] = lines[number] if len(kept) == len(_pieces(lines[number])) else ", ".join(kept)
    return "\n".join(lines)


def _pieces(line: str) -> list[str]:
    return [piece for each in _APART.split(line) if (piece := each.strip(" *_.-–—"))]


def _may_sign(line: str) -> bool:
    """Tell whether a line may stand in a signature: each piece of it names somebody or something."""
    if len(line) > _LONGEST_LINE:
        return False
    return all(
        _is_title(piece)
        or _is_trade(piece)
        or _is_company(piece)
        or _is_closing(piece)
        or _is_name(piece)
        or _CONTACT.search(piece)
        for piece in _pieces(line)
    )


def _is_title(piece: str) -> bool:
    return _of(piece, "title", "trade", "beside") and _of_some(piece, "title")


def _is_trade(piece: str) -> bool:
    return _of(piece, "trade", "beside")


def _is_company(piece: str) -> bool:
    words = _words(piece)
    ends = len(words) > 1 and any(_any("company").fullmatch(word) for word in (words[0], words[-1]))
    return ends and piece[:1].isupper() and not _of_some(piece, "no_name")


def _is_closing(piece: str) -> bool:
    return _of(piece, "closing")


def _is_name(piece: str) -> bool:
    return _NAME.fullmatch(piece) is not None and not _of_some(piece, "no_name")


def _of(piece: str, *tables: str) -> bool:
    return all(any(_any(table).fullmatch(word) for table in tables) for word in _words(piece))


def _of_some(piece: str, table: str) -> bool:
    return any(_any(table).fullmatch(word) for word in _words(piece))


def _words(piece: str) -> list[str]:
    return _BETWEEN_WORDS.sub(" ", in_plain(piece)).replace("'", "' ").split()
