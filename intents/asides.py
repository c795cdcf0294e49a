"""Hears where a right is named and not used: in a wish about a thing of the service, in a text that is shown, in a reminder, in a threat."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from intents.cleaning import normalise, plain_letters, says_something
from intents.wishes import names_right

_SPACES: Final = re.compile(r"\s+")
_PLACE: Final = re.compile(r"\{([A-Z_]+)\}")
# No mark opens twice in a piece: so many opening ones without an end cost no more than their length.
_SHOWN: Final = re.compile(r'"[^"]*(?:"|$)|“[^“”]*(?:”|$)|„[^„“”]*(?:[“”]|$)|«[^«»]*(?:»|$)')


def without_asides(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without things of the service to be taken away, and reminders of a right. Linear in length."""
    left = [_without_asides(sentence) for sentence in spoken.values()]
    return spoken if left == list(spoken.values()) else _by_line(left)


def without_shown(spoken: dict[str, str]) -> dict[str, str]:
    """Give what is said around a text that is shown to ask whether it is good; what stands in it is no wish yet."""
    said = list(spoken.values())
    asking = [sentence for sentence in said if _any("asks_if_good").search(_plain(_SHOWN.sub(" ", sentence)))]
    if not asking:
        return spoken
    text = "\n".join(said)
    if _SHOWN.search(text):
        return _by_line(_SHOWN.sub(" ", text).split("\n"))
    # Without quotation marks only a template is nobody's own: *is this letter right? My name is wrong in it* asks for something.
    return _by_line(asking) if _any("template").search(_plain(" ".join(asking))) else spoken


def threatens_only(sentences: Sequence[str]) -> bool:
    """Tell whether an authority is only threatened with, in a dispute that is not about data (GDPR 77(1))."""
    plain = _plain(" ".join(sentences))
    return (
        bool(_any("threatens").search(plain))
        and bool(_any("ordinary").search(plain))
        and not _any("of_data").search(plain)
    )


def only_looks(sentences: Sequence[str]) -> bool:
    """Tell whether somebody asks to have access to their personal data, and says nothing of carrying them elsewhere."""
    plain = _plain(" ".join(sentences))
    return bool(_any("looks").search(plain)) and not _any("carries").search(plain)


def of_oneself(sentences: Sequence[str]) -> bool:
    """Tell whether a writer speaks of themselves as of somebody else: *the undersigned asks for his data*."""
    return bool(_any("oneself").search(_plain(" ".join(sentences))))


def _without_asides(sentence: str) -> str:
    plain = left = _plain(sentence)
    if _any("takes_away").search(plain):
        left = _any("of_service").sub(" ", plain)
        if left != plain and not (names_right(left) or _any("of_data").search(left)):
            return ""  # beside it stands only why: *so I can get in*
    for table in ("reminds", "disclaims"):
        left = _any(table).sub(" ", left)
    return sentence if left == plain else _SPACES.sub(" ", left).strip(" ,;")


def _by_line(sentences: Sequence[str]) -> dict[str, str]:
    return {line: sentence for sentence in sentences if says_something(line := normalise(sentence))}


def _plain(text: str) -> str:
    return _SPACES.sub(" ", plain_letters(text.lower())).strip()


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "asides.toml").read_text(encoding="utf-8"))


@cache
def _any(table: str) -> re.Pattern[str]:
    rows = [row for rows in _tables()[table].values() for row in rows]
    return re.compile("|".join(f"(?:{_filled(_filled(row))})" for row in rows))


def _filled(row: str) -> str:
    """Fill in the words a row names; words may name others once."""
    return _PLACE.sub(lambda found: str(_tables()["words"][found[1]]), row)
