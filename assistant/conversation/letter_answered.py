"""The answer by mail to a letter about a chat: taken in that chat as if it were typed there, and answered by mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.talk import elsewhere, standing
from assistant.casework.talk.carry_out import carry_out
from assistant.casework.talk.look import look
from assistant.casework.talk.turn import Turn
from assistant.conversation.decide import decide
from assistant.conversation.heard import Hearing
from assistant.conversation.received import Received
from assistant.conversation.subjects import says_nothing
from assistant.domain.attention import Attention
from assistant.domain.moves import Choose, ConfirmChange, Correct, EndUse, LeaveAlone, LeaveEmpty, Move, Open
from assistant.domain.talk import ASKED_BY_MAIL, PICKERS
from assistant.store.rows import Conversation, PrivacyRequest
from intents.holders import without_signature

_ANSWERS: Final = (ConfirmChange, Correct, EndUse, LeaveAlone, LeaveEmpty)
_FREE: Final = frozenset({"purpose", "change"})
# A mail ends nothing: the contact confirms that by a link.
_WITHDRAWALS: Final = frozenset({"withdraw", "takeback"})


def chat_of(mail: Received) -> Conversation | None:
    """Give the chat whose letter a mail answers; None where it is in no such thread."""
    found = elsewhere.talk_of(mail.unit, mail.incoming.thread)
    return found if found is not None and found.channel != "email" else None


def is_taken(mail: Received, chat: Conversation, theirs: Sequence[PrivacyRequest]) -> bool:
    """Take a clear answer to the question that is open in a chat, from the contact that was proved for what it is about.

    What asks for more is opened in the thread of the mail, with a link of its own; what is not clear an agent reads.
    """
    there = replace(mail.within(chat.id).turn, answers_mail=True)
    if not there.state.is_now_of(elsewhere.hash_of(mail.unit, mail.sender)):
        # Another sits there: nothing of theirs is answered, and nothing of this is shown to them.
        return False
    about = [r for r in there.requests_named(there.state.about) if r not in theirs]
    if about or not (theirs and there.state.asks_else and there.state.question in ASKED_BY_MAIL):
        return False
    words = replace(mail.words, text=_plainly(mail.text))
    hearing = Hearing(look(there), words)
    there.given = hearing
    answers, opens = _parted(decide(hearing.view, words))
    if not (answers or (opens and there.state.question in PICKERS)):
        return False
    for request in there.requests_named(there.state.about):
        record(
            mail.unit,
            request.ref,
            "subject",
            Attention.QUESTION_ANSWERED,
            conversation=mail.turn.conversation.id,
        )
    mail.choose_language()
    _carry_out(there, answers)
    _open(mail, there, opens)
    there.store_state()
    return True


def _plainly(text: str) -> str:
    """Give an answer as it would be typed in a chat: a mail greets before it and signs below it."""
    lines = without_signature(f"{text.rstrip()}\n").split("\n")
    return "\n".join(line for line in lines if line.strip() and not says_nothing(line)) or text


def _parted(moves: tuple[Move, ...]) -> tuple[list[Move], list[Move]]:
    answers = [each for each in moves if isinstance(each, _ANSWERS) or _is_choice(each)]
    return answers, [each for each in moves if isinstance(each, Open)]


def _is_choice(move: Move) -> bool:
    """Tell whether a button was named that a mail may press: to let what was told to stop go on is none of them."""
    is_yes = isinstance(move, Choose) and move.answer != "no"
    return isinstance(move, Choose) and (move.what in _FREE or (move.what in _WITHDRAWALS and is_yes))


def _carry_out(there: Turn, answers: list[Move]) -> None:
    for move in answers:
        if isinstance(move, Choose) and move.what in _WITHDRAWALS:
            about = there.requests_named(there.state.about)
            there.rest()
            all_of_them = move.answer in {"yes", "all"}
            standing.withdraw_by_link(there, [r for r in about if all_of_them or r.ref == move.answer])
        else:
            carry_out(there, [move])


def _open(mail: Received, there: Turn, opens: list[Move]) -> None:
    """Open what was asked for in the thread of the mail, as of the first message that was in doubt, and show it in the chat."""
    before = {request.ref for request in mail.requests}
    if opens and there.state.question in PICKERS:
        there.rest()
    mail.turn.given = mail.hearing
    carry_out(mail.turn, opens)
    fresh = [request for request in mail.requests if request.ref not in before]
    if fresh:
        saying.say(there.unit, there.conversation, "request_opened", requests=there.seen(fresh))
