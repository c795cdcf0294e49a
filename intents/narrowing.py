"""Narrows what the model reads: a detail to be erased is no whole erasure, and a complaint in so many words is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from intents.tables import all_in_plain, any_in, any_in_row, in_plain, tables

_any: Final = partial(any_in, "narrowing")
_CLAUSE_END: Final = re.compile(
    r"[,;:.!?()]|[+&]\s|\s(?:and|et|but|mais|then|puis|as well as|ainsi que|also|aussi)\s"
)
_OWN: Final = re.compile(r" (?:my|our|mon|ma|mes|notre|nos)\b")
_NEAR: Final = 80  # characters behind an exception in which the law may be named
_LONGEST_NAMED: Final = 160  # characters
_ASKS_FOR: Final = re.compile(r"^demande (?:de |d')(?=\w+ (?:de |d'|du |des |au |aux |a ))")
_QUOTES: Final = " -–—\"'«»“”/"
_ONE_IN_BRACKETS: Final = re.compile(r"\(([\w-]{1,20})\)")  # "my (e-mail) address"
_TAKES_CONSENT_BACK: Final = re.compile(
    r"\bretire[rz]?(?= (?:mon|mes|notre|nos|tout|le|l'|cette?) ?(?:\w+ )?(?:consentement|accord|autorisation|permission))"
)
_AT_EDGES: Final = re.compile(
    r"^(?:[\s,;:+&]|(?:please|pls|also|as well as|ainsi que|and|et|then|puis|merci de|veuillez|aussi)\b)*|(?:[\s,;:]*\b(?:and|et))?[\s,;:]*$"
)
_ENDS_A_USE: Final = re.compile(
    r"\b(?:stop|ceas|object|oppos|withdr|revok|tak(?:e|ing) back|retract|forbid|prohibit|refus|unsubscri|opt|no longer|no more"
    r"|(?:remov|tak|kept|left|get)\w* (?:me )?(?:from|off|out)"
    r"|do not|don't|never again|remove me|arret|stopp|cess|retir|revoqu|annul|interdi|desabonn|desinscri|ne (?:\w+ )?plus|n'utilis)"
)

_KNOWN: Final = {
    # Before what is held: *the data that you hold about me are wrong* asks for no copy of them.
    "told_wrong": {
        "en": r"there is a mistake in \1",
        "data_en": "there is a mistake in my data",
        "whole_en": "there is a mistake in my address",
        "fr": r"il y a une erreur dans \1",
        "data_fr": "il y a une erreur dans mes donnees",
        "whole_fr": "il y a une erreur dans mon adresse",
    },
    "papers": {"en": "delete my personal data", "fr": "supprimer mes donnees personnelles"},
    "not_kept": {"en": "delete my personal data", "fr": "supprimer mes donnees personnelles"},
    "erased_after": {
        "en": "the erasure of my personal data",
        "fr": "la suppression de mes donnees personnelles",
    },
    "on_a_page": {"en": "your records", "fr": "vos fichiers"},
    "asks_person": {"en": "i want to talk to a person", "fr": "je veux parler a une personne"},
    "held_of_verb": {"en": r"\1 my personal data", "fr": r"\1 mes donnees personnelles"},
    "held_of_noun": {"en": r"\1 my personal data", "fr": r"\1 de mes donnees personnelles"},
    "held_carried": {"en": r"\1 my personal data", "fr": r"\1 mes donnees personnelles"},
    "held_undone": {"en": "my personal data", "fr": "mes donnees personnelles"},
    "erased_by_noun": {"en": "erasure ", "fr": "l' effacement "},
    "erased_by_title": {
        "en": "i request the erasure of my personal data .",
        "fr": "je demande l' effacement de mes donnees personnelles .",
    },
    "contracted": {"en": r"\1 has changed"},
    "erases_everything": {"en": r"\1 all my data\2", "fr": r"\1 toutes mes donnees\2"},
    "wants_own": {"en": r"\1 a copy of my data\2", "fr": r"\1 une copie de mes donnees\2"},
    "off_a_list": {
        "en": "unsubscribe me from your mailing list",
        "fr": "desinscrivez - moi de votre liste de diffusion",
    },
}


def without_details(sentences: Sequence[str]) -> list[str] | None:
    """Give what is said beside the erasure of details, None where nothing or more than details is to be erased.

    One detail is no whole file (GDPR 16 or 17): the person is asked which they mean.
    """
    plain, details = _details_erased(sentences)
    if not details:
        return None
    left = [_any("one_detail").sub(" ", each) for each in plain]
    if any(map(_any("erases").search, left)):
        return None
    return [
        each if each == as_it_was else _AT_EDGES.sub("", each)
        for each, as_it_was in zip(left, plain, strict=True)
    ]


def erased_details(sentences: Sequence[str]) -> list[str] | None:
    """Give the details that are to be erased, each with those that follow it in the same breath; None where there are none, or more is."""
    plain, details = _details_erased(sentences)
    whole = " ".join(plain)
    return [found.group() + _followed_by(whole, found.end()) for found in details] or None


def _followed_by(whole: str, at: int) -> str:
    found = _any("further_details").match_at(whole, at)
    return found.group() if found else ""


def _details_erased(sentences: Sequence[str]) -> tuple[list[str], list[re.Match[str]]]:
    """Give sentences in plain and the erasures of details in all of them together; none where more than details is to be erased."""
    bare = (_ONE_IN_BRACKETS.sub(r"\1", in_plain(spelled_out(sentence))) for sentence in sentences)
    bare = (_TAKES_CONSENT_BACK.sub("revoque", sentence) for sentence in bare)  # erases nothing
    plain = [_any("ends_a_sending").sub("unsubscribe me", each) for each in bare]  # and that stays a wish
    whole = " ".join(plain)
    details = list(_any("one_detail").finditer(whole))
    if any(_any("more_than_that").match_at(whole, found.end()) for found in details):
        return plain, []
    return plain, details


def spelled_out(sentence: str, *, denial: bool = False) -> str:
    """Give the wish of *don't delete my account, only my phone number* in its own words, with the denial or without."""
    plain = in_plain(sentence)
    found = _any("denied_but").search(plain)
    if found is None or found.lastgroup is None:
        return sentence
    only = found.start(found.lastgroup)
    denied = f"{plain[found.start() : only].rstrip(' ,;.–—-')}, " if denial else ""
    wished = str(tables("narrowing")["erase_only"][found.lastgroup])
    return f"{plain[: found.start()]}{denied}{wished}{plain[found.end() :]}"


