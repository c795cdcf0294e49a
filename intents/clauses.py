"""Reads an enumerating sentence clause by clause: *send me a copy, correct my name, then stop the ads* are three wishes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from intents.asides import complaint_is_threatened
from intents.tables import any_in_row, in_plain, tables

_any: Final = partial(any_in_row, "clauses")
_APART: Final = re.compile(
    r"[,;:!?…()\"«»\n]+|\.(?=\s|$)|\s[-–—•*+&/]\s|(?<!\w)(?:\d{1,2}|[a-h])\s?[.)°]\s"
    r"|\s(?:and|then|also|finally|as well as|but|et|puis|ensuite|enfin|ainsi que|mais)(?=\s)"
    # *Plus* and *après* are more than connecting words, *envoyez-moi* begins a wish without any.
    r"|(?<=demenage)\s(?=(?:plus|stop|arretez)\s)|(?<=\smoved)\s(?=(?:no|stop)\s)"
    r"|\splus(?=\s(?:i|please|pls|send|give|stop|delete|erase|remove|close|correct|fix|change|unsubscribe)\s)"
    r"|\s(?=(?:je (?:veux|voudrais|souhaite)(?: avoir| recevoir)? une|(?:send|give) me(?: a)?(?: full)?|i (?:want|need) a) cop(?:y|ie)\s)"
    r"|\sapres(?=\s(?:je|vous|\w{3,}ez|\w{3,}er)\s)|\s(?=(?:envoyez|donnez|faites|transmettez|fournissez)[ -]moi\s)"
)
_OR: Final = re.compile(r"^(?:or|ou)\b|\s(?:or|ou)\s")
_MAILBOX: Final = re.compile(r"[^\s@]{1,64}@\S+")
_IN_BRACKETS: Final = re.compile(
    r"\([^()]{0,200}\)"
)  # *the data you hold (my landline, the calls) to be erased* is one clause
_LEAD_WORDS: Final = 10
# Beside these something told to be wrong is to be put right; an erasure, a restriction and *correct it* see to it already.
_LEAVES_TO_CORRECT: Final = frozenset({"objection", "consent_withdrawal", "access", "portability"})
_ENDS_OF_USE: Final = frozenset({"objection", "consent_withdrawal"})
_SETTLES_WRONG: Final = frozenset({"erasure", "restriction", "rectification"})
_FEWEST: Final = 2  # one wish is what the sentence is read for anyway


@dataclass(frozen=True, slots=True)
class Wish:
    """A right and the clause that asks for it; `sure` where its words need no second opinion."""

    right: str
    clause: str
    sure: bool = False


def wishes_in(sentences: Sequence[str], *, further: Sequence[Wish] = ()) -> list[Wish]:
    """Give what the clauses of a message ask for, where they ask for several rights; in time linear to its length."""
    found = [*wishes_of(sentences), *further]
    if {wish.right for wish in found} & _LEAVES_TO_CORRECT and all(
        w.right not in _SETTLES_WRONG for w in found
    ):
        found += _told(sentences, new=any(wish.right in _ENDS_OF_USE for wish in found))
    return found if len({wish.right for wish in found}) >= _FEWEST else []


def _told(sentences: Sequence[str], *, new: bool) -> Iterator[Wish]:
    """Give the clauses that tell of something wrong, or new: *mon adresse est fausse et arrêtez la pub* are two wishes."""
    for clause in (clause for sentence in sentences for clause in clauses_of(sentence)):
        lead = _lead().match(clause)
        said = _MAILBOX.sub(
            "emailaddress", clause[lead.end() :] if lead else clause
        )  # whose names say nothing
        if new and any(True for each in (said, clause) for _ in _those("told_new", each)):
            yield from (Wish(right, clause, sure=True) for right in tables("clauses")["told_new"])
        for right in tables("clauses")["told_wrong"]:
            if told := _any("told_wrong", right).match(said):
                yield from (Wish(right, told.group()), Wish(right, clause))  # the model may know either


def wishes_of(sentences: Sequence[str]) -> list[Wish]:
    """Give what the clauses ask for, be it one right: for a message that says something else beside it."""
    found: list[Wish] = []
    listing = False
    for sentence in sentences:
        if _any("closes", "not_meant").search(_simple(sentence)):
            listing = False
            continue
        asked, listing = _of_sentence(sentence, listing=listing)
        threatened = complaint_is_threatened(in_plain(sentence))
        found += [wish for wish in asked if not (threatened and wish.right == "complaint")]
    return found


def wished_in(sentences: Sequence[str]) -> Iterator[str]:
    """Give the clauses that have the form of a wish, of sentences that hold several, until somebody tells what happened."""
    for sentence in sentences:
        clauses = [*clauses_of(_IN_BRACKETS.sub(" ", sentence))]
        if len(clauses) < _FEWEST or _any("closes", "not_meant").search(_simple(sentence)):
            continue
        for clause in clauses:
            if found := _any("goes_on", "any").match(clause):
                yield clause[found.end() :] if found.end() else clause
            elif _any("closes", "told").search(clause):
                break


def _of_sentence(sentence: str, *, listing: bool) -> tuple[list[Wish], bool]:
    """Read the clauses in turn: nouns count once a wish opened the list, verbs until somebody tells what happened."""
    found: list[Wish] = []
    wanted = True
    for clause in clauses_of(sentence):
        lead = _lead().match(clause)
        said = clause[lead.end() :] if lead else clause
        opens = bool(lead and _any("lead", "opens").search(lead.group()))
        wanted, listing = wanted or opens, listing or opens
        rights = [*_those("asked", said)] if wanted else []
        if listing and not rights:
            rights = [*_those("named", said)]
        found += [Wish(right, clause) for right in rights]
        tells = not rights and not opens and bool(_any("closes", "told").search(clause))
        if tells and not [
            *_those("told_wrong", said),
            *_those("told_new", said),
            *_those("told_new", clause),
        ]:
            wanted = listing = False
    return found, listing


def clauses_of(sentence: str) -> Iterator[str]:
    """Give the clauses of a sentence in plain, cut where lists and further wishes begin."""
    for part in _APART.split(in_plain(sentence)):
        start = 0
        for found in _OR.finditer(part):
            if found.start() > start:
                yield _simple(part[start : found.start()])
            start = found.start()
        if clause := _simple(part[start:]):
            yield clause


def _simple(text: str) -> str:
    """Give a text as the expressions for clauses want it: a space for every hyphen and behind every apostrophe."""
    return " ".join(in_plain(text).replace("-", " ").replace("'", "' ").split()).strip(" .")


def _those(table: str, said: str) -> Iterator[str]:
    return (right for right in tables("clauses")[table] if _any(table, right).match(said))


@cache
def _lead() -> re.Pattern[str]:
    words = "|".join(tables("clauses")["lead"]["words"])
    return re.compile(rf"(?:(?:{words})(?:(?<=') ?| |$)){{0,{_LEAD_WORDS}}}")
