"""Another right was meant than the one that was asked for: "I meant correct, not delete"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from assistant.conversation.heard import Found, Hearing
from assistant.conversation.picking import is_of_less, plain, rights_said
from assistant.domain.moves import AskToWithdraw
from assistant.domain.rights import CARRIED_OUT_FIRST, ENDING_USES, ERASING, STOPPING_USES, Right
from assistant.domain.talk import PICKERS
from assistant.domain.words import Words
from intents import Intent
from intents.awaiting import ANSWER_LENGTH
from intents.spelling import well_spelt
from intents.wishes import DONT

_WORDS: Final = Words("assistant.conversation")
_INSTEAD_OF: Final = _WORDS.whole("instead_of")
_BEGINS_WITH_NOT: Final = re.compile(rf"{_WORDS.one_of('begins_with_not')}\b")
_BUT_THIS: Final = re.compile(rf"[,;.:]|\b{_WORDS.one_of('but_this')}\b")
_MEANT_OTHER: Final = _WORDS.whole("meant_other")
_ONLY_THAT: Final = _WORDS.whole("only_that")
_AS_WELL: Final = _WORDS.whole("as_well")
_GOES_FIRST: Final = _WORDS.whole("goes_first")
_DENIES_FIRST: Final = _WORDS.whole("denies_first")
_ERASES: Final = _WORDS.whole("erases_instead")
_DENIES_IT: Final = _WORDS.whole("denies_it")


def as_meant(hearing: Hearing) -> Hearing:
    """Read the right that was meant as used beyond doubt, and an erasure that was not meant as not to go on."""
    view, reading = hearing.view, hearing.reading
    if hearing.is_quiet or len(hearing.text) > ANSWER_LENGTH or "?" in hearing.text:
        return hearing
    open_now = {Right(request.right) for request in view.stoppable}
    text = plain(well_spelt(hearing.text))
    wanted, unwanted = _told_apart(text, open_now)
    if wanted & ERASING and is_of_less(hearing):
        return hearing
    # "Just the newsletter" names a use, and is a wish where something else was asked.
    is_wish = hearing.is_request or (reading.decision == "ask" and bool(reading.details.get("marketing")))
    read = [right for right in hearing.rights if is_wish and right not in unwanted]
    if not wanted and read and not ERASING & set(read) and _is_instead(text):
        wanted, unwanted = set(read), open_now & ERASING
    meant = list(dict.fromkeys([*read, *sorted(wanted)]))
    is_of_asked = unwanted & open_now or (unwanted and view.state.question in PICKERS)
    if not wanted or not is_of_asked:
        return hearing
    talk = tuple(intent for intent in reading.intents if intent.name not in set(Right))
    spares = unwanted & open_now & ERASING
    wishes = tuple(dict.fromkeys([*reading.wishes, DONT])) if spares else reading.wishes
    intents = (*(Intent(right, 1.0) for right in meant), *talk)
    details = {name: each for name, each in reading.details.items() if name != "old_value"}
    return hearing.reads(
        replace(reading, decision="request", intents=intents, wishes=wishes, details=details)
    )


def hear(hearing: Hearing) -> Found | None:
    """Ask whether what was asked before is taken back, where another right was meant instead of it: that one is left to be opened."""
    view = hearing.view
    is_told = hearing.is_request and len(hearing.text) <= ANSWER_LENGTH and "?" not in hearing.text
    if not is_told or hearing.is_quiet or view.agent_talks:
        return None
    open_now = {Right(request.right) for request in view.stoppable}
    _, unwanted = _told_apart(plain(well_spelt(hearing.text)), open_now)
    unwanted -= ERASING | set(hearing.rights)  # an erasure stands still, and is asked about so
    meant = tuple(request.ref for request in view.stoppable if request.right in unwanted)
    if not meant or open_now.issuperset(hearing.rights):
        return None
    return Found((AskToWithdraw(meant),), hearing)


def _told_apart(text: str, open_now: set[Right]) -> tuple[set[Right], set[Right]]:
    """Give the rights that are said to be meant, and those that are not; none where that is not said."""
    if denied := _BEGINS_WITH_NOT.match(text):
        behind, *rest = _BUT_THIS.split(text[denied.end() :].strip(" ,"), maxsplit=1)
        return _named(" ".join(rest)), _named(behind, all_of=True)
    said = _DENIES_FIRST.sub("", text)  # "no, delete it" denies what was asked before, and not the rest
    if parted := _INSTEAD_OF.search(said):
        unwanted = _named(said[parted.end() :], all_of=True)
        return _named(said[: parted.start()]) - unwanted, unwanted
    if _is_instead(text):
        wanted = _named(text) - ERASING | _erasing(text, open_now)
        others = open_now - wanted if wanted - open_now else set()
        return wanted, (open_now & ERASING or others if wanted else set())
    return set(), set()


def _erasing(text: str, open_now: set[Right]) -> set[Right]:
    """Give what erases where it is told to us instead of copies: beside a correction or a use *delete it* may be said of a detail."""
    is_told = _ERASES.search(text) and not _DENIES_IT.search(text)
    return (
        set(ERASING)
        if is_told and open_now and open_now <= CARRIED_OUT_FIRST | STOPPING_USES - ENDING_USES
        else set()
    )


def _is_instead(text: str) -> bool:
    """Tell whether something else was meant than what was asked, and not something beside it."""
    is_after = _GOES_FIRST.search(text) and not _DENIES_FIRST.search(text)
    is_other = _MEANT_OTHER.search(text) or _ONLY_THAT.search(text)
    return bool(is_other and not is_after and not _AS_WELL.search(text))


def _named(text: str, *, all_of: bool = False) -> set[Right]:
    """Name the rights whose words stand in a text; "stop" and "withdraw" say too many things to be wanted by themselves."""
    return {Right(right) for right in rights_said(text)} - (set() if all_of else STOPPING_USES)
