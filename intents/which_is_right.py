"""Tells the right value of a correction from the wrong one by the words beside each; where those leave a doubt, it says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from intents.wording import matcher

_NEW, _OLD = 1, -1
_OUTSIDE: Final = (r"(?<![\w@])(?:", r")(?![\w@])")


def _cue(table: str) -> re.Pattern[str]:
    return matcher(f"{_OUTSIDE[0]}<{table}>{_OUTSIDE[1]}")


# What each table says of the value before the words, and of the one behind them.
_TABLES: Final = (
    (_cue("old_behind"), 0, _OLD),
    (_cue("new_behind"), 0, _NEW),
    (_cue("old_ahead"), _OLD, 0),
    (_cue("new_ahead"), _NEW, 0),
    (_cue("right_not_wrong"), _NEW, _OLD),
    (_cue("wrong_to_right"), _OLD, _NEW),
)
_TOWARDS: Final = _cue("towards")
_CHANGES: Final = matcher(
    r"\b(?:<change>|<replace>|<from>|switch\w*|mov(?:e|ed|ing)|pass(?:er|ez)|bascul\w+)\b"
)
# "A mistake: X instead of Y" says the contrary of "X instead of Y".
_MISTAKE: Final = re.compile(
    r"(?<!\w)(?:erreurs?|fautes?|mistakes?|errors?|typos?|mis(?:spelt|spelled|typed))(?!\w)", re.IGNORECASE
)
_SUBSTITUTE: Final = re.compile(r"(?<!\w)substitut?(?:er|ez|e|ing)(?!\w)", re.IGNORECASE)
_FOR: Final = re.compile(r"(?<![\w@])(?:à|for|to)(?![\w@])")
_DOUBT: Final = 2
_VALUE_NEXT: Final = re.compile(r"\s*(?:(?:the|le|la|les|l['’])\s*)?[\"«“:(]?\s*[A-ZÀ-Ý0-9\u0416]")
_ARROW: Final = re.compile(r"→|[-=]+>|[»>]{2}")
_CAPITAL: Final = (
    r"(?!(?:I|The|My|Please|Not|And|But|It|You|Merci|Mon|Ma|Je|Vous|Non|Et|Au|Elle|Il|Ce|C['’]est|Thanks?|Cordialement)\b)"
    r"(?:(?:St|Ste|Av|Ave|Bd|Rd|Str|Apt|Appt)\.|(?:[dlDL]['’])?[A-ZÀ-ÝĀ-Ž0-9][\w'’/-]*(?:\.(?=\w)[\w'’/-]+)*)"
)
_SMALL: Final = (
    r"(?:rue|avenue|av|bd|boulevard|chemin|impasse|place|all[ée]e|quai|route|cours|square|voie|sentier|passage|"
    r"street|road|lane|de|du|des|la|le|les|of|the|sur|sous|aux?(?! \d)|appt|apt|appartement|flat|b[âa]t|[ée]tage|bis|ter)\.?"
)
ADDRESS: Final = re.compile(
    rf"(?<![\w@./-])(?:{_CAPITAL}[ ](?:{_SMALL}[ ])?){{1,3}}\d{{1,4}}[a-dA-D]?,?[ ](?:[A-Z]{{1,2}}-)?\d{{4,5}}[ ]{_CAPITAL}"  # the street first
    rf"|(?<![\w@./-])\d{{1,5}}[a-dA-D]?(?:,?[ ]{_SMALL}(?![\w@])){{0,5}}(?:,?[ ](?:{_SMALL}[ ]){{0,4}}{_CAPITAL})+"
)
_QUOTED: Final = re.compile(r"[\"“«]\s?([^\"”»\n]{1,120}?)\s?[\"”»]")
_PIECE: Final = re.compile(  # a dot or a colon inside an address of a page ends nothing
    r"[^,;:!?\n()\[\]–—.]+(?:(?:\.(?=\S)|:(?=//))[^,;:!?\n()\[\]–—.]+)*"
)
_HIDDEN: Final = "\u0416"  # a letter, so that no word is found inside a value or ends at one


@dataclass(slots=True)
class Candidate:
    """A value, where it stands, and what the words beside it say: for and against its being the right one."""

    value: str
    start: int
    end: int
    said: list[int] = field(default_factory=list)

    @property
    def score(self) -> int:
        """Sum up what is said of it."""
        return sum(self.said)

    @property
    def is_doubtful(self) -> bool:
        """Tell whether it is called both right and wrong."""
        return _NEW in self.said and _OLD in self.said


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says: the wrong value, the right one, or two of which nobody knows."""

    old: str | None = None
    new: str | None = None
    either: tuple[str, ...] = ()


_NOTHING: Final = Told()


def of_tokens(text: str, tokens: Sequence[re.Match[str]]) -> Told:
    """Tell apart values that are known by their form: addresses, numbers, days."""
    found = [Candidate(hit.group().rstrip(".,-"), hit.start(), hit.end()) for hit in tokens]
    _weigh(_hidden(text, found), found)
    return _told(_same_as_one(found))


