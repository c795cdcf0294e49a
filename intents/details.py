"""Picks up what a right needs where it stands in the text: identifiers, fields, purposes, periods."""

from __future__ import annotations

from typing import Any


def details_of(text: str, intents: tuple[str, ...]) -> dict[str, Any]:
    """Give what was found, as plain JSON values; absent keys were not found."""
    return {}
