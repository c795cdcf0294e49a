"""A greeting, thanks, "are you a robot?", an insult, nonsense: answered as a person would, and what is asked stays asked."""

from __future__ import annotations

from typing import Final

from assistant.conversation.heard import Found, Hearing, all_of
from assistant.domain.moves import SmallTalk
from assistant.domain.talk import CONFIRM
from intents.rectifying import is_no, is_yes
from intents.small_talk import small_talk_in

_GREETS: Final = frozenset({"greeting", "there"})  # after a call for a person they ask for them
# Where something is asked these are no answer to it, and it is asked again.
_AT_REST: Final = frozenset({"noted", "nonsense"})


def hear(hearing: Hearing) -> Found | None:
    """Answer what is about nothing, in a chat; a wish beside it is read as any other."""
    if hearing.is_quiet or hearing.is_request:
        return None
    said, state = small_talk_in(hearing.text), hearing.state
    confirms = state.question == CONFIRM and (is_yes(hearing.text) or is_no(hearing.text))
    if said is None or confirms or (state.expects is not None and said in _AT_REST):
        return None
    if said in _GREETS and hearing.view.person_called:
        said = "called"
    return all_of(SmallTalk(said))
