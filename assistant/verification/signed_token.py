"""Tokens signed by the controller's own site: a page-load token (T1) and a fresh client-area sign-in (T2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from assistant.errors import NotVerified
from assistant.interfaces import SignedIn

_LONGEST = timedelta(minutes=5)
_FRESH = timedelta(minutes=10)
_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, for whom, and how; the algorithm is fixed here, never read from the token (RFC 8725)."""

    issuer: str
    audience: str
    algorithm: str
    key: str


@dataclass(frozen=True, slots=True)
class SignedToken:
    """The tokens of one site; with `fresh_login` they must prove a sign-in of the last ten minutes."""

    signer: Signer
    fresh_login: bool

    def read(self, token: str, now: datetime) -> SignedIn:
        """Check signature, issuer, audience and times; raises NotVerified."""
        return read_token(self.signer, token, now, fresh_login=self.fresh_login)


def read_token(signer: Signer, token: str, now: datetime, *, fresh_login: bool) -> SignedIn:
    """Check a token's signature, issuer, audience and times; raises NotVerified. One-time use is the caller's part."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            signer.key,
            algorithms=[signer.algorithm],
            issuer=signer.issuer,
            audience=signer.audience,
            options={
                "require": ["iss", "aud", "sub", "email", "iat", "exp", "jti"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        if _instant(claims.get("nbf", 0), now) > now + _SKEW:
            raise NotVerified
        issued, expires = _instant(claims["iat"], now), _instant(claims["exp"], now)
        _check_times(now, issued, expires)
        if fresh_login:
            _check_fresh(now, claims)
        return SignedIn(
            str(claims["sub"]), str(claims["email"]), str(claims["jti"]), claims.get("nonce"), expires
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError, OSError):
        raise NotVerified from None


def _instant(seconds: float, now: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, tz=now.tzinfo)


def _check_times(now: datetime, issued: datetime, expires: datetime) -> None:
    if expires <= now - _SKEW or issued > now + _SKEW or expires - issued > _LONGEST:
        raise NotVerified


def _check_fresh(now: datetime, claims: dict[str, Any]) -> None:
    age = now - _instant(claims["auth_time"], now)
    if not claims.get("nonce") or age > _FRESH or age < -_SKEW:
        raise NotVerified
