"""Hears questions about the privacy policy: on which topic, and which kind of data they name; a request is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Final, TypeVar

from intents.cleaning import own_words, sentences
from intents.tables import any_in, in_plain, tables

K = TypeVar("K", bound=Hashable)
Labels = tuple[Sequence[str], Sequence[str], Sequence[str]]  # of a kind of data: titles, parts, columns

_any: Final = partial(any_in, "policy")
_LONGEST: Final = 20_000  # characters
_LONGEST_SENTENCE: Final = 400  # of it its beginning: what is asked stands there
_MOST: Final = 3  # topics of one message; whoever asks more reads the policy itself
_LONGEST_NAME: Final = 40  # characters of a line below the letter
_LABELS_KEPT: Final = 8_192
_SHORTEST: Final = 4  # letters of a word that has a plural
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_TYPED: Final = re.compile(r"[^\W\d_]+")
_SHORT: Final = 80  # characters of a clause that may only name a topic, or ask by its sense alone
_FEW: Final = 5  # words of one that may name a topic and ask nothing in so many words
_ASKS_ON: Final = re.compile(
    r",? (?:and|et|,|or|ou) (?=(?:how|what|who|whom|why|where|which|when|to whom|with whom|on what|on which|combien|comment"
    r"|pourquoi|qui|a qui|avec qui|quel|quelle|quels|quelles|d'ou|sur quel|sur quelle|pendant combien)\b)"
)
# In this order they are tried: what two match is of the first.
TOPICS: Final = (
    "hosted",
    "cookies",
    "machines",
    "using",
    "authority",
    "changes",
    "security",
    "transfers",
    "origin",
    "basis",
    "retention",
    "recipients",
    "self_service",
    "rights",
    "contact",
    "purposes",
    "data",
    "where",
)
_OF_HOSTING: Final = ("hosted",)  # what a question about the customer's own server may be of: most are none
# Asked of one person these are access, which the reader knows; the rest is the same whoever asks.
_OF_DATA: Final = frozenset(
    {"data", "purposes", "basis", "retention", "recipients", "transfers", "origin", "security", "where"}
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the policy: its topic, and the words by which it may name a kind of data."""

    topic: str
    words: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()  # of these what is said to be the writer's own
    is_vague: bool = False  # it asks by its sense alone: beside anything else it is no question


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks of the policy; `alone` where it says nothing else."""

    questions: tuple[Question, ...] = ()
    alone: bool = False


def asked_of_policy(text: str) -> Asked:
    """Give what a message asks of the policy; in time linear to its length."""
    parts = [(plain, _question_in(plain)) for plain in _parts(text)]
    found: dict[str, Question] = {}
    for _, question in parts:
        if question is not None:
            found.setdefault(question.topic, question)
    others = [question for topic, question in found.items() if topic != "where"]
    questions = others or list(found.values())  # where the policy stands every answer says
    if not (alone := bool(questions) and _is_all(parts)):
        questions = [each for each in questions if not each.is_vague]
    return Asked(tuple(questions[:_MOST]), alone)


def is_of_privacy(text: str) -> bool:
    """Tell whether a message asks about data or privacy, on whatever topic."""
    return any(
        _any("of_privacy").search(plain)
        and (_asks(plain) or _may_ask(plain))
        and not _any("of_hosting").search(plain)
        for plain in _parts(text)
    )


def asks_own_date(text: str) -> bool:
    """Tell whether somebody asks when their own request is answered, rather than how long an answer takes."""
    return any(_any("own_date").search(plain) for plain in _parts(text))


def kinds_named(question: Question, kinds: Mapping[K, Labels]) -> list[K] | None:
    """Give the kinds of data that a question names, none where it names none; None where it names one that is not there.

    What is called by just these words comes before what is called by these and others.
    """
    known = {kind: [[_label(each) for each in some] for some in labels] for kind, labels in kinds.items()}
    words = question.words & frozenset[str]().union(
        *(label for labels in known.values() for some in labels for label in some)
    )
    if not words:
        return None if question.owned else []
    same: Sequence[Callable[[frozenset[str]], bool]] = (words.__eq__, words.__le__)
    for fits, levels in ((same[0], (0, 1, 2)), (same[1], (0, 1))):
        for level in levels:
            if named := [kind for kind, labels in known.items() if any(map(fits, labels[level]))]:
                return named
    named = [k for k, labels in known.items() if any(words & label for some in labels[:2] for label in some)]
    return named or (None if question.owned and not question.owned & words else [])


def _parts(text: str) -> Iterator[str]:
    """Give sentence by sentence what is asked, two questions in one apart."""
    for sentence in sentences(own_words(text[:_LONGEST])):
        yield from _ASKS_ON.split(_plain(sentence[:_LONGEST_SENTENCE]))


def _is_all(parts: Iterable[tuple[str, Question | None]]) -> bool:
    """Tell whether a message only asks, greets, and names its writer below, and wishes nothing."""
    closed = False
    for plain, question in parts:
        closed = closed or _any("closes").match(plain) is not None
        says_nothing = _any("greets").match(plain) is not None or (closed and len(plain) <= _LONGEST_NAME)
        if (question is None and not says_nothing) or _any("of_wish").search(plain):
            return False
    return True


def _question_in(plain: str) -> Question | None:
    asks = _asks(plain)
    topic = _topic_of(plain) if asks or _may_ask(plain) else None
    if topic is None and (asks or plain.count(" ") < _FEW):
        topic, asks = _named_in(plain), False
    if topic is None or (topic in _OF_DATA and _any("of_a_person").search(plain)):
        return None
    if topic == "cookies":
        return Question(topic, frozenset({"cookie"}), frozenset({"cookie"}), is_vague=not asks)
    end = _any("ends_thing").search(plain)
    what = plain[: end.start()] if end else plain
    words = frozenset(_words(what))
    if "cookie" in words:
        return Question(topic, words, frozenset({"cookie"}), is_vague=not asks)
    owned = frozenset(word for said in _any("owned").findall(what) for word in list(_words(said))[:1])
    return Question(topic, words, owned, is_vague=not asks)


def _topic_of(plain: str) -> str | None:
    topics = _OF_HOSTING if _any("of_hosting").search(plain) else TOPICS
    return next((each for each in topics if _any(each).search(plain)), None)


def _asks(plain: str) -> bool:
    return "?" in plain or _any("is_question").search(plain) is not None


def _may_ask(plain: str) -> bool:
    """Tell whether a short clause asks by its sense alone."""
    return len(plain) <= _SHORT and _any("may_ask").search(plain) is not None


def _plain(sentence: str) -> str:
    plain = " ".join(in_plain(sentence).replace("-", " ").replace("' ", "'").split())
    typed = tables("policy")["typed"]["any"]
    if typed.keys().isdisjoint(_TYPED.findall(plain)):
        return plain
    return _TYPED.sub(lambda word: typed.get(word[0], word[0]), plain)


def _named_in(plain: str) -> str | None:
    """Give the topic of a clause that does nothing but name it: *DPO?*, *sous-traitants*."""
    return _named().get(_words_of(plain)) if len(plain) <= _SHORT else None


def _words_of(plain: str) -> frozenset[str]:
    """Give the words of a clause but those that say nothing beside a name."""
    return frozenset(map(_singular, _TYPED.findall(plain))) - _beside()


@cache
def _beside() -> frozenset[str]:
    return frozenset(map(_singular, " ".join(map(str, tables("policy")["beside"].values())).split()))


@cache
def _named() -> Mapping[frozenset[str], str]:
    rows = tables("policy")["named"].items()
    return {_words_of(_plain(name)): topic for topic, names in rows for name in names}


@lru_cache(_LABELS_KEPT)
def _label(label: str) -> frozenset[str]:
    return frozenset(_words(_plain(label)))


def _words(plain: str) -> Iterator[str]:
    """Give the words by which kinds of data differ, one for all that mean the same, in the singular."""
    for word in map(_singular, _WORD.findall(plain)):
        if word not in _names_nothing():
            yield _same().get(word, word)


def _singular(word: str) -> str:
    if len(word) >= _SHORTEST and word.endswith(("aux", "sses")):
        return f"{word[:-2]}l" if word[-1] == "x" else word[:-2]
    return word[:-1] if len(word) >= _SHORTEST and word[-1] == "s" and word[-2] != "s" else word


@cache
def _names_nothing() -> frozenset[str]:
    return frozenset(map(_singular, " ".join(map(str, tables("policy")["names_nothing"].values())).split()))


@cache
def _same() -> Mapping[str, str]:
    return {word: group[0] for group in tables("policy")["same"]["any"] for word in group}
