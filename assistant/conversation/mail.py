"""What becomes of a mail, its steps in the order in which they are tried: what it takes up, what it goes on with, what is support's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.casework import saying
from assistant.casework.decisions import sparing
from assistant.casework.proof import link_again
from assistant.casework.requests import asked_beside
from assistant.casework.requests.doubt import put_in_doubt
from assistant.casework.requests.intake import is_from_another, set_attention
from assistant.casework.talk import answering
from assistant.casework.talk.opening import mark_mailbox_lost
from assistant.conversation import (
    beside_erasure,
    continued,
    denying,
    for_others,
    policy,
    repeated,
)
from assistant.conversation import sparing as spared_words
from assistant.conversation.received import Received
from assistant.conversation.subjects import only_thanks, speaks_of_copy
from assistant.conversation.taking import take
from assistant.conversation.unread import is_away_note, is_cover_note, leave_to_a_person, needs_a_person
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, STOPPABLE
from assistant.domain.moves import TellPolicy
from assistant.services import Unit
from assistant.store.rows import PrivacyRequest
from intents import NONE
from intents.awaiting import lacks_mailbox
from intents.wishes import CHANGED_MIND, DENIED

_PLAIN: Final = (None, Attention.SENDER_CANNOT_BE_ASKED)  # attentions that say less than who wrote


def hear_mail(mail: Received) -> None:
    """Mail that is no request is support's; mail in doubt is support's and shown in triage."""
    if mail.incoming.headers.get("bounce"):
        saying.relay(mail.unit, mail.turn.conversation, mail.message_id)
        return
    if continued.answers_about_services(mail):
        return
    is_spared = _spares(mail)
    _is_asked_beside(mail)
    from_another = bool(mail.requests) and is_from_another(mail.turn.conversation, mail.incoming)
    if from_another:
        _leave_to_whoever_is_there(mail, spared=is_spared)
    if from_another or is_spared or continued.is_answer_to_chat(mail):
        return
    if needs_a_person(mail):
        leave_to_a_person(mail)
        return
    if _is_of_lost_mailbox(mail):
        return
    _take_or_leave(mail)
    if mail.muted and not is_away_note(mail.incoming):  # that one is shown in the timeline, and calls nobody
        reason = Attention.DOUBTFUL_SENDER if mail.incoming.doubtful_sender else Attention.AUTOMATIC_MESSAGE
        flag(mail.unit, [request for request in mail.requests if request.attention in _PLAIN], reason)


def flag(unit: Unit, requests: Sequence[PrivacyRequest], reason: str) -> None:
    """Call a person to open requests, except where their contact denied them: that says more."""
    for request in requests:
        if request.status not in CLOSED and request.attention not in denying.ATTENTIONS:
            set_attention(unit, request, reason)


# ── nothing is to be erased after all ───────────────────────────────────────────────────────────────


def _spares(mail: Received) -> bool:
    """Let the erasures that a mail may mean stand still, and have their contact asked; True if it asked for nothing else."""
    if not spared_words.is_heard(mail.reading):
        return False
    meant = sparing.erasures_meant(mail.unit, mail.turn.conversation, mail.sender)
    if spared_words.denies(mail.reading) and denying.call(mail):
        mail.words = mail.hearing.reads(spared_words.as_denied(mail.reading)).words
        if not meant:
            return not mail.is_request
    found = spared_words.heard_about(mail.hearing, meant, by_mail=True)
    if found is not None:
        _stands_still(mail, meant, is_said=bool(found.moves))
        mail.words = found.left.words if found.left else mail.words
    return found is not None and found.left is None


def _stands_still(mail: Received, meant: Sequence[PrivacyRequest], *, is_said: bool) -> None:
    if is_said:
        mail.choose_language()
    if meant:
        _let_stand_still(mail, meant)
    elif is_said:
        mail.turn.say("dont_nothing")


def _let_stand_still(mail: Received, meant: Sequence[PrivacyRequest]) -> None:
    """The question goes to the contact on file; what is too late, or was asked before, is told to whom it concerns alone."""
    turn = mail.turn
    begun = [each for each in meant if not sparing.may_still_stop(each)]
    sparing.pause(mail.unit, meant, turn.conversation, mail.sender)
    decided = [each for each in meant if each not in begun and not sparing.is_paused(each)]
    denied = DENIED in mail.reading.wishes  # then who is called was said before (denying.py)
    for request in () if denied else decided:
        set_attention(mail.unit, request, Attention.WANTS_TO_WITHDRAW)
    for request in () if denied else begun:
        set_attention(mail.unit, request, Attention.NEW_MESSAGE)
    if begun and not decided and mail.sender == turn.conversation.subject_hint:
        own = [each for each in begun if each.conversation_id == turn.conversation.id]
        if own:
            turn.say("dont_too_late", requests=turn.seen(own))


def _is_asked_beside(mail: Received) -> None:
    """Call a person to the erasures that a mail may mean, each once in its life: a mail is easily forged (A48)."""
    if beside_erasure.is_asked(mail.words):
        conversation = mail.turn.conversation
        meant = sparing.erasures_meant(mail.unit, conversation, mail.sender)
        fresh = [each for each in meant if not asked_beside.was_asked(mail.unit.session, each)]
        asked_beside.note(mail.unit, fresh, conversation, mail.sender)


# ── taken up, or left to people ─────────────────────────────────────────────────────────────────────


def _leave_to_whoever_is_there(mail: Received, *, spared: bool) -> None:
    """Leave what another sender says of no wish of their own to the open requests, which show it, else to support."""
    flag(mail.unit, mail.requests, Attention.OTHER_SENDER)
    nobody_is_there = set(CLOSED).issuperset(request.status for request in mail.requests)
    if nobody_is_there and not spared and not mail.muted:
        _pass_on(mail)


def _is_of_lost_mailbox(mail: Received) -> bool:
    """Call a person where a mail says, of the link that a request waits for, that its mailbox is lost; else the link would go there again."""
    here = mail.requests
    if mail.muted or not mail.sender or mail.is_request:
        return False
    if not lacks_mailbox(mail.text, awaited=bool(here)):
        return False
    found = here or link_again.waiting_of(mail.unit, mail.sender)
    waiting = [request for request in found if link_again.waits_for_link(request)]
    mark_mailbox_lost(mail.turn, waiting)
    for ident in dict.fromkeys(request.conversation_id for request in waiting):
        of_it = [request for request in waiting if request.conversation_id == ident]
        mail.within(ident).turn.say("mail_mailbox_lost", requests=mail.turn.seen(of_it))
    return bool(waiting)


def _take_or_leave(mail: Received) -> None:
    """Take a mail up: for a request of another thread that it goes on with, else for this one; or leave it to people."""
    requests = mail.requests
    goes_on = any(map(continued.may_go_on, requests))
    if (not goes_on or _names_others(mail)) and continued.takes_back_elsewhere(mail):
        return
    if goes_on:
        mail.words = mail.hearing.reads(spared_words.as_taken_back(mail.reading)).words
        if not mail.muted and only_thanks(mail.text):
            return  # kept and shown; an answer would use up what the link needs
    is_taken_up = _is_taken_up(mail, requests)
    if not is_taken_up and continued.goes_to_contact(mail):
        return
    if continued.goes_on_elsewhere(mail, requests):
        return
    if not is_taken_up:
        _leave(mail, requests)
    elif not repeated.joins_first(mail):
        take(mail.turn, mail.words)


def _names_others(mail: Received) -> bool:
    named = set(mail.named())
    return bool(named) and named.isdisjoint(request.ref for request in mail.requests)


def _is_taken_up(mail: Received, requests: Sequence[PrivacyRequest]) -> bool:
    """Tell whether a mail is one that a rule takes up: a request, or an answer in a thread that has some.

    What must not be answered opens nothing: nobody would hear of it. An agent decides (triage).
    """
    if mail.incoming.automatic or "by_form" in mail.incoming.headers:
        return False
    if for_others.concerns_other(mail.hearing) or (mail.is_request and not _only_asks_of_policy(mail)):
        return True
    wants_back = spared_words.takes_back(mail.reading) or (
        CHANGED_MIND in mail.reading.wishes and any(r.status in STOPPABLE for r in requests)
    )
    return bool(requests) and not mail.muted and bool(mail.turn.state.expects or wants_back)


def _only_asks_of_policy(mail: Received) -> bool:
    """Tell whether the privacy mailbox answers all of a mail from the policy: an agent sees it, and may make it a request."""
    mail.words = policy.heard_in(mail.unit.services, mail.words, mail.turn.conversation.language)
    return mail.hearing.view.is_privacy_mailbox and policy.is_answered_whole(mail.hearing)


def _leave(mail: Received, requests: Sequence[PrivacyRequest]) -> None:
    """Leave a mail that no rule takes up to whoever is at the request, or to support."""
    if requests and mail.muted and not mail.is_request:
        return  # an absence note or a receipt: kept, shown, and no reason to write again
    if not mail.muted and any(map(continued.may_go_on, requests)) and continued.is_for_support(mail):
        continued.note_new_message(mail, requests)
        saying.relay(mail.unit, mail.turn.conversation, mail.message_id)
    elif not mail.muted and any(map(continued.may_go_on, requests)):
        # An answer to a letter whose link ran out gets a new one, within the limits of any address.
        continued.go_on(mail, requests)
    elif not _answers_of_policy(mail):
        _pass_on(mail)


def _answers_of_policy(mail: Received) -> bool:
    """Answer a mail to the privacy mailbox that asks of the policy; True where nobody else need read it."""
    mail.words = policy.heard_in(mail.unit.services, mail.words, mail.turn.conversation.language)
    asked, to_others = mail.words.of_policy, "to_others" in mail.incoming.headers
    found = None if to_others else policy.hear(mail.hearing)
    if asked is None or found is None:
        return False
    told = [move for move in found.moves if isinstance(move, TellPolicy)]
    if not all(answering.tell_policy(mail.turn, move) for move in told):
        return False  # said before that day, or not to be said by rule
    return asked.is_all and mail.reading.decision == NONE and not mail.incoming.attachments


def _pass_on(mail: Received) -> None:
    """Have support read a mail, and an agent too where it may be a request or names one; so too after a case is closed."""
    names_one = continued.names_a_request(mail.incoming)
    is_named = names_one or continued.is_about_open_request(mail)
    if names_one and not (mail.muted or "to_others" in mail.incoming.headers):
        mail.choose_language()
        mail.turn.say("request_elsewhere_by_mail")
    # Support cannot send a copy again that an agent's answer held.
    is_of_copy = bool(mail.requests) and not mail.muted and speaks_of_copy(mail.text)
    if mail.reading.decision != "none" or is_named or is_of_copy or is_cover_note(mail.incoming):
        put_in_doubt(mail.unit.session, mail.turn.conversation, mail.message_id)
    saying.relay(mail.unit, mail.turn.conversation, mail.message_id)
