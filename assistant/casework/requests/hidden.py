"""What is kept from whoever sits at a chat that was somebody's, until they prove to be the same person (B13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.domain.talk import NOBODY
from assistant.store.tables import Conversation


def is_hidden(conversation: Conversation) -> bool:
    """Tell whether a talk was somebody's, and whoever sits there now has not proved to be them."""
    whose = conversation.state.get("hidden_of", ())
    return bool(whose) and list(whose) != [NOBODY]


def comes_back(conversation: Conversation, *names: str) -> bool:
    """Tell whether a talk is hidden, and shown again once the one person is proved who has one of these keyed hashes."""
    whose = list(conversation.state.get("hidden_of", ()))
    return len(whose) == 1 and whose[0] in names


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
