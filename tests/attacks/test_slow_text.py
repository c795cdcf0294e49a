"""What a stranger writes is read in time linear in its length, whatever it is made of; `make soak` tries each expression."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable

from tests.doubles.hostile_text import (
    ALONE,
    LINEAR,
    Expression,
    Growth,
    expressions,
    grown,
    hostile_texts,
    short_texts,
    whole_functions,
    whole_texts,
)

FEWEST = 300  # expressions
MOST_ALONE = 30  # rows of tables that are put together with others only at a call
A_SHORT_TIME = 0.2  # seconds of this process
A_FEW = 8  # texts an expression here; tests/benchmarks/slow_text.py tries all


def test_the_expressions_are_found_as_the_desk_puts_them_together() -> None:
    alone = [each.where for each in expressions() if each.where.endswith(ALONE)]
    assert len(expressions()) > FEWEST
    assert len(alone) < MOST_ALONE


def test_no_expression_tries_for_ever_what_fits_it_in_two_ways() -> None:
    """B01: 'my second second second …' was a phone number's or an address's: each more took twice as long."""
    assert not [each.where for each in expressions() if tries_for_ever(each)]


def test_what_tries_for_ever_is_found() -> None:
    """What finds them is itself tried: a word that stands in a list twice, and a comma before a word that may bring its own."""
    assert tries_for_ever(Expression("twice", re.compile(r"my (?:(?:old|new|seconde?|third|second) )*name")))
    assert tries_for_ever(Expression("comma", re.compile(r"(?:,|,? (?:and|et))+ all")))
    assert not tries_for_ever(Expression("once", re.compile(r"my (?:(?:old|new|seconde?) )*name")))


def tries_for_ever(expression: Expression) -> bool:
    """Tell whether one of the short texts made for an expression takes longer than any of its length should."""
    return any(is_stopped(expression, text) for text in short_texts(expression.pattern))


def is_stopped(expression: Expression, text: str) -> bool:
    """Tell whether reading takes longer than a short text may; it is stopped then."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, A_SHORT_TIME)
    try:
        expression.read(text)
    except _StoppedError:
        return True
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return False


class _StoppedError(Exception):
    """What was read took too long."""


def _stop(_signal: int, _frame: object) -> None:
    raise _StoppedError


def slow_of(expression: Expression) -> list[Growth]:
    """Give what of an expression's own texts takes more than linear time; the first is enough."""
    texts = hostile_texts(expression.pattern, A_FEW)
    return slow(grown(expression.where, expression.read, hostile) for hostile in texts)[:1]


def slow(found: Iterable[Growth | None]) -> list[Growth]:
    """Give what grows faster than a line."""
    return [growth for growth in found if growth and growth.ratio > LINEAR]


def test_no_function_takes_more_than_linear_time_on_texts_made_to_be_slow() -> None:
    """B01: 20 000 letters without a space, an invoice number that goes on and on, quotes in quotes."""
    assert not slow(
        grown(name, function, hostile)
        for name, function in whole_functions().items()
        for hostile in whole_texts()
    )


def test_what_takes_the_square_is_found() -> None:
    """What finds them is itself tried: an expression that stood here, and one that looks for a link."""
    assert slow_of(Expression("old", re.compile(r"\w*(?:[a-z][α-ω])\w*")))
    assert slow_of(Expression("link", re.compile(r"<a[^>]*href=[^>]*>")))
    assert slow_of(Expression("name", re.compile(r"(?:(?:[A-Z]\w*|of) ?){1,2}"), "fullmatch"))
