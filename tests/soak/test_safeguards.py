"""Each safeguard of the threat model is taken out, and a test dies of it; with FULL=1 all of them, else the first few."""

from __future__ import annotations

import os

import pytest

from tests.mutate.__main__ import check_all, line
from tests.mutate.safeguards import safeguards

HOW_MANY = None if os.environ.get("FULL") else 3


@pytest.mark.timeout(1800)
def test_no_safeguard_can_be_taken_out_unnoticed() -> None:
    outcomes, broken = check_all(safeguards()[:HOW_MANY])
    assert not broken
    assert [line(each) for each in outcomes if not each.is_noticed] == []
