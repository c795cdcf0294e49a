"""The legal facts as data, each with its article, so that no number of the law hides in a function."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_law(name: str) -> dict[str, Any]:
    """Give the parsed `name`.toml of this package; read once, and never changed by those who read it."""
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
