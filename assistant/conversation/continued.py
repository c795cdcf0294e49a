"""A talk that goes on elsewhere or later: the answer to a letter about a chat, the visitor who comes back to an open question."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework import closing, link_again, running_services, talk
from assistant.casework.audit import record
from assistant.casework.intake import conversation_id, requests_of, set_attention
from assistant.conversation import denying, picking, sparing
from assistant.conversation.state import State
from assistant.conversation.subjects import is_reminder, names_service, only_thanks
from assistant.conversation.unread import needs_a_person
from assistant.domain.addresses import normal_address
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.reference import parse_references
from assistant.domain.rights import Right
from assistant.domain.words import Words
from assistant.store.tables import Conversation, PrivacyRequest
from intents import for_support
from intents.wishes import CHANGED_MIND, names_right

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming

ANSWERED: Final = "question_answered"
_LOOKED_AT: Final = 20_000  # characters
NEW_MESSAGE: Final = "new_message"
WROTE_AGAIN: Final = "wrote_again"  # in another thread
_WORDS: Final = Words("assistant.conversation")
_OF_CONFIRMING: Final = _WORDS.whole("of_confirming")
_OF_DATA: Final = _WORDS.whole("of_data")


def is_answer_to_chat(turn: Turn, incoming: Incoming) -> bool:
    """Take a mail in the thread of a letter about a chat, from the contact proved there, as said in that chat.

    So too a mail that names a request of its sender's: not every mail program keeps the thread. An agent reads it at
    the open requests; False where it is no such answer, nothing is open, or a mail outside the thread asks for more.
    """
    chat = turn.unit.session.get(Conversation, incoming.thread)
    in_thread = chat is not None and chat.channel in talk.LIVE
    if turn.muted:
        return False
    meant = requests_of(turn.unit.session, chat) if chat is not None and in_thread else _named(turn, incoming)
    waiting = [r for r in _theirs(turn, incoming, meant) if r.status not in CLOSED]
    for request in waiting:
        if request.attention not in denying.ATTENTIONS:  # whoever denied it says more than any answer
            set_attention(turn.unit, request, ANSWERED)
        record(turn.unit, request.ref, "subject", ANSWERED, conversation=turn.conversation.id)
    return bool(waiting) and (in_thread or turn.reading.decision != "request")


def _named(turn: Turn, incoming: Incoming) -> list[PrivacyRequest]:
    """List the requests of other talks whose references stand in a mail."""
    named = turn.requests_named(parse_references(f"{incoming.subject or ''}\n{turn.text}"))
    return [request for request in named if request.conversation_id != turn.conversation.id]


def names_a_request(incoming: Incoming) -> bool:
    """Tell whether a mail names a reference of its own accord, whether or not there is such a request: support knows none.

    The subject of an answer is the desk's own.
    """
    subject = "" if "answers" in incoming.headers else incoming.subject or ""
    return not incoming.automatic and bool(parse_references(f"{subject}\n{incoming.text}"))


def is_about_open_request(turn: Turn, incoming: Incoming) -> bool:
    """Tell whether the subject or the quote of a mail outside its thread names a request that is open: an answer to us, it seems."""
    if incoming.automatic or "in_thread" in incoming.headers:
        return False
    named = turn.requests_named(parse_references(f"{incoming.subject or ''}\n{incoming.quoted}"))
    return any(request.status not in CLOSED for request in named)


def _theirs(turn: Turn, incoming: Incoming, requests: Sequence[PrivacyRequest]) -> list[PrivacyRequest]:
    """Keep the requests whose proved contact is the sender."""
    sender = turn.unit.services.keyring.keyed_hash(normal_address(incoming.sender or ""))
    return [request for request in requests if request.contact_hash == sender]


def may_go_on(request: PrivacyRequest) -> bool:
    """Tell whether a request is open, or lapsed and taken up again by whoever proves late."""
    return request.status not in CLOSED or request.status == Status.LAPSED


def go_on(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Show an agent that the person wrote again, and send what they need to prove who they are."""
    note_new_message(turn, requests)
    turn.ask_again(turn.client_numbers)


