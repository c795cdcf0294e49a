"""Ways to prove who is asking: each gives a challenge and checks an answer, and stores nothing."""

from __future__ import annotations

from assistant.interfaces import VerificationMethod
from assistant.verification.email_code import EmailCode
from assistant.verification.email_link import EmailLink

METHODS: tuple[VerificationMethod, ...] = (EmailCode(), EmailLink())

__all__ = ["METHODS", "EmailCode", "EmailLink"]
