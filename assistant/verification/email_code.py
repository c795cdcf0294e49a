"""A code of eight digits to the contact on file, typed in the conversation that asked for it."""

from __future__ import annotations

import secrets
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from assistant.domain.assurance import CODE_DIGITS, CODE_LIFETIME, Method, Tier, code_in
from assistant.errors import NotVerified
from assistant.interfaces import Challenge

# A code lives ten minutes and five tries; NIST SP 800-63B 5.1.3.2 asks for a salted slow hash all the same.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class EmailCode:
    """Proves control of the mailbox, and nothing more."""

    method = Method.EMAIL_CODE
    tier = Tier.T1

    def challenge(self, now: datetime) -> Challenge:
        """Make a code from an approved generator; about 27 bits."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        return Challenge(self.method, code, _HASHER.hash(code), "mail_code", now + CODE_LIFETIME)

    def check(self, stored: str, answer: str) -> None:
        """Return if the code is right; raises NotVerified."""
        digits = code_in(answer)
        if digits is None:
            raise NotVerified
        try:
            _HASHER.verify(stored, digits)
        except (VerificationError, InvalidHashError):
            raise NotVerified from None
