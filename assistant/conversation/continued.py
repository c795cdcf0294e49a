"""A talk that goes on elsewhere or later: the answer to a letter about a chat, the visitor who comes back to an open question."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from assistant.casework.answers import running_services
from assistant.casework.audit import record
from assistant.casework.decisions import closing
from assistant.casework.decisions.questions import asked_of
from assistant.casework.proof import link_again
from assistant.casework.requests.clock import waits_since
from assistant.casework.requests.intake import conversation_id, requests_of, set_attention
from assistant.casework.saying import flood
from assistant.casework.talk import elsewhere
from assistant.casework.talk.asking import ask_link_again, send_link_again
from assistant.casework.talk.standing import ask_which_back, say, withdraw_by_link
from assistant.conversation import denying, letter_answered, picking, sparing
from assistant.conversation.received import Received
from assistant.conversation.subjects import complains_of_waiting, is_reminder, names_service, only_thanks
from assistant.conversation.taking import take
from assistant.conversation.unread import needs_a_person
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.reference import parse_references
from assistant.domain.rights import Right
from assistant.domain.words import Words
from assistant.interfaces import Incoming
from assistant.store.rows import PrivacyRequest
from intents import for_support
from intents.wishes import CHANGED_MIND, names_right, takes_all_back

_LOOKED_AT: Final = 20_000  # characters
WROTE_AGAIN: Final = "wrote_again"  # in another thread
_WORDS: Final = Words("assistant.conversation")
_OF_CONFIRMING: Final = _WORDS.whole("of_confirming")
_OF_DATA: Final = _WORDS.whole("of_data")


def is_answer_to_chat(mail: Received) -> bool:
    """Take a mail in the thread of a letter about a chat, from the contact proved there, as said in that chat.

    So too a mail that names a request of its sender's: not every mail program keeps the thread. An agent reads at the
    open requests what answers no question clearly; False where it is no such answer, nothing is open, or it asks for more.
    """
    chat = letter_answered.chat_of(mail)
    if mail.muted or _says_back(mail):
        return False
    theirs = _theirs(mail, requests_of(mail.unit.session, chat) if chat else _named(mail))
    if chat and letter_answered.is_taken(mail, chat, theirs):
        return True
    waiting = [r for r in theirs if r.status not in CLOSED]
    for request in theirs if chat and not waiting else ():
        _note_wrote_again(mail, request)  # its page shows what was written; support reads it
    for request in waiting:
        if waits_since(request):
            continue  # what answers an agent's question is noted with its clock
        if _is_asked(mail, request):
            set_attention(mail.unit, request, Attention.QUESTION_ANSWERED)
            record(
                mail.unit,
                request.ref,
                "subject",
                Attention.QUESTION_ANSWERED,
                conversation=mail.turn.conversation.id,
            )
        else:
            _note_seen(mail, request)
    tell_status(mail, waiting)
    return bool(waiting) and not _opens_more(mail, waiting, in_thread=chat is not None)


def _is_asked(mail: Received, request: PrivacyRequest) -> bool:
    """Tell whether the talk of a request asks something of it that this may answer."""
    state = mail.within(request.conversation_id).turn.state
    return state.asks_else and request.ref in state.about


def _note_seen(mail: Received, request: PrivacyRequest) -> None:
    """Show that the person wrote again, and call an agent who was not called for more."""
    _note_wrote_again(mail, request)
    if request.attention is None:
        set_attention(mail.unit, request, Attention.NEW_MESSAGE)


def _opens_more(mail: Received, waiting: Sequence[PrivacyRequest], *, in_thread: bool) -> bool:
    """Tell whether a mail uses a right beside what it answers, and leave it that one to be opened."""
    if not in_thread:
        return mail.reading.decision == "request"
    known = {Right(request.right) for request in waiting}
    more = [right for right in mail.rights if right not in known]
    if more:
        left = tuple(each for each in mail.reading.intents if each.name not in known)
        mail.words = replace(mail.words, reading=replace(mail.reading, intents=left))
    return bool(more)


def note_elsewhere(
    message: Received, asked: Sequence[PrivacyRequest], answered: Sequence[PrivacyRequest]
) -> None:
    """Show an agent that who was asked something wrote of something else: it is no answer, and their clock stands still."""
    theirs = [] if message.muted else asked_of(message.unit, message.turn.conversation, message.incoming)
    for request in [*asked, *(each for each in theirs if each not in asked)]:
        if request in answered:
            continue
        _note_seen(message, request)


def _named(mail: Received) -> list[PrivacyRequest]:
    """List the requests of other talks whose references stand in a mail."""
    named = mail.turn.requests_named(mail.named())
    return [request for request in named if request.conversation_id != mail.turn.conversation.id]


def names_a_request(incoming: Incoming) -> bool:
    """Tell whether a mail names a reference of its own accord, whether or not there is such a request: support knows none.

    The subject of an answer is the desk's own.
    """
    subject = "" if "answers" in incoming.headers else incoming.subject or ""
    return not incoming.automatic and bool(parse_references(f"{subject}\n{incoming.text}"))


def is_about_open_request(mail: Received) -> bool:
    """Tell whether the subject or the quote of a mail outside its thread names a request that is open: an answer to us, it seems."""
    if mail.incoming.automatic or "in_thread" in mail.incoming.headers:
        return False
    named = mail.turn.requests_named(mail.named(mail.incoming.quoted))
    return any(request.status not in CLOSED for request in named)


def _theirs(mail: Received, requests: Sequence[PrivacyRequest]) -> list[PrivacyRequest]:
    """Keep the requests whose proved contact is the sender."""
    sender = elsewhere.hash_of(mail.unit, mail.sender)
    return [request for request in requests if request.contact_hash == sender]


def may_go_on(request: PrivacyRequest) -> bool:
    """Tell whether a request is open, or lapsed and taken up again by whoever proves late."""
    return request.status not in CLOSED or request.status == Status.LAPSED


def go_on(mail: Received, requests: Sequence[PrivacyRequest]) -> None:
    """Show an agent that the person wrote again, and send what they need to prove who they are."""
    note_new_message(mail, requests)
    tell_status(mail, requests)
    ask_link_again(mail.turn, mail.turn.client_numbers)


def note_new_message(mail: Received, requests: Sequence[PrivacyRequest]) -> None:
    """Show an agent at the requests that are not over that the person wrote again."""
    for request in filter(may_go_on, requests):
        if request.attention not in denying.ATTENTIONS:
            set_attention(mail.unit, request, Attention.NEW_MESSAGE)


def is_for_support(mail: Received) -> bool:
    """Tell whether a mail in the thread of a request asks something of support alone: it renews no link."""
    asks = for_support(mail.text) is not None or names_service(mail.text)
    is_about_it = _OF_CONFIRMING.search(mail.text[:_LOOKED_AT]) or is_reminder(mail.text)
    return mail.reading.decision == "none" and asks and not is_about_it


def takes_back_elsewhere(mail: Received) -> bool:
    """Have its contact confirm that what was asked in other threads is taken back; False where a mail says no such thing.

    Those are meant whose contact wrote it: of them the ones that it names.
    """
    if mail.muted or not _says_back(mail):
        return False
    named, said = set(mail.named()), picking.rights_said(mail.text)
    theirs = [r for r in denying.of_contact(mail) if r.status in STOPPABLE]
    of_right = [request for request in theirs if request.right in said]
    meant = [request for request in theirs if request.ref in named] if named else of_right or theirs
    for request in meant:
        _note_wrote_again(mail, request)
    if meant:
        mail.choose_language()
        is_clear = bool(named) or len(meant) == 1 or takes_all_back(mail.text)
        (withdraw_by_link if is_clear else ask_which_back)(mail.turn, meant)
    return bool(meant)


def _says_back(mail: Received) -> bool:
    """Tell whether a mail takes back what was asked, and asks for nothing."""
    reading, named = sparing.as_taken_back(mail.reading), bool(mail.named())
    says_so = sparing.takes_back(reading) or (named and CHANGED_MIND in reading.wishes)
    says_so |= picking.takes_back_named(mail.text)
    return says_so and reading.decision != "request"


def tell_status(mail: Received, requests: Sequence[PrivacyRequest]) -> None:
    """Say where requests stand to their proved contact who asks that by mail: the same once a day, as anybody can write in their name."""
    theirs = _theirs(mail, requests)
    asks = "request_status" in mail.hearing.conversational or complains_of_waiting(mail.text)
    asks |= _asks_whether_done(mail, theirs)
    stands = ",".join(f"{request.ref}:{request.status}" for request in theirs)
    if theirs and asks and not mail.muted and not flood.is_said_again(mail.unit, mail.sender, stands):
        mail.choose_language()
        say(mail.turn, theirs)


def _asks_whether_done(mail: Received, theirs: Sequence[PrivacyRequest]) -> bool:
    """Tell whether a mail only asks about what is under way: *et alors, mes données sont effacées ?*."""
    asks = mail.reading.decision == "ask" and "?" in mail.text
    return asks and {*mail.hearing.rights} <= {Right(request.right) for request in theirs}


def goes_to_contact(mail: Received) -> bool:
    """Send receipt and link again to the contact on file where the link of a named client number went, and which answers it.

    Both go to that mailbox, in a talk of its own: whoever named the number hears nothing of it.
    """
    ident = conversation_id(mail.unit.services, mail.incoming.channel, mail.incoming.thread)
    link = link_again.of_number(mail.unit, ident, mail.incoming.sender)
    waiting = link_again.waiting_at_contact(mail.unit, link) if link else []
    takes_back = sparing.takes_back(mail.reading)
    is_own = bool(waiting) and waiting[0].conversation_id == mail.turn.conversation.id
    if mail.muted or not waiting or is_own or takes_back:
        return False
    if only_thanks(mail.text):
        return True
    mail.turn.conversation.language = waiting[0].language
    for request in waiting:
        _note_wrote_again(mail, request)
        if request.attention not in denying.ATTENTIONS:
            set_attention(mail.unit, request, Attention.NEW_MESSAGE)
    send_link_again(mail.turn, waiting, mail.incoming.sender)
    return True


def goes_on_elsewhere(mail: Received, here: Sequence[PrivacyRequest]) -> bool:
    """Take a mail outside the thread, from the address that an unproved request came from, as one more word about it.

    Whatever it says is read there; a link goes out again where it is about that, to where it went before and nowhere
    else. False where the mail asks for something of its own, or names no reference: then support reads it too.
    """
    sender = mail.sender
    is_of_here = any(map(may_go_on, here))
    waiting = [] if is_of_here or mail.muted or not sender else _unproved_of(mail, sender)
    named = set(mail.named())
    meant = [request for request in waiting if request.ref in named] or waiting
    wishes = mail.rights
    reminds = not (wishes or mail.muted) and is_reminder(mail.text)
    if not meant and not is_of_here and sender and reminds:
        return _is_reminded(mail)
    if not meant or not {*wishes} <= {Right(r.right) for r in meant if r.ref in named}:
        return False
    for request in meant:
        _note_wrote_again(mail, request)
    is_named = any(request.ref in named for request in meant)
    if is_named and only_thanks(mail.text):
        return True
    is_of_desk = not is_for_support(mail)
    confirms = bool(_OF_CONFIRMING.search(_words(mail)))
    is_about_it = is_of_desk and (is_named or reminds or confirms)
    for ident in dict.fromkeys(request.conversation_id for request in meant):
        there = [request for request in meant if request.conversation_id == ident]
        if not _answers_our_letter(mail, ident, named):
            _is_heard_there(mail, ident, there, is_about_it=is_about_it)
    return is_of_desk and (is_named or reminds)


def _is_heard_there(
    mail: Received, ident: str, there: Sequence[PrivacyRequest], *, is_about_it: bool
) -> None:
    if is_about_it:
        go_on(mail.within(ident), there)
        return
    for request in there:
        if request.attention is None:
            set_attention(mail.unit, request, Attention.NEW_MESSAGE)


def _unproved_of(mail: Received, sender: str) -> list[PrivacyRequest]:
    return [*link_again.waiting_of(mail.unit, sender), *link_again.lacking_of(mail.unit, sender)]


def _answers_our_letter(mail: Received, ident: str, named: AbstractSet[str]) -> bool:
    """Take a mail whose subject names the request that a letter of ours asks about for the answer to it: what it says proves nothing."""
    asked = mail.within(ident).turn
    if asked.state.expects is None or named.isdisjoint(asked.state.about):
        return False
    take(asked, mail.words)
    asked.store_state()
    return True


def _note_wrote_again(mail: Received, request: PrivacyRequest) -> None:
    here = mail.turn.conversation.id
    record(mail.unit, request.ref, "subject", WROTE_AGAIN, conversation=here)


def _is_reminded(mail: Received) -> bool:
    """Show a reminder at the open requests whose proved contact is its sender; False where there are none."""
    still_open = elsewhere.proved_at(mail.unit, mail.sender)
    for request in still_open:
        _note_seen(mail, request)
    return bool(still_open)


def _words(mail: Received) -> str:
    return f"{mail.incoming.subject or ''}\n{mail.text}"[:_LOOKED_AT]


def answers_about_services(mail: Received) -> bool:
    """Take an answer by mail, from the contact proved there, to the question whether to end running services.

    To keep them is taken at once. To end them is an agent's to do, since nothing there can be brought back and a
    sender is only claimed: the flag says what was answered. What is not clear an agent reads. The question is open
    until it is decided, whatever the talk went on to; False where it is not, or a mail asks for more than that.
    """
    # That of a chat, else this very thread, or one that the mail names.
    asked_in = elsewhere.talk_of(mail.unit, mail.incoming.thread) or mail.turn.conversation
    found = [] if mail.muted else [*requests_of(mail.unit.session, asked_in), *_named(mail)]
    # The subject of an answer names what its thread is about.
    meant = {request.ref: request for request in found}
    heard = [r for r in _theirs(mail, [*meant.values()]) if r.attention not in denying.ATTENTIONS]
    # Of what was denied a person decides.
    asked = [r for r in heard if running_services.is_open(mail.unit.session, r)]
    if not asked:
        return False
    value = clear_answer(mail.text)
    if value is None:
        _have_it_read(mail, asked)
        return not (_asks_for_more(mail) or needs_a_person(mail))
    for request in asked:
        if value == "services:keep":
            closing.set_keep_services(mail.unit, request, keep=True)
            set_attention(mail.unit, request, None)
        else:
            _note(mail, request, running_services.END_BY_MAIL)
    _is_answered(mail, [asked_in.id, *(request.conversation_id for request in asked)])
    mail.turn.conversation.language = mail.turn.conversation.language or asked[0].language
    say(mail.turn, asked)
    return True


def clear_answer(text: str) -> str | None:
    """Give the button about services that a mail names, also beside "and erase the rest"; None where it says less or more."""
    answer = picking.without_the_rest(text)
    if names_right(answer) or _OF_DATA.search(answer):
        return None  # "erase nothing, keep my account" says more than what becomes of services
    return picking.clear_answer(running_services.ASK, answer)


def _asks_for_more(mail: Received) -> bool:
    return mail.reading.decision == "request" or bool(mail.reading.wishes or mail.reading.intents)


def _have_it_read(mail: Received, asked: Sequence[PrivacyRequest]) -> None:
    for request in asked:
        _note(mail, request, running_services.UNCLEAR)


def _note(mail: Received, request: PrivacyRequest, event: str) -> None:
    record(mail.unit, request.ref, "subject", event, conversation=mail.turn.conversation.id)
    set_attention(mail.unit, request, event)


def _is_answered(mail: Received, asked_in: Sequence[str]) -> None:
    for ident in asked_in:
        if ident == mail.turn.conversation.id:
            mail.turn.rest()
        elif (there := mail.within(ident).turn).state.question == running_services.ASK:
            there.rest()
            there.store_state()
