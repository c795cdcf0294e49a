"""A link in a fresh mail to the contact on file: what a code is for chat, for people who write letters."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from assistant.domain.assurance import LINK_LIFETIME, Method, Tier
from assistant.errors import NotVerified
from assistant.interfaces import Challenge

_BYTES = 24


class EmailLink:
    """Proves control of the mailbox; the page behind it asks before anything changes."""

    method = Method.EMAIL_LINK
    tier = Tier.T1

    def challenge(self, now: datetime) -> Challenge:
        """Make a secret of 192 bits: too long to guess, so a plain hash is enough to keep."""
        secret = secrets.token_urlsafe(_BYTES)
        return Challenge(
            self.method, secret, hashlib.sha256(secret.encode()).hexdigest(), "mail_link", now + LINK_LIFETIME
        )

    def check(self, stored: str, answer: str) -> None:
        """Return if the secret is right; raises NotVerified."""
        if not hmac.compare_digest(stored, hashlib.sha256(answer.encode()).hexdigest()):
            raise NotVerified
