"""Of several wishes in one message none hides another, whatever joins them, in English and French, with accents and without."""

from __future__ import annotations

import time
import timeit
import tomllib
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import plain_letters
from intents.narrowing import asks_source, spares_some
from intents.reading import Reading
from intents.wishes import DONT

FILE = Path(__file__).parents[1] / "data" / "intents" / "together.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")
EVERY = 7  # of a grid whose every text is read elsewhere


def _pairs(language: str) -> Iterator[tuple[str, set[str]]]:
    for (first, second), form in product(permutations(CASES["wish"][language], 2), CASES["joined"][language]):
        wishes = CASES["wish"][language]
        for one, other in product(wishes[first], wishes[second]):
            yield form.format(first=one, second=other), {first, second}


def _threes(language: str) -> Iterator[tuple[str, set[str]]]:
    wishes = CASES["wish"][language]
    for rights, form in product(
        permutations(("erasure", "objection", "complaint")), CASES["three"][language]
    ):
        for words in product(*(wishes[right] for right in rights)):
            yield form.format(**dict(zip(("first", "second", "third"), words, strict=True))), set(rights)


def _spelt(cases: Iterator[tuple[str, set[str]]]) -> Iterator[tuple[str, set[str]]]:
    """Give each as it is, with a capital, and without accents, as people type in a chat."""
    for text, rights in cases:
        yield text, rights
        yield text[0].upper() + text[1:], rights
        if (plain := plain_letters(text)) != text:
            yield plain, rights


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("together", [_pairs, _threes])
def test_no_wish_hides_another(reader: Reader, together: Any, language: str) -> None:
    read = [(text, rights, reader.read(text)) for text, rights in _spelt(together(language))]
    lost = [(text, rights - found.rights) for text, rights, found in read if not rights <= found.rights]
    assert lost == []
    assert [(text, found.rights) for text, _, found in read if found.decision != "request"] == []


_ENDS_OF_USE = frozenset({"objection", "consent_withdrawal"})
_MUCH_THE_SAME = (_ENDS_OF_USE, frozenset({"access", "portability"}))


def _is_read(found: Reading, rights: set[str]) -> bool:
    """Tell whether these rights are opened and no others, but for what is much the same as one of them."""
    alike = frozenset[str]().union(*(pair for pair in _MUCH_THE_SAME if pair & rights))
    return found.decision == "request" and rights <= found.rights <= rights | alike


def _beside(language: str) -> Iterator[tuple[str, set[str]]]:
    uses = [(end, words) for end, each in CASES["use"][language].items() for words in each]
    others = [(right, words) for right, each in CASES["beside"][language].items() for words in each]
    for (end, use), (right, other), form in product(uses, others, CASES["set_beside"][language]):
        for first, second in ((use, other), (other, use)):
            yield form.format(first=first, second=second), {end, right}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_end_of_a_use_hides_another_right_or_is_hidden(reader: Reader, language: str) -> None:
    """An end of use may be read as either right that ends one: which of the two is no loss."""
    read = [(text, rights, reader.read(text)) for text, rights in _beside(language)]
    assert [
        (text, found.decision, found.rights)
        for text, rights, found in read
        if not (rights - _ENDS_OF_USE <= found.rights and found.rights & _ENDS_OF_USE)
    ] == []
    assert [(text, found.rights) for text, _, found in read if found.decision == "none"] == []
    # To erase it and to use it no more is no wish to keep it (GDPR 18).
    assert [text for text, _, found in read if "restriction" in found.rights] == []


def _marketing_beside(language: str) -> Iterator[tuple[str, set[str]]]:
    others = [(right, words) for right, each in CASES["stop_beside"][language].items() for words in each]
    for stop, (right, other), form in product(
        CASES["stop"][language], others, CASES["stop_joined"][language]
    ):
        yield form.format(first=stop, second=other), {"objection", right}
        yield form.format(first=other, second=stop), {"objection", right}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_end_of_marketing_hides_no_other_right_and_none_hides_it(reader: Reader, language: str) -> None:
    read = [(text, rights, reader.read(text)) for text, rights in _marketing_beside(language)]
    assert [
        (text, found.decision, found.rights) for text, rights, found in read if not _is_read(found, rights)
    ] == []


