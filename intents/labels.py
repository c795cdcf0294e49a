"""The words of this package stand once: which rights, which conversational wishes, which languages."""

from __future__ import annotations

from typing import Final

RIGHTS: Final = (
    "access",
    "erasure",
    "rectification",
    "objection",
    "consent_withdrawal",
    "restriction",
    "portability",
    "complaint",
)
CONVERSATIONAL: Final = ("request_status", "cancel_request", "human")
ANY_RIGHT: Final = "any"
OUTPUTS: Final = (*RIGHTS, ANY_RIGHT, *CONVERSATIONAL)
NONE: Final = "none"
ASK: Final = "ask"
REQUEST: Final = "request"
LANGUAGES: Final = ("en", "fr", "de", "es", "it", "nl", "pt", "et", "ru", "pl")