def of_words(text: str, is_value: Callable[[str], str | None]) -> Told:
    """Tell apart values that are words: whatever stands between the words that say which is which."""
    quoted = [Candidate(hit.group(1), hit.start(), hit.end()) for hit in _QUOTED.finditer(text)]
    addresses = [Candidate(h.group().rstrip(" ,."), h.start(), h.end()) for h in ADDRESS.finditer(text)]
    known = sorted([*quoted, *(a for a in addresses if not _overlaps(a, quoted))], key=lambda c: c.start)
    masked = _hidden(text, known)
    found = _between(text, masked, known, is_value)
    _weigh(masked, found)
    told = [each for each in _same_as_one(found) if each.said or (each in addresses and len(addresses) > 1)]
    return _told(told) if told else _NOTHING


def _overlaps(one: Candidate, others: Sequence[Candidate]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _hidden(text: str, values: Sequence[Candidate]) -> str:
    """Give the text with the values made unreadable, each letter in its place: a street may be called New."""
    for each in values:
        text = text[: each.start] + _HIDDEN * (each.end - each.start) + text[each.end :]
    return text


def _cues(masked: str) -> list[tuple[int, int, int, int]]:
    """List where words begin and end that say something of the value before or behind; of those that overlap the longest."""
    hits = [
        (h.start(), h.end(), before, behind) for cue, before, behind in _TABLES for h in cue.finditer(masked)
    ]
    if mistake := _MISTAKE.search(masked):
        hits = [
            (s, e, _DOUBT, _DOUBT) if b == _NEW and a == _OLD and s > mistake.end() else (s, e, b, a)
            for s, e, b, a in hits
        ]
    hits += [(h.start(), h.end(), _OLD, _NEW) for h in _ARROW.finditer(masked)]
    if swap := _SUBSTITUTE.search(masked):
        hits += [(h.start(), h.end(), 0, _OLD) for h in _FOR.finditer(masked, swap.end())]
    elif change := _CHANGES.search(masked):
        towards = _TOWARDS.finditer(masked, change.end())
        hits += [(h.start(), h.end(), 0, _NEW) for h in towards if _VALUE_NEXT.match(masked, h.end())]
    chosen: list[tuple[int, int, int, int]] = []
    for hit in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if not chosen or hit[0] >= chosen[-1][1]:
            chosen.append(hit)
        elif hit[1] > chosen[-1][1] and hit[0] == chosen[-1][0]:
            chosen[-1] = hit
    return chosen


def _between(
    text: str, masked: str, known: Sequence[Candidate], is_value: Callable[[str], str | None]
) -> list[Candidate]:
    """List the values by their form and, between the words that say which is which, those that are words."""
    found = [c for c in known if is_value(c.value)]
    at = 0
    for start, end, *_ in [*_cues(masked), (len(masked), len(masked), 0, 0)]:
        inside = [c for c in known if c.start < start and c.end > at]
        if not inside and at < start:
            for piece, begin in _pieces(text[at:start], at):
                if value := is_value(piece):
                    found.append(Candidate(value, begin, begin + len(piece)))
        at = max(at, end)
    return sorted(found, key=lambda c: c.start)


def _pieces(text: str, offset: int) -> Iterator[tuple[str, int]]:
    for hit in _PIECE.finditer(text):
        yield hit.group(), offset + hit.start()


def _weigh(masked: str, found: Sequence[Candidate]) -> None:
    cues = _cues(masked)
    for number, each in enumerate(found):
        after = found[number - 1].end if number else 0
        until = found[number + 1].start if number + 1 < len(found) else len(masked)
        ahead = [behind for start, end, _, behind in cues if after <= start and end <= each.start and behind]
        rest = [before for start, _, before, _ in cues if each.end <= start < until and before]
        for word in (*ahead[-1:], *rest[:1]):
            each.said += [_NEW, _OLD] if abs(word) == _DOUBT else [word]


def _same_as_one(found: Sequence[Candidate]) -> list[Candidate]:
    """Give each value once, with everything that is said of it."""
    once: dict[str, Candidate] = {}
    for each in found:
        first = once.setdefault(each.value.casefold(), each)
        if first is not each:
            first.said += each.said
    return list(once.values())


def _told(found: Sequence[Candidate]) -> Told:
    if len(found) == 1:
        only = found[0]
        return Told(old=only.value) if only.score < 0 else Told(new=only.value)
    right = [each for each in found if each.score > 0]
    wrong = [each for each in found if each.score < 0]
    if len(found) == 2:  # noqa: PLR2004 - a pair
        return _of_two(found[0], found[1])
    if len(right) == 1 and not right[0].is_doubtful:
        return Told(wrong[0].value if len(wrong) == 1 else None, right[0].value)
    return _NOTHING


def _of_two(one: Candidate, other: Candidate) -> Told:
    margin = one.score - other.score
    sure = abs(margin) > 1 if one.is_doubtful or other.is_doubtful else margin != 0
    same_side = one.score * other.score > 0
    if not sure or same_side:
        return Told(either=(one.value, other.value))
    return Told(other.value, one.value) if margin > 0 else Told(one.value, other.value)