def _second_verb(language: str) -> Iterator[tuple[str, set[str]]]:
    words = CASES["second_verb"][language]
    wishes = [(right, wish) for right, each in words["wish"].items() for wish in each]
    for (right, wish), complain, form in product(wishes, words["complain"], words["form"]):
        yield form.format(wish=wish, complain=complain), {right, "complaint"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_complaint_that_is_the_second_verb_of_a_wish_is_opened_with_it(
    reader: Reader, language: str
) -> None:
    read = [(text, rights, reader.read(text)) for text, rights in _second_verb(language)]
    assert [
        (text, found.decision, found.rights) for text, rights, found in read if not _is_read(found, rights)
    ] == []


def test_a_complaint_that_is_kept_back_or_about_something_else_is_not_opened_beside_a_wish(
    reader: Reader,
) -> None:
    read = [(text, reader.read(text)) for text in CASES["second_verb"]["reserved"]["texts"]]
    assert [text for text, found in read if "complaint" in found.rights or found.decision == "none"] == []


@pytest.mark.parametrize("together", [_pairs, _beside, _marketing_beside, _second_verb])
def test_no_wish_is_read_otherwise_for_want_of_its_apostrophes(reader: Reader, together: Any) -> None:
    whole = [text for text, _ in together("fr") if "'" in text][::EVERY]
    read = [(text, reader.read(text), reader.read(text.replace("'", " "))) for text in whole]
    assert [
        (text, typed.rights, bare.rights)
        for text, typed, bare in read
        if (typed.decision, typed.rights) != (bare.decision, bare.rights)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_erasure_of_a_detail_hides_no_end_of_a_use(reader: Reader, language: str) -> None:
    uses = [*CASES["marketing"][language], *(each[0] for each in CASES["use"][language].values())]
    grid = product(CASES["detail"][language], uses, CASES["set_beside"][language])
    texts = [
        form.format(first=first, second=second)
        for detail, use, form in grid
        for first, second in ((detail, use), (use, detail))
    ]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if "rectification" not in found.rights or not found.rights & _ENDS_OF_USE or "erasure" in found.rights
    ] == []


@pytest.mark.parametrize(
    "text", ["I want a copy and I also want to complain", "je veux une copie et je veux aussi me plaindre"]
)
def test_a_doubt_beside_a_complaint_offers_the_complaint_too(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, found.rights) == ("ask", frozenset({"access", "complaint"}))


@pytest.mark.parametrize(
    "text",
    [
        "I request access to my personal data and to the existence of automated decision-making, including profiling.",
        "Give me a copy of my data.\n7. the existence of automated decision-making, including profiling, referred to in Article 22(1) and (4) GDPR",
        "Je demande l'accès à mes données et l'existence d'une prise de décision automatisée, y compris un profilage.",
    ],
)
def test_who_asks_whether_a_program_decides_objects_to_nothing(reader: Reader, text: str) -> None:
    """GDPR 15(1)(h): it is a part of the access."""
    assert reader.read(text).rights == {"access"}


@pytest.mark.parametrize(
    "text",
    [
        "Remove me from this list and tell me where you got my address.",
        "I never asked for this. Please take me off this list and tell me where you got my address.",
    ],
)
def test_where_an_address_comes_from_hides_no_end_of_the_list(reader: Reader, text: str) -> None:
    assert reader.read(text).rights == {"access", "objection"}


# ── not erased, but something else instead ──────────────────────────────────────────────────────────


def _instead(language: str) -> Iterator[tuple[str, set[str]]]:
    for right, wishes in CASES["instead"][language].items():
        grid = product(CASES["spared"][language], wishes, CASES["turned"][language])
        yield from ((form.format(spared=spared, wish=wish), {right}) for spared, wish, form in grid)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wished_in_place_of_an_erasure_is_opened(reader: Reader, language: str) -> None:
    read = [(text, rights, reader.read(text)) for text, rights in _spelt(_instead(language))]
    assert [t for t, _, found in read if DONT not in found.wishes] == []
    assert [
        (t, r.decision, r.rights) for t, rights, r in read if r.decision != "request" or r.rights != rights
    ] == []


# ── all but something ───────────────────────────────────────────────────────────────────────────────


def _all_but(language: str) -> Iterator[tuple[str, set[str]]]:
    words = CASES["all_but"][language]
    for erases, but, kept, form in product(words["erases"], words["except"], words["kept"], words["form"]):
        yield form.format(**{"erases": erases, "except": but, "kept": kept}), {"erasure"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_erasure_of_all_but_something_is_asked_about_and_never_opened_at_once(
    reader: Reader, language: str
) -> None:
    read = [(text, reader.read(text)) for text, _ in _spelt(_all_but(language))]
    assert [(t, r.decision, r.rights) for t, r in read if r.decision == "none"] == []
    assert [t for t, r in read if r.decision == "request" and "erasure" in r.rights] == []


def test_what_the_law_keeps_is_no_exception_of_the_person() -> None:
    assert [text for text in CASES["all_but"]["whole"] if spares_some([text])] == []


# ── from where the data come ────────────────────────────────────────────────────────────────────────


def _source(language: str) -> Iterator[tuple[str, set[str]]]:
    words = CASES["source"][language]
    yield from ((said + asks, {"access"}) for said, asks in product(words["said"], words["asks"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_asks_where_their_data_come_from_gets_access_and_no_correction(
    reader: Reader, language: str
) -> None:
    read = [(text, reader.read(text)) for text, _ in _spelt(_source(language))]
    assert [(t, r.rights) for t, r in read if r.decision != "request" or "access" not in r.rights] == []
    assert [t for t, r in read if "rectification" in r.rights] == []


def test_what_only_sounds_like_a_question_for_the_source_is_none() -> None:
    assert [text for text in CASES["source"]["near"] if asks_source([text])] == []


@pytest.mark.parametrize(
    "piece",
    ["delete all ", "delete x except ", "except my ", "sauf mon ", "where did you get ", "d'ou vous avez "],
)
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    def seconds(times: int) -> float:
        text = [piece * times]
        return min(
            timeit.repeat(
                lambda: (spares_some(text), asks_source(text)), timer=time.process_time, number=1, repeat=5
            )
        )

    seconds(1)
    assert seconds(8_000) < 40 * max(seconds(800), 0.003)
