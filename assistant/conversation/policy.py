"""Questions about the privacy policy, answered from settings and maps: in any state of a talk, and nobody's data in any answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.casework.talk.policy_answers import Answer, answer_of, text_of
from assistant.conversation.heard import Found, Hearing, OfPolicy, Words, all_of
from assistant.conversation.reading import LONG_ENOUGH, SHORT
from assistant.disclosure.policy import kinds_of
from assistant.domain.moves import Move, Repeat, TellPolicy, TellStatus
from assistant.domain.policy import Topic
from assistant.domain.rights import ANSWERED_BY_PEOPLE, COPIES
from assistant.domain.talk import ASK_RIGHT, SESSION_HIDDEN, WHERE_TO_WRITE
from assistant.services import Services
from intents import ASK, CONVERSATIONAL, NONE, asked_of_policy, is_of_privacy, kinds_named
from intents.policy import asks_own_date
from intents.small_talk import small_talk_in

_REST: Final = Answer("policy_rest", {})
_NOTHING: Final = Answer("policy_unanswered", {})
_LEAVES_TO_PERSON: Final = frozenset(
    {_REST.text, _NOTHING.text, "policy_elsewhere", "policy_contact", "policy_machines"}
)
# Whoever asks on has not chosen yet; the rest was said once, and nothing hangs on it.
_NOT_ASKED_AGAIN: Final = frozenset({ASK_RIGHT, SESSION_HIDDEN, *WHERE_TO_WRITE})


def heard_in(services: Services, words: Words, spoken: str | None) -> Words:
    """Give a message with what it asks of the policy, and what settings and maps answer to that, in its language."""
    asked = asked_of_policy(words.text)
    # A story only sounds like one.
    questions = asked.questions if asked.alone or len(words.text) <= SHORT else ()
    if not questions:
        return words
    settings = services.settings
    ours = settings.controller.languages
    is_said = words.language in ours and not (spoken in ours and len(words.text) < LONG_ENOUGH)
    language = words.language if is_said else spoken or ours[0]
    kinds = kinds_of(settings)
    answers = [
        answer_of(settings, Topic(each.topic), kinds_named(each, kinds), language, words.text)
        for each in questions
    ]
    is_vague = all(each.is_vague for each in questions)
    return replace(words, of_policy=OfPolicy(language, tuple(answers), asked.alone, is_vague))


def hear(hearing: Hearing) -> Found | None:
    """Answer what a message asks of the policy; what is asked beside it is left to be heard."""
    asked = hearing.words.of_policy
    told = (
        None if asked is None or _is_not_ours(hearing) or _is_none(hearing, asked) else _told(hearing, asked)
    )
    if asked is None or told is None:
        return None
    if _asks_own_date(hearing, asked):
        under_way = tuple(request.ref for request in hearing.view.open)
        return all_of(TellStatus(under_way), *_asks_again(hearing))
    if hearing.view.is_mail or not hearing.conversational.isdisjoint(CONVERSATIONAL):
        return Found((told,), None if hearing.view.is_mail and is_answered_whole(hearing) else hearing)
    again = _asks_again(hearing)
    if not hearing.is_request:
        if asked.is_all:
            return all_of(told, *again)
        return Found((told,), None if _has_nothing_more(hearing) else hearing)
    if (
        not again
        and (asked.is_all or _is_read_in_question(hearing))
        and not _complains_of_data(hearing, told)
    ):
        hearing = hearing.reads(replace(hearing.reading, decision=ASK))  # was it a wish as well?
    return Found((told,), hearing)


def _asks_own_date(hearing: Hearing, asked: OfPolicy) -> bool:
    """Tell whether somebody asks when their own answer comes, and something of theirs is under way: it has a date."""
    is_of_using = all(each is not None and each.text == text_of(Topic.USING) for each in asked.answers)
    is_alone = asked.is_all and is_of_using and not hearing.is_request
    return is_alone and not hearing.view.is_mail and bool(hearing.view.open) and asks_own_date(hearing.text)


def _is_not_ours(hearing: Hearing) -> bool:
    """Tell whether somebody else answers, or nobody: an agent, support, a machine wrote, the answer to the request says it."""
    view, words = hearing.view, hearing.words
    if words.forwarded or words.muted or view.agent_talks:
        return True
    explained = _is_explained_anyway(hearing) and not is_answered_whole(hearing)
    return view.is_mail and (not view.is_privacy_mailbox or explained)


def is_answered_whole(hearing: Hearing) -> bool:
    """Tell whether a mail asks of the policy and of nothing else, in so many words, though a right was read in its questions."""
    asked = hearing.words.of_policy
    is_whole = asked is not None and asked.is_all and not asked.is_vague and all(asked.answers)
    return is_whole and hearing.is_request and _is_read_in_question(hearing)


def _is_none(hearing: Hearing, asked: OfPolicy) -> bool:
    """Tell whether what may be a question is none: the use or the value that is awaited, a complaint, *are you a robot?*."""
    if asked.is_vague and small_talk_in(hearing.text):
        return True
    return asked.is_vague and (hearing.state.asks_else or _complains(hearing))


def _complains(hearing: Hearing) -> bool:
    return hearing.is_request and not ANSWERED_BY_PEOPLE.isdisjoint(hearing.rights)


def _complains_of_data(hearing: Hearing, told: TellPolicy) -> bool:
    """Tell whether it is asked where to complain, and said what of; who only asks where may not mean us."""
    is_where = any(name == text_of(Topic.AUTHORITY) for name, _ in told.texts)
    return is_where and _complains(hearing) and is_of_privacy(hearing.text)


def _is_read_in_question(hearing: Hearing) -> bool:
    """Tell whether the one right that is used was read in a question, whatever is said around it."""
    return len(hearing.rights) == 1 and asked_of_policy(hearing.reading.sentence or "").alone


def _told(hearing: Hearing, asked: OfPolicy) -> TellPolicy | None:
    """Give what is told, each answer once, and that a person answers the rest; None where nothing is, and more is asked."""
    told = list({each.text: each for each in asked.answers if each}.values())
    if not told and (hearing.view.is_mail or not asked.is_all or hearing.reading.decision != NONE):
        return None
    left = [] if all(asked.answers) else [_REST if told else _NOTHING]
    answers = [*told, *left]
    leaves = not hearing.view.is_mail and any(each.text in _LEAVES_TO_PERSON for each in answers)
    texts = tuple((each.text, each.values) for each in answers)
    return TellPolicy(texts, asked.language, offers_person=leaves, is_below=bool(_asks_again(hearing)))


def _asks_again(hearing: Hearing) -> Sequence[Move]:
    """Give the move that asks again what is awaited, where something is that an answer came between."""
    state = hearing.state
    return (Repeat(),) if state.expects is not None and state.question not in _NOT_ASKED_AGAIN else ()


def _is_explained_anyway(hearing: Hearing) -> bool:
    """Tell whether the answer to a mail that asks for access says all of it, for this one person."""
    return hearing.is_request and not COPIES.isdisjoint(hearing.rights)


def _has_nothing_more(hearing: Hearing) -> bool:
    """Tell whether what else a message says would only bring the menu."""
    idle = hearing.reading.decision == NONE and not hearing.state.expects and not hearing.view.own
    return idle and not hearing.asks_support
