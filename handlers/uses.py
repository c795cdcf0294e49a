"""Which uses of data an objection or a withdrawal of consent ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def uses_in(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the purposes that a request names, one or several; marketing is one for which none other counts."""
    if details.get("marketing"):
        return ("marketing",)
    named = details.get("purpose") or ()
    return (named,) if isinstance(named, str) else tuple(str(purpose) for purpose in named)
