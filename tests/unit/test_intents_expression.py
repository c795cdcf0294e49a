"""An expression is spared the texts in which it cannot match, and no other: what it cannot do without is derived."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents.examples import examples
from intents.expression import Expression
from intents.tables import any_in, filled, in_plain, tables

FILES = ("asides", "clauses", "meant", "narrowing", "negated", "wishes")
# Each way to write something that is not in every match, or is in it by another word.
PATTERNS = [
    "delete",
    "(?:delete|erase) (?:my|our) data",
    "(?:please )?erase|remove",
    r"\b(?:do not|don't|) erase",
    "erase(?= it)",
    "erase(?! it)",
    "(?<=please )erase",
    "(?<!not )erase",
    "(?:erase ){2}",
    "(?:erase ){0,2}now",
    "era*s+e",
    "er[ao]se",
    "(?>erase|era) it",
    "er.se|[a-d]",
    "(e)(?:ra|ro)se",
    r"^(?:erase|(?:wipe|drop)|)$",
]


@given(st.sampled_from(PATTERNS).flatmap(lambda pattern: st.tuples(st.just(pattern), st.from_regex(pattern))))
@settings(max_examples=300)
def test_what_an_expression_would_find_is_found(made: tuple[str, str]) -> None:
    pattern, text = made
    assert Expression([pattern]).search(text) is not None
    assert Expression(["nothing like it", pattern]).search(text) is not None


@given(
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3),
    st.lists(st.sampled_from(["erase", "era", "please ", "not ", "now", "my data", " it", "e", "wipe"])).map(
        "".join
    ),
)
@settings(max_examples=300)
def test_each_way_to_try_it_does_what_one_expression_of_all_rows_does(rows: list[str], text: str) -> None:
    spared, plain = Expression(rows), re.compile("|".join(f"(?:{row})" for row in rows))
    assert _span(spared.search(text)) == _span(plain.search(text))
    assert _span(spared.match(text)) == _span(plain.match(text))
    places = range(len(text) + 1)
    assert [_span(spared.match_at(text, at)) for at in places] == [
        _span(plain.match(text, at)) for at in places
    ]
    assert _span(spared.fullmatch(text)) == _span(plain.fullmatch(text))
    assert [each.span() for each in spared.finditer(text)] == [each.span() for each in plain.finditer(text)]
    assert spared.findall(text) == plain.findall(text)
    assert spared.sub("*", text) == plain.sub("*", text)
    assert spared.subn("*", text) == plain.subn("*", text)


@cache
def _said() -> tuple[str, ...]:
    texts = (example.text for example in examples() if example.language in {"en", "fr"})
    return tuple(dict.fromkeys(in_plain(text) for text in texts))[::5]


def _span(found: re.Match[str] | None) -> tuple[int, int] | None:
    return found.span() if found else None


def _tables(file: str) -> list[str]:
    return [table for table, rows in tables(file).items() if table != "words" and _is_of_rows(rows)]


def _is_of_rows(rows: dict[str, object]) -> bool:
    return all(isinstance(row, list) for row in rows.values())


@pytest.mark.parametrize("file", FILES)
def test_no_table_misses_what_one_of_its_rows_finds(file: str) -> None:
    for table in _tables(file):
        rows = [filled(file, row) for each in tables(file)[table].values() for row in each]
        assert not any("(?i" in row for row in rows), table  # needs are words in small letters
        plain, spared = re.compile("|".join(f"(?:{row})" for row in rows)), any_in(file, table)
        assert [t for t in _said() if _span(plain.search(t)) != _span(spared.search(t))] == [], table


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_text_made_from_a_row_is_tried(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    table = data.draw(st.sampled_from(_tables(file)))
    row = data.draw(st.sampled_from([row for each in tables(file)[table].values() for row in each]))
    assert any_in(file, table).may_be_in(data.draw(st.from_regex(filled(file, row))))


# The dearest of those that are tried on every sentence.
DEAREST = {
    "asides": ("of_service", "reminds"),
    "meant": ("unless_served", "maybe"),
    "narrowing": ("complains", "spares_some"),
    "wishes": ("changed_mind", "denied", "dont", "for_other"),
}


def test_an_ordinary_sentence_is_spared_the_dearest_expressions() -> None:
    ordinary = [in_plain(each.text) for each in examples() if each.language == "en" and not each.labels][::20]
    each = [(any_in(file, table), text) for file in DEAREST for table in DEAREST[file] for text in ordinary]
    assert len(ordinary) > 20
    assert sum(expression.may_be_in(text) for expression, text in each) < len(each) / 5
