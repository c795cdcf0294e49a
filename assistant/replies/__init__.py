"""Every word to a person is a named, whole text in each language the desk speaks."""

from __future__ import annotations

from assistant.replies.facts import DeskFacts, Periods
from assistant.replies.texts import Rendered, TextError, Texts

__all__ = ["DeskFacts", "Periods", "Rendered", "TextError", "Texts"]
