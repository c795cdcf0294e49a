"""What somebody who holds the database would guess costs them time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from argon2 import extract_parameters

from assistant.casework.agents.staff import hash_password
from assistant.verification.email_code import EmailCode


@pytest.mark.usefixtures("full_costs")
def test_passwords_and_codes_are_hashed_slowly() -> None:
    password = extract_parameters(hash_password("an invented password"))
    code = extract_parameters(str(EmailCode().challenge(datetime.now(UTC)).stored))
    assert (password.memory_cost, password.time_cost) >= (65_536, 3)
    assert (code.memory_cost, code.time_cost) >= (19_456, 2)
