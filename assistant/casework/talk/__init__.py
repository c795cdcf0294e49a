"""Talks: what is said in them (here), what their rules look at, and how what those decide is carried out."""

from assistant.casework.talk.saying import (
    LIVE,
    Fate,
    Utterance,
    as_seen,
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
