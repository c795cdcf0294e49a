"""A request that its sender repeats within a day in a new thread: it joins the first, whose link goes out once more."""

from __future__ import annotations

from typing import Final

from assistant.casework.requests.doubt import put_in_doubt
from assistant.casework.requests.intake import requests_of
from assistant.casework.saying.flood import is_sure
from assistant.casework.talk.elsewhere import lately_begun
from assistant.conversation import continued, denying, for_others
from assistant.conversation.received import Received
from assistant.domain.lifecycle import CLOSED
from assistant.store.queries import messages_of
from assistant.store.rows import Conversation, PrivacyRequest

_FEWEST_CHARACTERS: Final = 12  # of words that are worth comparing


def joins_first(mail: Received) -> bool:
    """Leave a mail that holds the whole words of an earlier one of its sender's, and asks the same, to who is at that request.

    Whoever echoes our mails or sends a form twice opens nothing twice; an agent sees each in triage. Whoever repeats it
    since nothing reached them gets receipt and link again, as seldom as codes go out: that ends an echo too.
    """
    if mail.muted or not mail.is_request or for_others.concerns_other(mail.hearing):
        return False
    first = _first(mail)
    if not first:
        return False
    continued.go_on(mail.within(first[0].conversation_id), first)
    put_in_doubt(mail.unit.session, mail.turn.conversation, mail.message_id)
    return True


def _first(mail: Received) -> list[PrivacyRequest]:
    """Give the open requests that the very words of a mail opened before, in another thread."""
    if mail.incoming.sender is None or mail.requests:
        return []
    said = _plain(mail.incoming.text)
    for talk in lately_begun(mail.unit, mail.sender, mail.turn.conversation):
        opened = [r for r in requests_of(mail.unit.session, talk) if r.right in mail.reading.rights]
        alive = [r for r in opened if r.status not in CLOSED and r.attention not in denying.ATTENTIONS]
        if {r.right for r in alive} >= set(mail.reading.rights) and _holds_the_first(mail, talk, said):
            return alive
    return []


def _holds_the_first(mail: Received, talk: Conversation, said: str) -> bool:
    first = next((m for m in messages_of(mail.unit.session, talk.id) if m.sender == "you"), None)
    before = _plain(first.text) if first else ""
    others = any(address.lower() not in before for address in mail.reading.details.get("email") or ())
    if first is None or before not in said or others:
        return False
    if is_sure(mail.incoming.headers) and not is_sure(first.headers):
        return False  # a forger may have written it first, and used up what is answered there
    return len(before) >= _FEWEST_CHARACTERS or first.subject == mail.incoming.subject


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
