"""Leaves out what a writer does not wish now: what is taken back in the same message, what is announced for later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from intents.cleaning import normalise, says_something
from intents.tables import any_in, hint_of, in_plain, tables
from intents.wishes import DONT, hear, names_right

_any: Final = partial(any_in, "meant")
_hint: Final = partial(hint_of, "meant")
_SPACES: Final = re.compile(r"\s+")
_TRIED: Final = 2  # words of taking back that are tried in a sentence, the last first
_CLAUSE_END: Final = re.compile(r"[,;:!?.…()]|\s(?:and|et)\s")


def without_taken_back(spoken: dict[str, str], asks: Callable[[str], bool]) -> dict[str, str]:
    """Give the sentences without the wishes that are taken back in them; `asks` tells whether a text uses a right."""
    return _changed(spoken, _still_wished(_completed(list(spoken.values())), asks))


def without_put_off(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without what is only announced, or hangs on the other side's doing nothing. Linear in length."""
    return _changed(spoken, [_now(sentence) for sentence in spoken.values()])


def is_put_off(text: str) -> bool:
    """Tell whether some of a short text is only announced, or hangs on the other side's doing nothing."""
    return _now(text) != text


def _changed(spoken: dict[str, str], left: Sequence[str]) -> dict[str, str]:
    if list(left) == list(spoken.values()):
        return spoken
    return {line: sentence for sentence in left if says_something(line := normalise(sentence))}


# ── taken back in the same message ──────────────────────────────────────────────────────────────────


def _still_wished(sentences: Sequence[str], asks: Callable[[str], bool]) -> list[str]:
    kept: list[str] = []
    wishless = 0  # so many of the first are known to use no right: none is looked at twice
    changed = False
    joined = list(_joined(sentences))
    for at, sentence in enumerate(joined):
        parts = _taken_back(sentence, " ".join(joined[at + 1 : at + 2]), asks)
        wished = _last_wish([*kept, parts[0]], wishless, asks) if parts else None
        if parts:
            wishless = len(kept) if wished is None else wished
        if parts and wished is not None:
            kept, changed = [*kept[:wished], parts[1]], True
        else:
            kept.append(sentence)
    return kept if changed else list(sentences)


def _joined(sentences: Sequence[str]) -> Iterator[str]:
    """Give the sentences, an interjection with what it leads to: *No! I only want a copy*."""
    led = ""
    for sentence in sentences:
        if _any("interjects").fullmatch(in_plain(sentence)):
            led += f"{sentence} "
        else:
            yield f"{led}{sentence}"
            led = ""
    if led:
        yield led.strip()


def _taken_back(sentence: str, following: str, asks: Callable[[str], bool]) -> tuple[str, str] | None:
    """Give what stands before and behind the words by which something is taken back, if they do so."""
    plain = in_plain(sentence)
    if not _hint().search(plain):
        return None
    for table in ("taken_back", "perhaps_taken_back"):
        for found in reversed(list(_any(table).finditer(plain))[-_TRIED:]):
            before, behind = plain[: found.start()], plain[found.end() :].strip(" ,;:.…!–—-")
            more = behind or in_plain(following)
            if _any("adds").search(more) or DONT in hear([plain[found.start() :], more]).wishes:
                continue  # what takes an erasure back by name is heard by intents/wishes.py
            if table == "taken_back" or asks(more):
                return before, behind
    return None


def _last_wish(sentences: Sequence[str], first: int, asks: Callable[[str], bool]) -> int | None:
    """Tell which sentence from `first` on is the last that uses a right, or at least names one."""
    for tells in (asks, names_right):
        for at in range(len(sentences) - 1, first - 1, -1):
            if not _any("interjects").fullmatch(in_plain(sentences[at])) and tells(sentences[at]):
                return at
    return None


# ── announced for later ─────────────────────────────────────────────────────────────────────────────


def _now(sentence: str) -> str:
    """Give a sentence without what is only announced, or hangs on the other side's doing nothing."""
    plain = in_plain(sentence)
    span = _announced(plain) or _if_not_served(plain)
    if span is None or not _any("of_a_right").search(plain, *span):
        return sentence
    begin, end = span
    clauses = [clause for clause in _CLAUSE_END.split(plain[begin:end]) if _any("complains").search(clause)]
    first = _any("dangling").sub("", plain[:begin].rstrip(" ,"))
    return _SPACES.sub(" ", ", ".join(filter(None, [first, *clauses, plain[end:]]))).strip(" ,.")


def _announced(plain: str) -> tuple[int, int] | None:
    found = _any("maybe").search(plain)
    if found is None and _any("hangs_on").search(plain):
        found = _any("announced").search(plain)
    if found is None:
        return None
    today = _any("asks_today").search(plain, found.end())
    end = _end(plain, found.end())
    return found.start(), min(end, today.start()) if today else end


def _if_not_served(plain: str) -> tuple[int, int] | None:
    """What stands behind such a condition hangs on it; what stands before it does where nothing is behind it."""
    found = _any("unless_served").search(plain)
    if found is None or _any("complains").search(plain):
        return None
    end = _end(plain, found.end())
    leads = plain[: found.start()].rstrip()
    is_last = not plain[found.end() :].strip(" .!?,")
    apart = not leads or leads[-1] in ",;:.!?(" or leads.endswith((" and", " et", " or", " ou"))
    return (0 if is_last and not apart else found.start(), end)


def _end(plain: str, start: int) -> int:
    found = _any("stops").search(plain, start)
    return found.start() if found else len(plain)


# ── a copy of what ──────────────────────────────────────────────────────────────────────────────────


def _completed(sentences: Sequence[str]) -> list[str]:
    """Say of what a copy is wanted that stands alone in a message about one's data: *don't delete them, just a copy*."""
    plain = [in_plain(sentence) for sentence in sentences]
    whole = any(map(_any("whole").search, plain)) and not any(map(_any("another_copy").search, plain))
    if not whole:
        return list(sentences)
    each = zip(sentences, plain, strict=True)
    return [_any("said_in_short").sub(_of, p) if _any("said_in_short").search(p) else s for s, p in each]


def _of(found: re.Match[str]) -> str:
    said = str(found.lastgroup)
    return f"{found[said]} {tables('meant')['of'][said]}"
