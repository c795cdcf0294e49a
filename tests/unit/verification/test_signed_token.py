"""A token of the controller's own site counts only as it was agreed: signature, algorithm, issuer, audience, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from assistant.errors import NotVerified
from assistant.verification.signed_token import Signer, read_token

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
KEY = "an invented key, long enough for every algorithm that is tried in here"
SIGNER = Signer("https://area.example", "privacy-desk", "HS256", KEY)


def at(**since: float) -> int:
    return int((NOW + timedelta(**since)).timestamp())


def claims(**changed: Any) -> dict[str, Any]:
    whole = {
        "iss": SIGNER.issuer, "aud": SIGNER.audience, "sub": "C-10042", "email": "a@mail.example",
        "iat": at(), "exp": at(minutes=5), "jti": "once", "nonce": "case", "auth_time": at(minutes=-1),
    }  # fmt: skip
    return {name: value for name, value in (whole | changed).items() if value is not None}


def signed(algorithm: str = "HS256", key: str = KEY, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm)


def test_a_token_as_agreed_says_who_signed_in() -> None:
    for valid_from in (None, at(), at(seconds=20)):
        who = read_token(SIGNER, signed(nbf=valid_from), NOW, fresh_login=True)
        assert who.nonce == "case"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(key=KEY[::-1]), id="another_key"),
        pytest.param(signed(algorithm="HS512"), id="another_algorithm"),
        pytest.param(jwt.encode(claims(), "", algorithm="none"), id="unsigned"),
        pytest.param(signed()[:-4], id="cut_off"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="no_token"),
        pytest.param(signed(iss="https://other.example"), id="another_issuer"),
        pytest.param(signed(aud="another-service"), id="another_audience"),
        pytest.param(signed(exp=at(minutes=-1), iat=at(minutes=-3)), id="ended"),
        pytest.param(signed(iat=at(minutes=2), exp=at(minutes=5)), id="from_later"),
        pytest.param(signed(nbf=at(minutes=1)), id="not_valid_yet"),
        pytest.param(jwt.encode(claims(nbf="soon"), KEY), id="valid_from_no_time"),
        pytest.param(signed(exp=at(minutes=6)), id="too_long"),
        pytest.param(signed(exp=10**400), id="an_end_beyond_all_time"),
        pytest.param(signed(auth_time=at(minutes=-11)), id="signed_in_long_ago"),
        pytest.param(signed(auth_time=at(minutes=2)), id="signed_in_later"),
        *(
            pytest.param(jwt.encode(claims(**{name: None}), KEY), id=f"without_{name}")
            for name in ("iss", "aud", "sub", "email", "iat", "exp", "jti", "nonce", "auth_time")
        ),
    ],
)
def test_any_other_token_proves_nothing(token: str) -> None:
    with pytest.raises(NotVerified):
        read_token(SIGNER, token, NOW, fresh_login=True)
