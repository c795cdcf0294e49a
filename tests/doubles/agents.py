"""Agents of a test's own: whose code nobody has used yet, and whom no other test's wrong guesses have locked out."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import pyotp

_numbers = itertools.count(1)


def code_at(secret: str, at: float) -> str:
    """Give what an authenticator shows at an instant."""
    return pyotp.TOTP(secret).at(int(at))


def new_secret() -> str:
    """Give the secret of another authenticator."""
    return pyotp.random_base32()


@dataclass(frozen=True, slots=True)
class OwnAgent:
    """Somebody who signs in once: a desk takes each code once, so who signs in again is somebody else."""

    name: str
    password: str
    totp_secret: str

    def form(self) -> dict[str, str]:
        """Give what is typed at the sign-in."""
        return {
            "name": self.name,
            "password": self.password,
            "code": code_at(self.totp_secret, time.time()),
        }


def new_agent(role: str) -> OwnAgent:
    """Invent an agent whom no desk knows yet."""
    return OwnAgent(new_name(role), "an invented password", new_secret())


def new_name(role: str) -> str:
    """Give a name that no agent has yet."""
    return f"{role}{next(_numbers)}"
