"""Whom a message names as the one whose account or data it is about, and who signs it: perhaps not the one who sent it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Final

from intents.examples import examples

_LONGEST: Final = 4_000  # whoever writes for somebody else says so early
_EMAIL: Final = r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_WORD: Final = r"[^\W\d_]{1,40}(?:['’-][^\W\d_]{1,40}){0,2}"
_NAME: Final = rf"{_WORD}(?:[ \u00a0]{_WORD}){{0,2}}"
_DATA: Final = {
    "my": r"personal data|personal information|accounts?|data|profiles?|information|records?",
    "mes": r"donn[ée]es personnelles|comptes?|donn[ée]es|profils?|informations|dossiers?",
}
_ANY_DATA: Final = "|".join(_DATA.values())
_TAKES_AWAY: Final = "delete|erase|forget|wipe|supprime[zr]|efface[zr]|oublie[zr]"
# What every one of the expressions below holds: an ordinary message is spared them.
_SPEAKS_OF_DATA: Final = re.compile(f"{_ANY_DATA}|{_TAKES_AWAY}", re.IGNORECASE)
_HELD: Final = r"(?: (?:that )?(?:you|we|they) (?:hold|have|keep|store|process)| que vous (?:d[ée]tenez|avez|gardez|conservez|traitez))?"
_OF: Final = (
    r"of|about|on|for|belonging to|concerning|relating to|regarding|registered (?:to|under|for|by|with)|under(?: the (?:name|address))?(?: of)?|"
    r"de|du|sur|concernant|au nom de|appartenant [àa]|relati(?:f|ve)s? [àa]|enregistr[ée]e?s? (?:sous|avec|au nom de)"
)
_OPEN: Final = r"[ \u00a0]*[:<(\"“«]?[ \u00a0]*"
# Two words before the data: "my" makes them the writer's own, "mail" a mailbox that somebody runs.
_LEAD: Final = rf"(?P<lead>(?:{_WORD}[ \u00a0]){{0,2}})"
_OWN: Final = re.compile(r"(?i)\b(?:my|our|mon|ma|mes|notre|nos)\b")
_TECHNICAL: Final = re.compile(
    r"(?i)\b(?:e-?mails?|mail|ftp|sftp|imap|pop3?|smtp|ssh|hosting|server|database|db|panel|cpanel|plesk|webmail|messagerie|"
    r"h[ée]bergement|serveur|bank|bancaire)\b"
)
_ABOUT: Final = (
    re.compile(
        rf"\b{_LEAD}(?P<data>{_ANY_DATA}){_HELD}(?:[ \u00a0](?:{_OF})\b|[ \u00a0]d['’])?{_OPEN}(?P<email>{_EMAIL})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_LEAD}(?P<data>{_ANY_DATA}){_HELD}[ \u00a0](?P<of>(?:{_OF})[ \u00a0]|d['’])(?P<name>{_NAME})",
        re.IGNORECASE,
    ),
    re.compile(rf"(?P<lead>)\b(?P<genitive>{_NAME})['’]s[ \u00a0](?P<data>{_ANY_DATA})\b", re.IGNORECASE),
    re.compile(
        rf"(?P<lead>)\b(?P<verb>{_TAKES_AWAY})[ \u00a0]{_OPEN}(?:(?P<email>{_EMAIL})|(?P<full>{_NAME}))",
        re.IGNORECASE,
    ),
)
_BY_ONE_NAME: Final = re.compile(
    r"(?i)(?:of|de|du|d['’]|belonging to|registered (?:to|by)|appartenant [àa]|au nom de)\s?$"
)
_TITLE: Final = re.compile(r"^(?:mr|mrs|ms|miss|dr|m|mme|mlle|monsieur|madame)\.?$", re.IGNORECASE)
_CLOSING: Final = re.compile(
    r"(?:^|\n)[ \t]*(?:(?:kind|best|warm|many)?[ ]?(?:regards|wishes)|yours[ ]\w+|sincerely|faithfully|thanks?(?:[ ]you)?|cheers|"
    r"(?:bien[ ])?cordialement|salutations[^\n]{0,30}|merci(?:[ ](?:d['’]avance|beaucoup))?|bien[ ][àa][ ]vous|[^\n]{0,40}salutations[^\n]{0,30})"
    r"[ \t]*[,.!]?[ \t]*\n",
    re.IGNORECASE,
)
_THE_MY: Final = re.compile(r"(?i)\b(?:the|an?|le|la|les)[ \u00a0](my|mon|mes)\b")
_LINES_OF_A_SIGNATURE: Final = 4


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who is named, by an address or by a name; `where` is what stands there, and `mine` the same of one's own."""

    who: str
    where: str
    mine: str

    @property
    def is_address(self) -> bool:
        """Tell whether it is an e-mail address."""
        return "@" in self.who


