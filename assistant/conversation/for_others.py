"""Somebody writes for somebody else: it is registered, and an agent asks for the mandate before anything is proved."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from assistant.casework.requests.reach import is_for_other, waits_for_people
from assistant.conversation.heard import EMAIL, Found, Hearing, all_of
from assistant.domain.addresses import normal_address
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, STOPPABLE
from assistant.domain.moves import (
    HandOver,
    HaveReadBeside,
    NoteContactFirst,
    Repeat,
    Say,
    TakeAsOwn,
    WaitForMandate,
)
from assistant.domain.rights import ENDING_USES, ERASING
from assistant.domain.talk import PICKERS, WAITING, RequestSeen
from intents.holders import signed_by
from intents.wishes import FOR_OTHER, FOR_SEVERAL, is_for_another, is_for_oneself

_FEWEST_LETTERS: Final = 3  # of a name that an address is made of


def hear(hearing: Hearing) -> Found | None:
    """Take "it is for my father" as said of what was asked in this chat: it waits for the mandate, proved or not, and a person reads the rest.

    An erasure that was proved is read before it begins.
    """
    view, reading = hearing.view, hearing.reading
    is_of_whom = is_said(hearing) or is_for_oneself(hearing.text)
    if hearing.is_quiet or hearing.is_request or not is_of_whom or EMAIL.search(hearing.text):
        return None
    if is_for_oneself(hearing.text):
        return _its_own(hearing)
    own = [request for request in view.own if not waits_for_people(request)]
    stoppable = [r for r in own if r.status in STOPPABLE]
    erasing = [r.ref for r in stoppable if r.right in ERASING and r.status not in WAITING]
    waits = [r.ref for r in stoppable if r.ref not in erasing and _takes_mandate(r)]
    if waits or erasing:
        return all_of(
            *((HaveReadBeside(tuple(erasing), said=True),) if erasing else ()),
            *((WaitForMandate(tuple(waits)),) if waits else ()),
        )
    if any(r.status not in CLOSED for r in own):
        return all_of(HandOver())
    is_asked = hearing.state.question in PICKERS and reading.decision == "none"
    return all_of(NoteContactFirst({FOR_OTHER: True}, "for_other_noted"), Repeat()) if is_asked else None


def _its_own(hearing: Hearing) -> Found | None:
    """Take "it is for me after all" as said of what waits for a mandate; what more than that hangs on, a person reads."""
    of_others = [r for r in hearing.view.open if is_for_other(r)]
    waiting = [r.ref for r in of_others if r.status in WAITING and r.attention == Attention.FOR_SOMEBODY_ELSE]
    if not of_others:
        return None
    told = tuple(r.ref for r in of_others)
    return all_of(TakeAsOwn(tuple(waiting)) if waiting else Say("a_person_reads", about=told))


def is_said(hearing: Hearing) -> bool:
    """Tell whether a message says that somebody else is concerned."""
    return is_for_another(hearing.text) or FOR_OTHER in hearing.reading.wishes


def _takes_mandate(request: RequestSeen) -> bool:
    """Tell whether a request waits for a mandate once it is for somebody else; what takes no proof takes none (T0)."""
    return not ends_marketing(request) and (request.status in WAITING or request.tier_needed > 0)


def is_noted(hearing: Hearing) -> bool:
    """Tell whether it was said, before a right was, that somebody else is concerned."""
    return hearing.state.question in PICKERS and bool((hearing.state.details or {}).get(FOR_OTHER))


def ends_marketing(request: RequestSeen) -> bool:
    """Tell whether a request ends marketing: that needs nobody's mandate (GDPR 21(3))."""
    return bool(request.details.get("marketing"))


def concerns_other(hearing: Hearing) -> bool:
    """Tell whether a message uses rights of somebody else; a block of marketing alone needs nobody's mandate (GDPR 21(3)).

    Of several people's requests in one list nobody but a person can tell whose marketing is to end.
    """
    rights = hearing.reading.rights
    if rights and is_noted(hearing):
        return True
    if not rights or (hearing.reading.details.get("marketing") and rights <= ENDING_USES):
        return FOR_SEVERAL in hearing.reading.wishes and bool(rights)
    return FOR_OTHER in hearing.reading.wishes or _names_another(hearing) or _is_signed_by_another(hearing)


def _names_another(hearing: Hearing) -> bool:
    """Tell whether the data are said to be those of somebody who is not the sender, as far as a sender is known.

    Whoever writes in a chat has no address yet: one that they name is how they say who they are.
    """
    sender = hearing.view.sender if hearing.view.is_mail else None
    return any(
        not _is_sender(holder.who, sender)
        for holder in hearing.reading.holders
        if sender or not holder.is_address
    )


def _is_signed_by_another(hearing: Hearing) -> bool:
    """Tell whether a mail is signed with an address that is not its sender's, and nothing there that could be the sender's.

    A name alone decides nothing: a mailbox need not be called as whoever writes from it.
    """
    sender = hearing.view.sender if hearing.view.is_mail else None
    signed = signed_by(hearing.reading.text) if sender else ()
    return any("@" in each for each in signed) and not any(_is_sender(each, sender) for each in signed)


def _is_sender(named: str, sender: str | None) -> bool:
    """Tell whether a name or an address can be the sender's: the same address, or a name that the address is made of."""
    if not sender:
        return False
    if normal_address(named) == normal_address(sender):
        return True
    local = _letters(sender.partition("@")[0])
    words = [_letters(word) for word in re.split(r"[\W\d_]+", named.partition("@")[0])]
    return any(len(word) >= _FEWEST_LETTERS and word in local for word in words)


def _letters(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in bare if character.isalpha())
