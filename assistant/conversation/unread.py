"""A mail that no program can read: kept for a person, and its sender is told so."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from assistant.casework import saying
from assistant.casework.requests.doubt import put_in_doubt
from assistant.casework.requests.intake import set_attention
from assistant.conversation.received import Received
from assistant.conversation.subjects import own_words, says_nothing, stands_for_text
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED
from assistant.domain.unread import ENCLOSED, IN_PART, why_unread
from assistant.domain.words import Words
from assistant.interfaces import Incoming
from intents import Reading
from intents.awaiting import says_away

_LONGEST_NOTE: Final = 400  # characters
_WORDS: Final = Words("assistant.conversation")
_ENCLOSED: Final = _WORDS.whole("enclosed")
_POINTS: Final = _WORDS.whole("points_to_file")
_MAY_BE_REQUEST: Final = _WORDS.whole("may_be_request")


def words_of(incoming: Incoming) -> str:
    """Give what there is to read: of a mail whose words are in a file, or in its subject alone, its subject."""
    if incoming.kind != "text":
        return ""
    if "enclosed" in incoming.headers:
        own, _, handed_on = incoming.text.partition(ENCLOSED)
        return own.strip() or handed_on.strip()  # an agent decides: the latter is what is guessed from
    wordless = not incoming.text or "wordless" in incoming.headers
    return (
        (incoming.subject or incoming.text) if wordless or stands_for_text(incoming) else own_words(incoming)
    )


def is_cover_note(incoming: Incoming) -> bool:
    """Tell whether a mail only hands over a file that may hold a request, though the file may be forgotten."""
    text, subject = incoming.text, incoming.subject or ""
    if incoming.channel != "email" or len(text) > _LONGEST_NOTE or not _ENCLOSED.search(text):
        return False
    if _MAY_BE_REQUEST.search(f"{subject[:_LONGEST_NOTE]}\n{text}"):
        return True
    return bool(incoming.attachments) and says_nothing(_POINTS.sub(" ", _ENCLOSED.sub(" ", text)))


def needs_a_person(mail: Received) -> bool:
    """Tell whether what the writer wants stands where the reader cannot look."""
    incoming = mail.incoming
    if why_unread(incoming.headers, incoming.text) is None:
        return False
    wordless = not incoming.text or "wordless" in incoming.headers
    return wordless or not mail.is_request


def may_be_request(incoming: Incoming, reading: Reading) -> bool:
    """Tell whether somebody must look at a mail that nobody will answer."""
    unread = why_unread(incoming.headers, incoming.text) is not None or is_cover_note(incoming)
    unread = unread and "to_others" not in incoming.headers
    return reading.decision != "none" or unread


def is_away_note(incoming: Incoming) -> bool:
    """Tell whether a mail is nothing but a note that its writer is away: no header need say that a program wrote it."""
    return incoming.channel == "email" and incoming.kind == "text" and says_away(incoming.text)


def marked(incoming: Incoming, reading: Reading) -> Incoming:
    """Give a message with the mark that it was read in part, says no more than that a file does, or is nobody's answer: kept, and shown."""
    if is_away_note(incoming):
        incoming = replace(incoming, automatic=True)
    # Of a file that is not there nothing is said: support reads the mail, and an agent where it may be a request.
    if reading.decision != "request" and incoming.attachments and is_cover_note(incoming):
        incoming = replace(incoming, headers={**incoming.headers, "wordless": "1"})
    return replace(incoming, headers={**incoming.headers, IN_PART: "1"}) if reading.in_part else incoming


def leave_rest_to_a_person(mail: Received) -> None:
    """Have an agent read what is beyond the budget of a message, and say so; what was found in it stays as it is."""
    turn, incoming = mail.turn, mail.incoming
    if IN_PART not in incoming.headers:
        return
    still_open = [request for request in turn.own_requests() if request.status not in CLOSED]
    for request in still_open:
        if request.attention is None:
            set_attention(turn.unit, request, Attention.READ_IN_PART)
    if incoming.channel != "email":
        turn.say("read_in_part")
        if not still_open:
            turn.hand_over()
    elif still_open and mail.is_request:
        turn.say("mail_read_in_part", received_on=turn.unit.services.local_day(incoming.received_at))
    elif "to_others" not in incoming.headers:
        put_in_doubt(turn.unit.session, turn.conversation, mail.message_id)


def leave_to_a_person(mail: Received) -> None:
    """Show a mail to the agents; one to a general mailbox is support's, as any other there."""
    turn, incoming, requests = mail.turn, mail.incoming, mail.requests
    still_open = [request for request in requests if request.status not in CLOSED]
    for request in still_open:
        set_attention(turn.unit, request, Attention.UNREAD_MAIL)
    if not still_open and "to_others" in incoming.headers:
        saying.relay(turn.unit, turn.conversation, mail.message_id)
        return
    if not still_open:
        put_in_doubt(turn.unit.session, turn.conversation, mail.message_id)
    if turn.muted:
        return
    mail.choose_language()
    turn.say("mail_to_be_read", received_on=turn.unit.services.local_day(incoming.received_at))
