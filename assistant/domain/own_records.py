"""The desk's own records as data about a person: their tables and columns, and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from assistant.domain.retention import OwnRetention, own_retention

if TYPE_CHECKING:
    from assistant.domain.plan import Keep

CATEGORY = "contact_with_us"
PURPOSE = "rights_requests"
MESSAGES, REQUESTS, CONVERSATIONS = "messages", "requests", "conversations"
OWN_RECORDS = "own_records"  # why they stay, as the law of a keep: Article 5(2) and 6(1)(c)
# Which period of law/own_retention.toml the purge holds each to; both count from the day a request is closed.
_RULES: Mapping[str, str] = {MESSAGES: "case_message", REQUESTS: "case_record"}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    CONVERSATIONS: ("channel", "language", "started_at", "last_at"),
    MESSAGES: ("at", "channel", "sender", "name", "text"),
    REQUESTS: ("ref", "right", "status", "channel", "received_at", "due_on", "closed_at"),
}
MEANINGS: Mapping[str, str] = {
    "at": "When it was written (UTC)",
    "at@fr": "Date et heure du message (UTC)",
    "channel": "How it reached us",
    "channel@fr": "Canal utilisé",
    "language": "Language of the conversation",
    "language@fr": "Langue de la conversation",
    "started_at": "First message (UTC)",
    "started_at@fr": "Premier message (UTC)",
    "last_at": "Last message (UTC)",
    "last_at@fr": "Dernier message (UTC)",
    "sender": "Who wrote: you, our assistant or an agent",
    "sender@fr": "Auteur : vous, notre assistant ou un agent",
    "name": "Name shown",
    "name@fr": "Nom affiché",
    "text": "What was written",
    "text@fr": "Texte du message",
    "ref": "Reference of the request",
    "ref@fr": "Référence de la demande",
    "right": "Right you used",
    "right@fr": "Droit exercé",
    "status": "Where it stands",
    "status@fr": "État",
    "received_at": "When we received it (UTC)",
    "received_at@fr": "Réception (UTC)",
    "due_on": "Day by which we answer",
    "due_on@fr": "Date limite de réponse",
    "closed_at": "When it was closed (UTC)",
    "closed_at@fr": "Clôture (UTC)",
}
SYSTEM: Final = {"en": "Our privacy desk", "fr": "Notre service de protection des données"}
TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    CONVERSATIONS: {"en": "conversations", "fr": "conversations"},
    MESSAGES: {"en": "messages", "fr": "messages"},
    REQUESTS: {"en": "requests", "fr": "demandes"},
}


def period_of(keep: Keep) -> OwnRetention | None:
    """Give how long what this desk keeps of its own stays; nothing for what another source keeps."""
    return own_retention()[_RULES[keep.table]] if keep.law == OWN_RECORDS else None
