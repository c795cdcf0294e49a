"""A request of another talk is meant: it is asked whose it is, and nothing is said of it before."""

from __future__ import annotations

from assistant.conversation.heard import Hearing
from assistant.domain.moves import AskWhose
from assistant.domain.reference import parse_references
from assistant.domain.talk import ANY, PICKERS


def sought(hearing: Hearing) -> tuple[str, ...]:
    """Name the references that were typed and are of no request of this talk, whether or not there are such."""
    own = {request.ref for request in hearing.view.own}
    typed = [] if hearing.view.is_mail else parse_references(hearing.text)
    return tuple(ref for ref in typed if ref not in own)


def is_meant(hearing: Hearing) -> bool:
    """Tell whether what is said of a request can only be of one that was made elsewhere: none was made here, and none is hidden."""
    view = hearing.view
    return not (view.is_mail or view.agent_talks or view.own or view.state.awaits_owner)


def is_taken_back(hearing: Hearing) -> bool:
    """Tell whether what is taken back was asked elsewhere: by its reference, or since nothing here could be meant, nor is just being asked."""
    if typed := sought(hearing):
        return len(typed) == len(parse_references(hearing.text))
    return is_meant(hearing) and hearing.state.question not in PICKERS


def ask_whose(hearing: Hearing, *, takes_back: bool = False) -> AskWhose:
    """Give the move that asks whose the requests are that were typed, that are sought already, or any."""
    state = hearing.state
    return AskWhose(
        sought(hearing) or state.sought or (ANY,),
        next(iter(hearing.emails), None),
        takes_back=takes_back or (bool(state.sought) and state.takes_back),
    )