def holders_in(text: str) -> tuple[Holder, ...]:
    """List whose account or data a message says it is about, where it says so; "my account anna@…" names nobody else."""
    text = text[:_LONGEST]
    return tuple(dict.fromkeys(_holders(text))) if _SPEAKS_OF_DATA.search(text) else ()


def as_mine(text: str, holders: tuple[Holder, ...]) -> str:
    """Give a text as if its writer meant their own: the reader knows rights by such."""
    for holder in holders:
        text = text.replace(holder.where, holder.mine)
    return _THE_MY.sub(r"\1", text)


def without_signature(text: str) -> str:
    """Give a message without what stands below its closing words."""
    head, tail = text[:-_LONGEST], text[-_LONGEST:]
    closings = list(_CLOSING.finditer(tail))
    return head + tail[: closings[-1].end()] if closings else text


def signed_by(text: str) -> tuple[str, ...]:
    """List the names and addresses below the closing words of a message."""
    closings = list(_CLOSING.finditer(text[-_LONGEST:]))
    if not closings:
        return ()
    below = text[-_LONGEST:][closings[-1].end() :].strip().split("\n")[:_LINES_OF_A_SIGNATURE]
    addresses = [found for line in below for found in re.findall(_EMAIL, line)]
    first = re.fullmatch(_NAME, below[0].strip(" ,.-–—")) if below else None
    name = " ".join(_first(first.group())) if first else ""
    return (*([name] if " " in name else []), *addresses)


def _holders(text: str) -> Iterator[Holder]:
    for pattern in _ABOUT:
        for found in pattern.finditer(text):
            parts = found.groupdict()
            if _OWN.search(parts["lead"]) or _TECHNICAL.search(parts["lead"]):
                continue
            if who := (parts.get("email") or "").rstrip(".-") or _named(parts):
                begin = found.start() + len(parts["lead"])
                at = text.index(who, begin)
                where = text[at : found.end()] if parts.get("genitive") else text[begin : at + len(who)]
                yield Holder(who, where, _mine(parts))


def _named(parts: dict[str, str | None]) -> str:
    """Give a name that stands there: capitalised words, the first of which is no ordinary word."""
    full = parts.get("full") or ""
    if any(word.endswith(("'s", "’s")) for word in full.split()):
        return ""  # what is theirs, which the genitive says
    genitive = parts.get("genitive")
    words = _last(genitive) if genitive else _first(parts.get("name") or full)
    by_one = bool(genitive) or bool(_BY_ONE_NAME.search(parts.get("of") or ""))
    return " ".join(words) if len(words) >= (1 if by_one else 2) else ""


def _first(name: str) -> list[str]:
    """Give the words of a name with which a text begins, without a title."""
    words = [word for word in name.split() if not _TITLE.match(word)]
    return list(takewhile(_is_of_a_name, words))


def _last(name: str) -> list[str]:
    """Give the words of a name with which a text ends."""
    return list(takewhile(_is_of_a_name, reversed(name.split())))[::-1]


def _is_of_a_name(word: str) -> bool:
    return word[0].isupper() and not (word.isupper() and len(word) > 1) and word.casefold() not in _ordinary()


@cache
def _ordinary() -> frozenset[str]:
    """Give the words that the examples write with a small letter: they begin sentences, and name nobody."""
    texts = (re.sub(_EMAIL, " ", example.text) for example in examples())
    words = (word for text in texts for word in re.findall(_WORD, text))
    return frozenset(word for word in words if word[0].islower())


def _mine(parts: dict[str, str | None]) -> str:
    if verb := parts.get("verb"):
        return f"{verb} mes données" if verb.casefold()[-2:] in {"ez", "er"} else f"{verb} my data"
    data = parts["data"] or ""
    own = next(own for own, words in _DATA.items() if re.fullmatch(words, data, re.IGNORECASE))
    return f"mon {data}" if data.casefold() in {"compte", "profil", "dossier"} else f"{own} {data}"
