"""Wishes strung together as ordinary people do, misspelt too: every one is found, above all a copy beside an erasure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, permutations, product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.reading import Reading

FILE = Path(__file__).parents[1] / "data" / "intents" / "strung.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")
EVERY = 3  # of a grid whose every text was read while the rules were made
_MUCH_THE_SAME = ({"objection", "consent_withdrawal"}, {"access", "portability"})


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def _strung(language: str, number: int) -> Iterator[tuple[str, set[str]]]:
    """Give every so many different rights in every order and form, each time in other words of theirs."""
    wish, begins = CASES["wish"][language], CASES["begins"][language]
    forms = CASES["joined" if number == 2 else "three"][language]
    grid = product(permutations(wish, number), forms, range(6))
    for at, (rights, form, turn) in enumerate(grid):
        words = [wish[right][(turn * (place + 1)) % len(wish[right])] for place, right in enumerate(rights)]
        said = form.format(**dict(zip(("first", "second", "third"), words, strict=False)))
        yield begins[at % len(begins)] + said, set(rights)


def _copied_first(language: str) -> Iterator[tuple[str, set[str]]]:
    words = CASES["before"][language]
    for erasure, copy, form in product(words["erasure"], words["copy"], words["joined"]):
        also = {"objection"} if form.endswith((" adds", " ads", " pub")) else set[str]()
        yield form.format(erasure=erasure, copy=copy), {"erasure", "access"} | also


def _missed(found: Reading, rights: set[str]) -> bool:
    if found.decision != "request":
        return True
    alike = [next((pair for pair in _MUCH_THE_SAME if right in pair), {right}) for right in rights]
    return any(found.rights.isdisjoint(pair) for pair in alike)


def _share_missed(reader: Reader, cases: list[tuple[str, set[str]]]) -> tuple[float, list[Any]]:
    read = [(text, reader.read(text), rights) for text, rights in cases]
    missed = [(text, found.rights, rights) for text, found, rights in read if _missed(found, rights)]
    return len(missed) / len(cases), missed


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wish_of_several_is_found_however_they_are_strung(
    reader: Reader, language: str, number: int
) -> None:
    share, missed = _share_missed(reader, list(_strung(language, number)))
    assert 1 - share >= CASES["floor"], missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_erasure_hides_the_copy_that_is_to_come_first(reader: Reader, language: str) -> None:
    _, missed = _share_missed(reader, list(_copied_first(language))[::EVERY])
    assert missed == []


def test_what_is_no_copy_of_ones_data_adds_none_to_an_erasure(reader: Reader) -> None:
    read = [(text, reader.read(text).rights) for text in CASES["near"]["texts"]]
    assert [(text, rights) for text, rights in read if rights != {"erasure"}] == []


def _bare_copies(language: str) -> Iterator[tuple[str, set[str]]]:
    words = CASES["noun"][language]
    for erasure, copy, form in product(words["erasure"], words["copy"], words["form"]):
        also = {"objection"} if form.endswith((" ads", " pub")) else set[str]()
        yield form.format(erasure=erasure, copy=copy), {"erasure", "access"} | also


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_copy_that_is_only_named_is_not_hidden_by_what_comes_after(reader: Reader, language: str) -> None:
    _, missed = _share_missed(reader, list(_bare_copies(language)))
    assert missed == []


def _ordinary(words: dict[str, Any], number: int) -> Iterator[tuple[str, set[str]]]:
    """Join every so many rights as people go on in a sentence, each time in other words of theirs."""
    wish, turns = words["wish"], count()
    forms = [form for form in words["joined"] if form.count("{") == number]
    for rights, form in product(permutations(wish, number), forms):
        if any(pair <= set(rights) for pair in (*_MUCH_THE_SAME, {"erasure", "restriction"})):
            continue
        turn = next(turns)
        said = [wish[right][(turn + at) % len(wish[right])] for at, right in enumerate(rights)]
        if "erasure" not in rights or not any(each in CASES["ordinary"]["details"] for each in said):
            places = dict(zip(("first", "second", "third"), said, strict=False))
            yield words["begins"][turn % len(words["begins"])] + form.format(**places), set(rights)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("form", ["wished", "asked"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wish_is_lost_that_goes_on_in_an_ordinary_clause(
    reader: Reader, language: str, form: str, number: int
) -> None:
    read = [
        (text, reader.read(text), rights)
        for text, rights in _ordinary(CASES["ordinary"][language][form], number)
    ]
    asked = [
        (text, replace(found, decision="request"), rights) for text, found, rights in read if found.rights
    ]
    assert len(asked) == len(read)
    assert [(text, found.rights) for text, found, rights in asked if _missed(found, rights)] == []


def _told_wrong(language: str) -> Iterator[tuple[str, set[str]]]:
    words = CASES["told"][language]
    for (right, wishes), wrong, form in product(words["wish"].items(), words["wrong"], words["form"]):
        for wish in wishes:
            yield form.format(wrong=wrong, wish=wish), {"rectification", right}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_told_to_be_wrong_is_not_hidden_by_an_end_of_marketing(reader: Reader, language: str) -> None:
    _, missed = _share_missed(reader, list(_told_wrong(language)))
    assert missed == []


def test_nothing_told_to_be_wrong_is_corrected_beside_an_erasure_or_of_a_server(reader: Reader) -> None:
    read = [(text, reader.read(text).rights) for text in CASES["told"]["near"]]
    assert [(text, rights) for text, rights in read if "rectification" in rights] == []
