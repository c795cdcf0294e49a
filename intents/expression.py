"""An expression that is tried only on texts that hold what it cannot do without: most sentences are spared most expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from re import _constants, _parser  # type: ignore[attr-defined] # undocumented: docs/decisions.md says why
from typing import Any, Final

Words = frozenset[str]  # one of them stands in every text that matches
Needs = tuple[tuple[str, ...], ...]  # of each of these one

_SHORTEST: Final = 2  # letters; a single one stands in every text
_ASKED: Final = 2  # the most telling sets of words of an alternative; more of them tell little more
_REPEATS: Final = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


class Expression:
    """Any of some rows as one expression; what no match can do without is derived from the rows themselves.

    It is compiled for the first text that may match: most texts meet few, and the first message waits for none of the rest.
    """

    def __init__(self, rows: Iterable[str]) -> None:
        self._rows = list(rows)
        self._needs = needs_of(self._rows)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{row})" for row in self._rows))

    def may_be_in(self, text: str) -> bool:
        """Tell whether a text holds what a row cannot do without; never false where one matches."""
        for needs in self._needs:
            for words in needs:
                for word in words:
                    if word in text:
                        break
                else:
                    break
            else:
                return True
        return False

    def search(self, text: str, *span: int) -> re.Match[str] | None:
        """Find the first place where a row matches."""
        return self._pattern.search(text, *span) if self.may_be_in(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        """Match at the beginning."""
        return self._pattern.match(text) if self.may_be_in(text) else None

    def match_at(self, text: str, place: int) -> re.Match[str] | None:
        """Match at one of many places of a text: looking through all of it for each would cost its length squared."""
        return self._pattern.match(text, place)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Match the whole of a text."""
        return self._pattern.fullmatch(text) if self.may_be_in(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Find every place where a row matches."""
        return self._pattern.finditer(text) if self.may_be_in(text) else iter(())

    def findall(self, text: str) -> list[str]:
        """Give what the group holds wherever a row matches."""
        return self._pattern.findall(text) if self.may_be_in(text) else []

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str) -> str:
        """Put something in the place of each match."""
        return self._pattern.sub(by, text) if self.may_be_in(text) else text

    def subn(self, by: str, text: str) -> tuple[str, int]:
        """Put something in the place of each match, and count them."""
        return self._pattern.subn(by, text) if self.may_be_in(text) else (text, 0)


def needs_of(rows: Iterable[str]) -> tuple[Needs, ...]:
    """Give what each alternative of some rows needs; where one needs nothing, what every text meets."""
    parsed = (_parser.parse(row) for row in rows)
    needs = [_most_telling(_sets(each)) for row in parsed for each in _alternatives(row)]
    if not all(needs):
        return ((),)
    # Alternatives that need one set each need together one of all its words: so many are asked at once.
    single = frozenset[str]().union(*(words for sets in needs if len(sets) == 1 for words in sets))
    together = [[_fewest(single)]] if single else []
    several = [sets for sets in needs if len(sets) > 1]
    return tuple(dict.fromkeys(tuple(tuple(sorted(words)) for words in sets) for sets in together + several))


def _alternatives(parsed: Any) -> Iterator[Any]:
    """Give the alternatives of an expression, be they behind the edge of a word."""
    *before, (kind, what) = parsed
    if kind is _constants.BRANCH and all(each is _constants.AT for each, _ in before):
        for branch in what[1]:
            yield from _alternatives(branch) if branch else [branch]
    else:
        yield parsed


def _most_telling(sets: Iterable[Words]) -> list[Words]:
    return sorted(sorted(set(sets), key=_telling, reverse=True)[:_ASKED], key=len)


def _telling(words: Words) -> tuple[int, int, list[str]]:
    return min(map(len, words)), -len(words), sorted(words)


def _sets(parsed: Any) -> Iterator[Words]:
    """Give sets of words of each of which every match of a sequence holds one: its literal runs, and those of its parts."""
    literal = ""
    for kind, what in [*parsed, (None, None)]:
        if kind is _constants.LITERAL:
            literal += chr(what)
            continue
        if len(literal) >= _SHORTEST:
            yield frozenset({literal})
        literal = ""
        yield from _sets_of_part(kind, what)


def _sets_of_part(kind: Any, what: Any) -> Iterator[Words]:
    if kind is _constants.BRANCH:
        each = [max(_sets(branch), key=_telling, default=None) for branch in what[1]]
        if all(each):
            yield _fewest(frozenset().union(*filter(None, each)))
    elif kind is _constants.ATOMIC_GROUP:
        yield from _sets(what)
    elif kind in {_constants.SUBPATTERN, _constants.ASSERT} or (kind in _REPEATS and what[0] > 0):
        yield from _sets(what[-1])  # what must stand before or behind a match stands in the text as well


def _fewest(words: Words) -> Words:
    """Drop the words that hold another of them: where they stand, that one stands."""
    return frozenset(word for word in words if not any(each in word for each in words - {word}))
