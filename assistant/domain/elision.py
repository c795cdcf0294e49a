"""Before which words French drops a vowel: *heure d’Athènes*, *heure de Tallinn*."""

from __future__ import annotations

import unicodedata
from typing import Final

_DROPS_BEFORE: Final = frozenset("aeiouyh")


def elides(word: str) -> bool:
    """Tell whether *de* before a name becomes *d’*."""
    return unicodedata.normalize("NFD", word[:1]).casefold()[:1] in _DROPS_BEFORE
