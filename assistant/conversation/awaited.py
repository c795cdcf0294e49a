"""What a talk waits for: the requests without proof, and what is said of a code beside another question."""

from __future__ import annotations

from assistant.casework.reach import is_for_other, lacks_address
from assistant.conversation.heard import Hearing
from assistant.domain.assurance import stands_as_code
from assistant.domain.moves import Move, Say, TellOfCode
from assistant.domain.talk import TO_PROVE, WAITING, RequestSeen, TalkView, was_denied
from intents.awaiting import speaks_of_code


def all_waiting(view: TalkView) -> list[RequestSeen]:
    """List what one proof is asked for: all that waits in this talk, is the writer's own, and was not denied."""
    waiting = [r for r in view.own if r.status in WAITING]
    return [r for r in waiting if not (is_for_other(r) or was_denied(r))]


def to_be_proved(view: TalkView) -> tuple[str, ...]:
    """Name what one proof is for: the requests that wait for it, and those that only lack an address to write to."""
    waiting = [r for r in view.about or all_waiting(view) if r.status in TO_PROVE and not was_denied(r)]
    unreached = [r for r in view.own if lacks_address(r)]
    return tuple(dict.fromkeys(r.ref for r in [*waiting, *unreached]))


def is_unready(view: TalkView) -> bool:
    """Tell whether what the open question is about still waits for a proof or a detail."""
    return any(r.status in TO_PROVE or r.ref in view.lacks for r in view.about)


def of_code_beside(hearing: Hearing) -> tuple[Move, ...]:
    """Say what is so of a code beside another question, to whoever speaks of it or types one that is over."""
    view = hearing.view
    if view.is_mail or not view.state.asks_else:
        return ()
    if view.code_live:
        return (TellOfCode(),) if speaks_of_code(hearing.text) else ()
    return (Say("code_not_accepted"),) if view.code_sent and stands_as_code(hearing.text) else ()
