"""What is asked beside an erasure in words that no rule reads: a person reads them before anything is erased."""

from __future__ import annotations

from assistant.conversation.heard import Found, Hearing, Words
from assistant.conversation.picking import rights_said
from assistant.domain.moves import HaveReadBeside, Repeat, TellStatus
from assistant.domain.rights import ERASING
from intents.awaiting import asks_beside, limits_it


def hear(hearing: Hearing) -> Found | None:
    """Call a person to the erasures of a chat that such words stand beside; said so, nothing else is to be heard where nothing is asked."""
    meant = tuple(request.ref for request in hearing.view.stoppable if request.right in ERASING)
    if not meant or not (is_asked(hearing.words) or _limits(hearing)):
        return None
    if told := asked_of_open(hearing):
        again = (Repeat(),) if hearing.state.expects in {"email", "code"} else ()
        return Found((TellStatus(told), *again))
    is_said = hearing.reading.decision == "none" and not hearing.view.agent_talks
    is_all = is_said and not hearing.state.expects
    return Found((HaveReadBeside(meant, is_said),), None if is_all else hearing)


def asked_of_open(hearing: Hearing) -> tuple[str, ...]:
    """Name what is open and asked about, and not asked for: *so do I get the copy?*."""
    quiet = hearing.is_quiet or hearing.view.agent_talks or hearing.reading.decision != "none"
    named = set() if quiet or "?" not in hearing.text else rights_said(hearing.text)
    found = [request for request in hearing.view.open if request.right in named]
    return tuple(request.ref for request in found) if {r.right for r in found} == named else ()


def _limits(hearing: Hearing) -> bool:
    """Tell whether it is said that not all is to go, where nothing else is asked that such words would answer."""
    state, words = hearing.state, hearing.words
    is_of_else = state.asks_else and hearing.view.rights_asked_about.isdisjoint(ERASING)
    if is_of_else or hearing.is_quiet or words.reading.wishes or hearing.is_request:
        return False
    return limits_it(words.text) or (words.reading.decision == "ask" and hearing.names_details)


def is_asked(words: Words) -> bool:
    """Tell whether a message asks for something beside an erasure, and uses no right."""
    is_plain = not (words.forwarded or words.muted or words.reading.wishes)
    return is_plain and words.reading.decision != "request" and asks_beside(words.text)
