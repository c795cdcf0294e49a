"""What is said to people: `say` and its kin (here), as whole texts, within limits, and again by letter where nobody reads it."""

from assistant.casework.saying.seen import as_seen
from assistant.casework.saying.utterances import (
    LIVE,
    Fate,
    Utterance,
    chat_message,
    check_reachable,
    has_ended,
    insert_message,
    mail,
    own_message,
    relay,
    said_by_us,
    say,
    say_text,
    was_said,
)

__all__ = [
    "LIVE",
    "Fate",
    "Utterance",
    "as_seen",
    "chat_message",
    "check_reachable",
    "has_ended",
    "insert_message",
    "mail",
    "own_message",
    "relay",
    "said_by_us",
    "say",
    "say_text",
    "was_said",
]
