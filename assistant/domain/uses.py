"""Uses of data that end together, and those that do not: marketing ends at once, others on a proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MARKETING: Final = frozenset({"marketing", "newsletter"})


def wishes_apart(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Split what one message wants ended: marketing, which needs no proof (GDPR 21(3)), and whatever else it names."""
    named = details.get("purpose")
    others = [purpose for purpose in named if purpose not in _MARKETING] if isinstance(named, list) else []
    if not details.get("marketing") or not others:
        return [dict(details)]
    marketing = {name: value for name, value in details.items() if name != "purpose"}
    rest = {name: value for name, value in details.items() if name not in {"marketing", "address"}}
    return [marketing, rest | {"purpose": others}]
