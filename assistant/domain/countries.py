"""Countries as people write them, and their codes (ISO 3166)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def _codes() -> Mapping[str, str]:
    text = (files(__package__) / "countries.toml").read_text(encoding="utf-8")
    return {name.casefold(): code for code, names in tomllib.loads(text).items() for name in (code, *names)}


def code_of_country(name: str) -> str | None:
    """Give the code of a country by any of its names; None for what is none of those known."""
    return _codes().get(name.strip().rstrip(".").casefold())
