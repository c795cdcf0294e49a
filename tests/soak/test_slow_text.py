"""What a stranger writes is read in time linear in its length up to a megabyte, and nothing linear is slow either."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.slow_text import faults, measured, plain
from tests.doubles.hostile_text import Expression, hostile_texts

pytestmark = [pytest.mark.quiet, pytest.mark.timeout(1800)]

# Stood in the desk with 120 letters between: linear, and two to three seconds a megabyte. That is near the limit, where
# the machine decides: what looks six times as far is slow on every machine, and what looks a tenth as far on none.
_LINEAR = (
    r"\b(?:class|id|name)\s{0,9}=\s{0,9}[^'>]{0,%d}?(?:gmail_quote|gmail_signature|gmail_attr|protonmail_quote"
    r"|protonmail_signature|yahoo_quoted|zmail_extra|tutanota_quote|moz-cite-prefix|moz-signature|x_moz)"
)


def test_nothing_that_reads_a_stranger_is_slow_on_a_megabyte_made_for_it() -> None:
    """B01: every expression, and every function that takes a message whole, on the text that is worst for it."""
    assert [str(line) for line in faults()] == []


@pytest.mark.parametrize(("letters", "is_slow"), [(720, True), (12, False)])
def test_what_is_linear_and_slow_is_found(letters: int, is_slow: bool) -> None:
    """The measure is itself tried."""
    pattern = re.compile(_LINEAR % letters, re.IGNORECASE)
    line = measured("old", Expression("old", pattern).read, list(hostile_texts(pattern)))
    assert line.is_slow(plain()) is is_slow