def note_new_message(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Show an agent at the requests that are not over that the person wrote again."""
    for request in filter(may_go_on, requests):
        if request.attention not in denying.ATTENTIONS:
            set_attention(turn.unit, request, NEW_MESSAGE)


def is_for_support(turn: Turn) -> bool:
    """Tell whether a mail in the thread of a request asks something of support alone: it renews no link."""
    asks = for_support(turn.text) is not None or names_service(turn.text)
    is_about_it = _OF_CONFIRMING.search(turn.text[:_LOOKED_AT]) or is_reminder(turn.text)
    return turn.reading.decision == "none" and asks and not is_about_it


def takes_back_elsewhere(turn: Turn, incoming: Incoming) -> bool:
    """Have its contact confirm that what was asked in other threads is taken back; False where a mail says no such thing.

    Those are meant whose contact wrote it: of them the ones that it names.
    """
    reading = sparing.as_taken_back(turn.reading)
    named = set(parse_references(f"{incoming.subject or ''}\n{turn.text}"))
    says_so = sparing.takes_back(reading) or (bool(named) and CHANGED_MIND in reading.wishes)
    if not says_so or reading.decision == "request" or turn.muted:
        return False
    theirs = [r for r in denying.of_contact(turn, incoming.sender or "") if r.status in STOPPABLE]
    meant = [request for request in theirs if request.ref in named] if named else theirs
    for request in meant:
        _note_wrote_again(turn, request)
    if meant:
        turn.choose_language()
        turn.withdraw_by_link(meant)
    return bool(meant)


def goes_to_contact(turn: Turn, incoming: Incoming) -> bool:
    """Send receipt and link again to the contact on file where the link of a named client number went, and which answers it.

    Both go to that mailbox, in a talk of its own: whoever named the number hears nothing of it.
    """
    ident = conversation_id(turn.unit.services, incoming.channel, incoming.thread)
    link = link_again.of_number(turn.unit, ident, incoming.sender)
    waiting = link_again.waiting_at_contact(turn.unit, link) if link else []
    takes_back = sparing.takes_back(turn.reading)
    is_own = bool(waiting) and waiting[0].conversation_id == turn.conversation.id
    if turn.muted or not waiting or is_own or takes_back:
        return False
    if only_thanks(turn.text):
        return True
    turn.conversation.language = waiting[0].language
    for request in waiting:
        _note_wrote_again(turn, request)
        if request.attention not in denying.ATTENTIONS:
            set_attention(turn.unit, request, NEW_MESSAGE)
    turn.send_again(waiting, incoming.sender)
    return True


def goes_on_elsewhere(turn: Turn, incoming: Incoming, here: Sequence[PrivacyRequest]) -> bool:
    """Take a mail outside the thread, from the address that an unproved request came from, as one more word about it.

    Whatever it says is read there; a link goes out again where it is about that, to where it went before and nowhere
    else. False where the mail asks for something of its own, or names no reference: then support reads it too.
    """
    sender = incoming.sender or ""
    is_of_here = any(map(may_go_on, here))
    waiting = [] if is_of_here or turn.muted or not sender else _unproved_of(turn, sender)
    named = set(parse_references(f"{incoming.subject or ''}\n{turn.text}"))
    meant = [request for request in waiting if request.ref in named] or waiting
    wishes = turn.rights() if turn.reading.decision == "request" else []
    reminds = not (wishes or turn.muted) and is_reminder(turn.text)
    if not meant and not is_of_here and sender and reminds:
        return _is_reminded(turn, incoming)
    if not meant or not {*wishes} <= {Right(r.right) for r in meant if r.ref in named}:
        return False
    for request in meant:
        _note_wrote_again(turn, request)
    is_named = any(request.ref in named for request in meant)
    if is_named and only_thanks(turn.text):
        return True
    is_of_desk = not is_for_support(turn)
    confirms = bool(_OF_CONFIRMING.search(_words(turn, incoming)))
    is_about_it = is_of_desk and (is_named or reminds or confirms)
    for ident in dict.fromkeys(request.conversation_id for request in meant):
        there = [request for request in meant if request.conversation_id == ident]
        if not _answers_our_letter(turn, ident, named):
            _is_heard_there(turn, ident, there, is_about_it=is_about_it)
    return is_of_desk and (is_named or reminds)


def _is_heard_there(turn: Turn, ident: str, there: Sequence[PrivacyRequest], *, is_about_it: bool) -> None:
    if is_about_it:
        go_on(turn.within(turn.unit.session.get_one(Conversation, ident)), there)
        return
    for request in there:
        if request.attention is None:
            set_attention(turn.unit, request, NEW_MESSAGE)


def _unproved_of(turn: Turn, sender: str) -> list[PrivacyRequest]:
    return [*link_again.waiting_of(turn.unit, sender), *link_again.lacking_of(turn.unit, sender)]


def _answers_our_letter(turn: Turn, ident: str, named: AbstractSet[str]) -> bool:
    """Take a mail whose subject names the request that a letter of ours asks about for the answer to it: what it says proves nothing."""
    asked = replace(turn.within(turn.unit.session.get_one(Conversation, ident)), known=None)
    if asked.state.expects is None or named.isdisjoint(asked.state.about):
        return False
    asked.take()
    asked.store_state()
    return True


def _note_wrote_again(turn: Turn, request: PrivacyRequest) -> None:
    here = turn.conversation.id
    record(turn.unit, request.ref, "subject", WROTE_AGAIN, conversation=here)


def _is_reminded(turn: Turn, incoming: Incoming) -> bool:
    """Show a reminder at the open requests whose proved contact is its sender; False where there are none."""
    sender = turn.unit.services.keyring.keyed_hash(normal_address(incoming.sender or ""))
    found = turn.unit.session.exec(select(PrivacyRequest).where(col(PrivacyRequest.contact_hash) == sender))
    still_open = [request for request in found if request.status not in CLOSED]
    for request in still_open:
        _note_wrote_again(turn, request)
        if request.attention is None:
            set_attention(turn.unit, request, NEW_MESSAGE)
    return bool(still_open)


def _words(turn: Turn, incoming: Incoming) -> str:
    return f"{incoming.subject or ''}\n{turn.text}"[:_LOOKED_AT]


def answers_about_services(turn: Turn, incoming: Incoming) -> bool:
    """Take an answer by mail, from the contact proved there, to the question whether to end running services.

    To keep them is taken at once. To end them is an agent's to do, since nothing there can be brought back and a
    sender is only claimed: the flag says what was answered. What is not clear an agent reads. The question is open
    until it is decided, whatever the talk went on to; False where it is not, or a mail asks for more than that.
    """
    chat = turn.unit.session.get(
        Conversation, incoming.thread
    )  # else this very thread, or one that the mail names
    asked_in = chat or turn.conversation
    meant = [] if turn.muted else [*requests_of(turn.unit.session, asked_in), *_named(turn, incoming)]
    heard = [r for r in _theirs(turn, incoming, meant) if r.attention not in denying.ATTENTIONS]
    asked = [
        r for r in heard if running_services.is_open(turn.unit.session, r)
    ]  # of what was denied a person decides
    if not asked:
        return False
    value = clear_answer(turn.text)
    if value is None:
        _have_it_read(turn, asked)
        return not (_asks_for_more(turn) or needs_a_person(turn, incoming))
    for request in asked:
        if value == "services:keep":
            closing.set_keep_services(turn.unit, request, keep=True)
            set_attention(turn.unit, request, None)
        else:
            _note(turn, request, running_services.END_BY_MAIL)
    _is_answered(
        turn, [asked_in, *(turn.unit.session.get_one(Conversation, r.conversation_id) for r in asked)]
    )
    turn.say("request_status", requests=[{**each, "next": "review"} for each in turn.seen(asked)])
    return True


def clear_answer(text: str) -> str | None:
    """Give the button about services that a mail names, also beside "and erase the rest"; None where it says less or more."""
    answer = picking.without_the_rest(text)
    if names_right(answer) or _OF_DATA.search(answer):
        return None  # "erase nothing, keep my account" says more than what becomes of services
    return picking.clear_answer(running_services.ASK, answer)


def _asks_for_more(turn: Turn) -> bool:
    return turn.reading.decision == "request" or bool(turn.reading.wishes or turn.reading.intents)


def _have_it_read(turn: Turn, asked: Sequence[PrivacyRequest]) -> None:
    for request in asked:
        _note(turn, request, running_services.UNCLEAR)


def _note(turn: Turn, request: PrivacyRequest, event: str) -> None:
    record(turn.unit, request.ref, "subject", event, conversation=turn.conversation.id)
    set_attention(turn.unit, request, event)


def _is_answered(turn: Turn, asked_in: Sequence[Conversation]) -> None:
    for each in asked_in:
        if each.id == turn.conversation.id:
            turn.rest()
        elif each.state.get("question") == running_services.ASK:
            each.state = State.of(each.state).at_rest().as_json()
            turn.unit.session.add(each)
