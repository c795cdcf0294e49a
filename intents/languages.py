"""Hears a short message that does nothing but ask for a language: *en français svp*, *no hablo inglés*."""

from __future__ import annotations

import re
from typing import Final

from intents.tables import any_in_row, in_plain, tables

_LONGEST: Final = 80  # characters
_BETWEEN: Final = re.compile(r"[,;:.!?…¡¿]+")


def language_asked(text: str) -> str | None:
    """Name the language that a short message asks for, or *another* where it is neither English nor French; None where it says anything else."""
    if len(text) > _LONGEST:
        return None
    plain = " ".join(_BETWEEN.sub(" ", in_plain(text)).split())
    asks = tables("languages")["asks"]
    return next((each for each in asks if any_in_row("languages", "asks", each).fullmatch(plain)), None)
