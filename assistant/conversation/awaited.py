"""What a talk waits for, and what is said of a code beside another question."""

from __future__ import annotations

from assistant.conversation.heard import Hearing
from assistant.domain.assurance import stands_as_code
from assistant.domain.moves import Move, Say, TellOfCode
from assistant.domain.talk import TO_PROVE, TalkView
from intents.awaiting import speaks_of_code


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