def in_known_words(line: str) -> str:
    """Give a line as the model reads it in words that it knows: *suppression de mes données*, *remove me from this list*."""
    for table, words in _KNOWN.items():
        if table == "told_wrong" and _any("told_wrong_unless").search(line):
            continue
        for language, known in words.items():
            line = any_in_row("narrowing", table, language).sub(known, line)
    return line


def restricts(sentences: Sequence[str]) -> bool:
    """Tell whether any word is said by which a restriction is asked for (GDPR 18)."""
    return bool(_any("restricts").search(all_in_plain(sentences)))


def spares_some(sentences: Sequence[str]) -> bool:
    """Tell whether all but something named is to be erased: what the law keeps is left out of every erasure anyway."""
    return any(True for _ in _spared(sentences))


def spares_own(sentences: Sequence[str]) -> bool:
    """Tell whether it is something of the writer's own: then their data are meant, however briefly they say so."""
    return any(_OWN.match(behind) for behind in _spared(sentences))


def _spared(sentences: Sequence[str]) -> Iterator[str]:
    """Give what stands behind the words of each exception."""
    plain = all_in_plain(sentences)
    for found in _any("spares_some").finditer(plain):
        behind = plain[found.end() : found.end() + _NEAR]
        if not _any("spares_what_the_law_keeps").search(behind):
            yield behind


def puts_instead(sentences: Sequence[str]) -> bool:
    """Tell whether something else is to stand where a detail is taken out: a correction, and no erasure of it."""
    return bool(_any("puts_instead").search(all_in_plain(sentences)))


def names_access(sentences: Sequence[str]) -> bool:
    """Tell whether access is asked for by its name, its article, or what it consists of (GDPR 15(1))."""
    plain = all_in_plain(sentences)
    named = _any("names_access").search(plain) or asks_what_access_is(sentences)
    return bool(named) and not _any("names_access_unless").search(plain)


def asks_what_access_is(sentences: Sequence[str]) -> bool:
    """Tell whether somebody asks for purposes and recipients, as nobody does but by the right of access."""
    return bool(any_in("asides", "of_access").search(all_in_plain(sentences)))


def is_access_request(sentences: Sequence[str]) -> bool:
    """Tell whether a message says of itself that it is a request for access."""
    return bool(_any("is_access_request").search(all_in_plain(sentences)))


