"""What is kept from whoever sits at a chat that was somebody's, until they prove to be the same person (B13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.domain.talk import NOBODY
from assistant.store.tables import Conversation


def is_hidden(conversation: Conversation) -> bool:
    """Tell whether a talk was somebody's, and whoever sits there now has not proved to be them."""
    whose = set(conversation.state.get("hidden_of", ()))
    return bool(whose - {NOBODY, *conversation.state.get("back", ())})


def comes_back(conversation: Conversation, *names: str) -> bool:
    """Tell whether a talk is hidden of which something is shown again to whoever has one of these keyed hashes."""
    return not set(conversation.state.get("hidden_of", ())).isdisjoint(names)


def hidden_up_to(conversation: Conversation) -> int:
    """Give the message up to which an open page shows nothing any more; none once somebody proved whose part of it may be."""
    return 0 if conversation.state.get("back") else int(conversation.state.get("hidden_before", 0))


def is_kept_back(
    conversation: Conversation,
    sender: str,
    requests: Sequence[Mapping[str, Any]],
    shown: Sequence[str] = (),
) -> bool:
    """Tell whether a message is not for whoever sits there now; the same person sees it later, their contact gets a letter.

    An agent writes to whom the talk was with, so all they write waits; of the desk's words, what is about their requests.
    """
    hidden = set(conversation.state.get("hidden", ())) - set(shown)
    return (sender == "agent" and is_hidden(conversation)) or any(each["ref"] in hidden for each in requests)
