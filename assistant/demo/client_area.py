"""Plays the client area: signs the token that proves a fresh sign-in, as the real one would."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt

from assistant.demo import people
from assistant.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

TOKEN_LIFETIME = timedelta(minutes=5)
RETURN_PATH = "/verify/client-area"
_LONGEST_NONCE = 200


@dataclass(frozen=True, slots=True)
class Account:
    """One account that can be signed in to."""

    client_no: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ClientArea:
    """Who signs, for whom, with which key; the desk is set up with the same three."""

    issuer: str
    audience: str
    key: str = field(repr=False)

    def token(self, account: Account, nonce: str, now: datetime) -> str:
        """Sign that this account signed in just now, for the one case that the nonce names."""
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": account.client_no,
            "email": account.email,
            "auth_time": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LIFETIME).timestamp()),
            "jti": secrets.token_urlsafe(16),
            "nonce": nonce,
        }
        return jwt.encode(claims, self.key, algorithm="HS256")


def accounts(subjects: Sequence[people.Subject] = people.SUBJECTS) -> list[Account]:
    """List the accounts of the people to be."""
    return [
        Account(client_no, subject.name, subject.email)
        for subject in subjects
        if subject.client_id
        for client_no in (subject.client_id, *subject.other_client_ids)
    ]


def account_of(client_no: str) -> Account:
    """Give one account; raises Invalid if nobody can be signed in to it."""
    for account in accounts():
        if account.client_no == client_no:
            return account
    raise Invalid("choose one of the accounts listed, then sign in")


def checked_return(url: str, public_url: str) -> str:
    """Give the path the token is posted to; raises Invalid for any other than the desk's own."""
    parts, own = urlsplit(url), urlsplit(public_url)
    ours = (parts.scheme, parts.netloc) in {("", ""), (own.scheme, own.netloc)}
    if not ours or parts.path != RETURN_PATH or parts.query or parts.fragment or "\\" in url:
        raise Invalid(
            f"the token is handed to {public_url}{RETURN_PATH} only; begin again from the desk's link"
        )
    return RETURN_PATH


def checked_nonce(nonce: str) -> str:
    """Give back the nonce; raises Invalid if it is missing or far too long."""
    if not 0 < len(nonce) <= _LONGEST_NONCE:
        raise Invalid("this page is opened by the sign-in link of the desk; ask for one in the chat")
    return nonce