def named_alone(sentences: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Give the rights that a short message does nothing but name, and whether each is named with the writer's own data."""
    plain = all_in_plain(sentences)
    named: list[str] = []
    sure = True
    if len(plain) > _LONGEST_NAMED:
        return (), False
    for part in _CLAUSE_END.split(_any("politely").sub(" ", plain)):
        bare = _ASKS_FOR.sub("", " ".join(part.split()).strip(_QUOTES))
        if not bare or (named and _any("named_more").fullmatch(bare)):
            continue
        with_own = [*_rows_of("named_with_own", bare)]
        right = next(iter(with_own or _rows_of("named_by_name", bare)), None)
        if right is None:
            return (), False
        named.append(right)
        sure = sure and bool(with_own)
    return tuple(dict.fromkeys(named)), sure


def _rows_of(table: str, text: str) -> Iterator[str]:
    return (row for row in tables("narrowing")[table] if any_in_row("narrowing", table, row).fullmatch(text))


def without_how(sentences: Sequence[str]) -> list[str] | None:
    """Give what is said beside the questions how something is carried to another provider; None where no such is asked."""
    plain = all_in_plain(sentences)
    if not _any("asks_how").may_be_in(plain) or _any("asks_how_unless").search(plain):
        return None
    left = [_any("asks_how").sub(" ", in_plain(sentence)) for sentence in sentences]
    return left if left != [in_plain(sentence) for sentence in sentences] else None


def without_what_would_be(sentences: Sequence[str]) -> list[str] | None:
    """Give what is said beside the questions what becomes of data, or would; None where no such is asked."""
    return _without_questions("asks_what_would", sentences)


def without_whether_asked(sentences: Sequence[str]) -> list[str] | None:
    """Give what is said beside the questions whether their writer asked for something; None where no such is asked."""
    return _without_questions("asks_whether_asked", sentences)


def _without_questions(table: str, sentences: Sequence[str]) -> list[str] | None:
    plain = [in_plain(sentence) for sentence in sentences]
    left = [each for each in plain if not _only_asks(table, each)]
    return left if left != plain else None


def _only_asks(table: str, sentence: str) -> bool:
    """Tell whether a sentence holds such a question, and no wish but what the question itself is made of: *did I request it*."""
    asked = _any(table).search(sentence)
    if asked is None:
        return False
    return all(asked.start() < wish.start() < asked.end() for wish in _any("wants_it_too").finditer(sentence))


def asks_source(sentences: Sequence[str]) -> bool:
    """Tell whether somebody asks from where their data come (GDPR 15(1)(g))."""
    return bool(_any("asks_source").search(all_in_plain(sentences)))


def without_source(sentences: Sequence[str]) -> list[str]:
    """Give what is said beside the clauses that ask from where data come."""
    return [_AT_EDGES.sub("", _without_clauses("asks_source", in_plain(sentence))) for sentence in sentences]


# ── answers under a question about a detail ─────────────────────────────────────────────────────────


def erases_all(answer: str) -> bool:
    """Tell whether an answer about a detail asks in so many words for the erasure of all, and of nothing less."""
    plain = _any("not_all").sub(" only ", in_plain(answer))
    less = any(_any(table).search(plain) for table in ("narrows", "halves", "keeps"))
    return bool(_any("all").search(plain)) and not less


def erases_less(answer: str) -> bool:
    """Tell whether an answer limits an erasure: it names a detail, says only, or speaks of it alone."""
    plain = _any("not_all").sub(" only ", in_plain(answer))
    return bool(_any("narrows").search(plain)) and not any(
        _any(table).search(plain) for table in ("all", "keeps")
    )


def empties(answer: str) -> bool:
    """Tell whether an answer to what should be put instead is that nothing should: *nothing*, *just delete it*."""
    plain = in_plain(answer)
    if len(plain) > _ANSWER or any(map(str.isdigit, plain)) or "@" in plain:
        return False
    rest, said = _any("nothing").subn(" ", _any("not_all").sub(" ", plain))
    if said and not _any("filler").sub("", rest):
        return True
    left = _any("left_empty").sub(" ", plain)
    wanted = left != plain or _any("goes").search(left)
    return bool(wanted) and not any(_any(table).search(left) for table in ("keeps", "all"))


_ANSWER: Final = 160  # characters; whoever writes more tells a story, and is asked again


def complains(sentences: Sequence[str]) -> bool:
    """Tell whether somebody complains in so many words, whatever else they ask (GDPR 77)."""
    return bool(_any("complains").search(all_in_plain(sentences)))


def without_whether_breached(sentences: Sequence[str]) -> list[str] | None:
    """Give the sentences beside those that ask whether data went astray; None where there is none of these."""
    left = [each for each in sentences if not _any("asks_of_breach").search(in_plain(each))]
    return left if len(left) < len(sentences) else None


def complains_of_data(sentences: Sequence[str]) -> bool:
    """Tell whether what somebody complains of is what is done with data, and no server."""
    return bool(_any("of_data_use").search(all_in_plain(sentences)))


def without_complaint(sentences: Sequence[str]) -> list[str]:
    """Give what is said beside the clauses of an explicit complaint."""
    return [_AT_EDGES.sub("", _without_clauses("complains", in_plain(sentence))) for sentence in sentences]


def _without_clauses(table: str, plain: str) -> str:
    left, at = [], 0
    for found in _any(table).finditer(plain):
        if found.start() >= at:
            left.append(plain[at : found.start()])
            end = _CLAUSE_END.search(plain, found.end())
            at = end.start() if end else len(plain)
    return " ".join([*left, plain[at:]])


def only_complains(sentences: Sequence[str]) -> bool:
    """Tell whether somebody complains formally of a use of data, and asks for no end of it."""
    plain = all_in_plain(sentences)
    return bool(_any("complains_formally").search(plain)) and not _ENDS_A_USE.search(plain)


def objects(sentences: Sequence[str]) -> bool:
    """Tell whether somebody objects to a use of data in so many words (GDPR 21)."""
    return bool(_any("objects").search(all_in_plain(sentences)))


def asks_review(sentences: Sequence[str]) -> bool:
    """Tell whether a person is to look at a decision, as at one of a machine (GDPR 22(3))."""
    return bool(_any("asks_review").search(all_in_plain(sentences)))


def objects_by_law(sentences: Sequence[str]) -> bool:
    """Tell whether somebody objects by the article, or to what rests on a legitimate interest (GDPR 21(1))."""
    return bool(_any("objects_by_law").search(all_in_plain(sentences)))
