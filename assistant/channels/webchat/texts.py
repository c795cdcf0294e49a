"""What the socket itself has to say to a person, whole sentences in each language (errors.json)."""

from __future__ import annotations

import json
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "fr"]

ERRORS: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType(
    json.loads(resources.files(__package__).joinpath("errors.json").read_text("utf-8"))
)


def language_of(locale: str | None) -> Language:
    """Give the language in which the socket speaks to a locale; English where it knows no better."""
    return "fr" if locale is not None and locale[:2].lower() == "fr" else "en"


def error_text(code: str, language: Language, **values: Any) -> str:
    """Give the sentence of an error code, with its values filled in."""
    return ERRORS[language][code].format(**values)
