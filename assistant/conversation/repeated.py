"""A request that its sender repeats within a day in a new thread: it joins the first, whose link goes out once more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework.doubt import put_in_doubt
from assistant.casework.flood import is_sure
from assistant.casework.intake import requests_of
from assistant.conversation import continued, denying, for_others
from assistant.domain.lifecycle import CLOSED
from assistant.store.keyring import sender_hash
from assistant.store.queries import messages_of
from assistant.store.tables import Conversation

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming
    from assistant.store.tables import PrivacyRequest

_WITHIN: Final = timedelta(days=1)
_MOST_TALKS: Final = 20
_FEWEST_CHARACTERS: Final = 12  # of words that are worth comparing


def joins_first(turn: Turn, incoming: Incoming, message_id: int) -> bool:
    """Leave a mail that holds the whole words of an earlier one of its sender's, and asks the same, to who is at that request.

    Whoever echoes our mails or sends a form twice opens nothing twice; an agent sees each in triage. Whoever repeats it
    since nothing reached them gets receipt and link again, as seldom as codes go out: that ends an echo too.
    """
    if turn.muted or turn.reading.decision != "request" or for_others.concerns_other(turn):
        return False
    first = _first(turn, incoming)
    if not first:
        return False
    continued.go_on(turn.within(turn.unit.session.get_one(Conversation, first[0].conversation_id)), first)
    put_in_doubt(turn.unit.session, turn.conversation, message_id)
    return True


def _first(turn: Turn, incoming: Incoming) -> list[PrivacyRequest]:
    """Give the open requests that the very words of a mail opened before, in another thread."""
    if incoming.sender is None or requests_of(turn.unit.session, turn.conversation):
        return []
    talks = (
        select(Conversation)
        .where(
            col(Conversation.hint_hash) == sender_hash(turn.unit.services.keyring, incoming.sender),
            col(Conversation.channel) == "email",
            col(Conversation.started_at) > turn.unit.now - _WITHIN,
            col(Conversation.id) != turn.conversation.id,
        )
        .order_by(col(Conversation.started_at).desc())
        .limit(_MOST_TALKS)
    )
    said = _plain(incoming.text)
    for talk in turn.unit.session.exec(talks):
        opened = [r for r in requests_of(turn.unit.session, talk) if r.right in turn.reading.rights]
        alive = [r for r in opened if r.status not in CLOSED and r.attention not in denying.ATTENTIONS]
        if {r.right for r in alive} >= set(turn.reading.rights) and _holds_the_first(
            turn, talk, incoming, said
        ):
            return alive
    return []


def _holds_the_first(turn: Turn, talk: Conversation, incoming: Incoming, said: str) -> bool:
    first = next((m for m in messages_of(turn.unit.session, talk.id) if m.sender == "you"), None)
    before = _plain(first.text) if first else ""
    others = any(address.lower() not in before for address in turn.reading.details.get("email") or ())
    if first is None or before not in said or others:
        return False
    if is_sure(incoming.headers) and not is_sure(first.headers):
        return False  # a forger may have written it first, and used up what is answered there
    return len(before) >= _FEWEST_CHARACTERS or first.subject == incoming.subject


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
