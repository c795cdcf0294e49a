"""What a stranger writes is read in time linear in its length up to a megabyte, and nothing linear is slow either."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.slow_text import faults, measured, plain
from tests.doubles.hostile_text import Expression, hostile_texts

pytestmark = pytest.mark.timeout(1800)

# Stood here: linear, and three seconds a megabyte.
_LINEAR_AND_SLOW = re.compile(
    r"\b(?:class|id|name)\s{0,9}=\s{0,9}[^'>]{0,120}?(?:gmail_quote|gmail_signature|gmail_attr|protonmail_quote"
    r"|protonmail_signature|yahoo_quoted|zmail_extra|tutanota_quote|moz-cite-prefix|moz-signature|x_moz)",
    re.IGNORECASE,
)


def test_nothing_that_reads_a_stranger_is_slow_on_a_megabyte_made_for_it() -> None:
    """B01: every expression, and every function that takes a message whole, on the text that is worst for it."""
    assert [str(line) for line in faults()] == []


def test_what_is_linear_and_slow_is_found() -> None:
    """The measure is itself tried."""
    texts = list(hostile_texts(_LINEAR_AND_SLOW))
    assert measured("old", Expression("old", _LINEAR_AND_SLOW).read, texts).is_fault(plain())
