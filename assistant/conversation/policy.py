"""Questions about the privacy policy, answered from settings and maps: in any state of a talk, and nobody's data in any answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assistant.casework import talk
from assistant.casework.policy_answers import Answer, answer_of
from assistant.casework.unwritten import written
from assistant.conversation import picking
from assistant.conversation.reading import SHORT
from assistant.conversation.state import SESSION_HIDDEN
from assistant.disclosure.policy import kinds_of
from assistant.domain.addresses import normal_contact
from assistant.domain.policy import Topic
from assistant.domain.rights import Right
from intents import (
    ASK,
    CONVERSATIONAL,
    NONE,
    REQUEST,
    Asked,
    Question,
    asked_of_policy,
    for_support,
    kinds_named,
)

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming

_REST: Final = Answer("policy_rest", {})
_NOTHING: Final = Answer("policy_unanswered", {})
_LEAVES_TO_PERSON: Final = frozenset({_REST.text, _NOTHING.text, "policy_elsewhere", "policy_contact"})
# Whoever asks on has not chosen yet; the rest was said once, and nothing hangs on it.
_NOT_ASKED_AGAIN: Final = frozenset(
    {picking.ASK_RIGHT, SESSION_HIDDEN, "answer_waits_here", "ask_where_to_write"}
)


def take(turn: Turn) -> bool:
    """Answer what a message asks of the policy; True where nothing else is left of it to hear."""
    quiet = turn.kind != "text" or turn.forwarded or turn.muted or turn.conversation.taken_by
    if quiet or (turn.is_mail and not _is_privacy_mailbox(turn)):
        return False
    asked = asked_of_policy(turn.text)
    if _is_explained_anyway(turn) or not _say(turn, asked):
        return False
    if turn.is_mail or any(intent.name in CONVERSATIONAL for intent in turn.reading.intents):
        return False
    if not asked.alone:
        return _has_nothing_more(turn)
    if turn.reading.decision != REQUEST:
        return True
    if not leaves_open(turn) and Right.COMPLAINT not in turn.rights():
        turn.reading = replace(turn.reading, decision=ASK)  # it was a question: was it a wish as well?
    return False


def leaves_open(turn: Turn) -> bool:
    """Tell whether something is awaited that is to be asked again after an answer."""
    return turn.state.expects is not None and turn.state.question not in _NOT_ASKED_AGAIN


def take_mail(turn: Turn, incoming: Incoming) -> bool:
    """Answer a mail to the privacy mailbox that asks of the policy; True where nobody else need read it."""
    if turn.forwarded or turn.muted or "to_others" in incoming.headers or not _is_privacy_mailbox(turn):
        return False
    turn.choose_language()
    asked = asked_of_policy(turn.text)
    is_all = asked.alone and turn.reading.decision == NONE and not incoming.attachments
    return _say(turn, asked) and is_all


def _is_privacy_mailbox(turn: Turn) -> bool:
    """Tell a mailbox for privacy alone from a general one, whose questions support answers."""
    settings = turn.unit.services.settings
    return normal_contact(settings.email.address) == normal_contact(settings.controller.contact_email)


def _is_explained_anyway(turn: Turn) -> bool:
    """Tell whether the answer to a mail that asks for access says all of it, for this one person."""
    return turn.is_mail and turn.reading.decision == REQUEST and Right.ACCESS in turn.rights()


def _has_nothing_more(turn: Turn) -> bool:
    """Tell whether what else a message says would only bring the menu."""
    idle = turn.reading.decision == NONE and not turn.state.expects and not turn.own_requests()
    return idle and not for_support(turn.text)


def _say(turn: Turn, asked: Asked) -> bool:
    heard = (
        asked.questions if asked.alone or len(turn.text) <= SHORT else ()
    )  # a story only sounds like a question
    answers = _answers(turn, heard) if heard else []
    told = list({each.text: each for each in answers if each}.values())
    if not told and (turn.is_mail or not asked.alone or turn.reading.decision != NONE):
        return False
    turn.conversation.language = _language(turn)
    left = [] if all(answers) else [_REST if told else _NOTHING]
    return _write(turn, [*told, *left])


def _answers(turn: Turn, questions: Iterable[Question]) -> list[Answer | None]:
    settings, kinds = turn.unit.services.settings, kinds_of(turn.unit.services.settings)
    return [
        answer_of(settings, Topic(question.topic), kinds_named(question, kinds), _language(turn))
        for question in questions
    ]


def _write(turn: Turn, answers: Sequence[Answer]) -> bool:
    unit, conversation = turn.unit, turn.conversation
    language = conversation.language or "en"
    texts = [
        written(unit, each.text, language, conversation_id=conversation.id, **each.values) for each in answers
    ]
    if None in texts:
        return False
    leaves = not turn.is_mail and any(each.text in _LEAVES_TO_PERSON for each in answers)
    turn.buttons_are_gone = leaves_open(turn)
    said = talk.Utterance(
        text="\n\n".join(each.text for each in texts if each),
        key=unit.services.random(8).hex(),
        language=language,
        choices=[turn.button("talk_to_person", "human")] if leaves else (),
        by_rule=True,
    )
    return talk.say_text(unit, conversation, said)


def _language(turn: Turn) -> str:
    """Give the language of the question: whoever asks of the policy has said enough to be answered in it."""
    spoken = turn.unit.services.settings.controller.languages
    heard = turn.reading.language
    return heard if heard in spoken else turn.conversation.language or spoken[0]
