"""A person takes back what was asked, in a chat: all that is open in it, or the one that is named."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from assistant.conversation import sparing
from assistant.conversation.heard import Found, Hearing, all_of
from assistant.conversation.picking import plain, rights_said
from assistant.domain.moves import AskToWithdraw, Choose
from assistant.domain.rights import ERASING, STOPPING_USES, Right
from assistant.domain.talk import PICKERS, USES, WHERE_TO_WRITE, WITHDRAW
from assistant.domain.words import Words
from intents.awaiting import ANSWER_LENGTH
from intents.wishes import CHANGED_MIND, takes_all_back

_WORDS: Final = Words("assistant.conversation")
_BACK: Final = re.compile(rf"\b{_WORDS.one_of('takes_back_named')} (?P<what>(?:[\w-]+ ?){{1,4}})")
_CLAUSE_END: Final = re.compile(r"[,;:.!\n]|\b(?:and|but|et|mais)\b")
_NOT: Final = re.compile(rf"\b{_WORDS.one_of('denies')} *$")


def all_of_it(hearing: Hearing) -> Found | None:
    """Take "cancel everything" as said of all that is open in the talk, whatever is awaited; erasures stand still until it is answered."""
    proving = _is_needed(hearing)
    if hearing.is_quiet or hearing.view.agent_talks or not takes_all_back(hearing.text, proving=proving):
        return None
    requests = hearing.view.stoppable
    ends_use = any(request.right in STOPPING_USES for request in requests)
    if not requests or not takes_all_back(hearing.text, ends_use=ends_use, proving=proving):
        return None
    # "Stop everything" ends no use where none is open.
    erases = all(request.right in ERASING for request in requests)
    taken = hearing.reads(replace(hearing.reading, intents=(), decision="none", wishes=(CHANGED_MIND,)))
    if erases and (stands_still := sparing.hear(taken)):
        return stands_still
    return all_of(AskToWithdraw(tuple(request.ref for request in requests)))


def one_of_several(hearing: Hearing) -> Found | None:
    """Take "forget about the copy, only delete" as said of the copy; what is asked beside it and not open yet is left to be heard."""
    view, reading = hearing.view, hearing.reading
    quiet = hearing.is_quiet or view.agent_talks or len(hearing.text) > ANSWER_LENGTH or "?" in hearing.text
    if quiet or reading.wishes or hearing.conversational or hearing.state.question in PICKERS:
        return None
    said = {right for clause in _CLAUSE_END.split(plain(hearing.text)) for right in _named(clause)}
    meant = tuple(request.ref for request in view.stoppable if request.right in said)
    if not meant:
        return None
    is_asked = hearing.state.question == WITHDRAW and set(meant) == set(hearing.state.about)
    open_now = {request.right for request in view.open}
    more = hearing.is_request and not open_now.issuperset(hearing.rights)
    return Found(
        (Choose("withdraw", "yes") if is_asked else AskToWithdraw(meant),), hearing if more else None
    )


def _is_needed(hearing: Hearing) -> bool:
    """Tell whether what is asked must be known to go on, or nothing is asked beside a code: where to write nobody needs to say."""
    state = hearing.state
    is_of_proof = state.expects in {"email", "code"} and state.question not in WHERE_TO_WRITE
    is_free = not state.expects and hearing.view.code_live
    return is_of_proof or is_free or state.question in USES


def _named(clause: str) -> set[str]:
    """Name the rights that a clause takes back; "stop" and "withdraw" are words of rights themselves."""
    found = _BACK.search(clause)
    if found is None or _NOT.search(clause[: found.start()]):
        return set()
    return rights_said(found["what"]) - {Right(right) for right in STOPPING_USES}
