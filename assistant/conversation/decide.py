"""What a talk does about a message: one pure function of what is there and what was heard, its steps in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from assistant.casework.requests.reach import waiting_in
from assistant.conversation import (
    beside_erasure,
    correcting,
    elsewhere,
    for_others,
    instead,
    languages,
    picking,
    policy,
    proving,
    small_talk,
    sparing,
    taken_back,
    uses,
)
from assistant.conversation.awaited import is_unready, of_code_beside
from assistant.conversation.heard import EMAIL, Found, Heard, Hearing, NoCode, Pressed, Words, all_of
from assistant.conversation.reading import LONG_ENOUGH
from assistant.conversation.subjects import (
    complains_of_waiting,
    is_angry,
    is_numbered_like_a_request,
    keeps_services,
    waits_for_service,
)
from assistant.domain.moves import (
    AskToWithdraw,
    AskWhichBack,
    Choose,
    GoBack,
    HandOver,
    Move,
    NeverMind,
    NewMessage,
    NotThat,
    Open,
    OpenForOther,
    QuestionOver,
    Repeat,
    Rest,
    Say,
    TellStatus,
)
from assistant.domain.presses import unmarked
from assistant.domain.reference import parse_references
from assistant.domain.rights import ANSWERED_BY_PEOPLE, CONFIRMED_FIRST, ENDING_USES, ERASING, Right
from assistant.domain.talk import (
    ASK_SOUGHT,
    PICKERS,
    PRESSED,
    SESSION_HIDDEN,
    WAITING,
    WHERE_TO_WRITE,
    TalkView,
)
from intents import Intent, is_of_privacy
from intents.awaiting import asks_what_is_open, is_of_papers, names_authority
from intents.clauses import wishes_of
from intents.languages import language_asked
from intents.purposes import use_answered
from intents.wishes import CHANGED_MIND, FOR_SEVERAL, by_article_alone, takes_all_back

Step = Callable[[Hearing], Found | None]
_FOREIGN: Final = 3 * LONG_ENOUGH
_CHOICES: Final = frozenset(
    {"purpose", "takeback", "withdraw", "resend", "change", "services", sparing.BUTTON}
)
_HEARD_BESIDE: Final = frozenset({"cancel_request", "human"})


def decide(view: TalkView, heard: Heard) -> tuple[Move, ...]:
    """Say what is done about what was heard, in order; looks nothing up and changes nothing."""
    if isinstance(heard, Pressed):
        return _pressed(view, heard)
    if isinstance(heard, NoCode):
        return _instead_of_code(Hearing(view, heard.words))
    hearing = _as_meant(Hearing(view, heard))
    if (code := proving.code_beside(hearing)) is None:
        return languages.told_first(hearing, _asked_and_said(hearing))
    left = code.left if code.left is not None and _says_more(code.left) else None
    beside = _asked_and_said(left) if left is not None else ()
    return (*code.moves, *(move for move in beside if move != Repeat()))  # that the check of the code does


def _asked_and_said(hearing: Hearing) -> tuple[Move, ...]:
    """Answer what is asked of the proof that is awaited or of the policy, and hear the rest."""
    asked = proving.asked_of_proof(hearing) or policy.hear(hearing)
    if asked is None:
        return _heard(hearing)
    return asked.moves if asked.left is None else (*asked.moves, *_heard(asked.left))


def _says_more(beside: Hearing) -> bool:
    """Tell whether what stands beside a code is more than words around it."""
    is_read = beside.reading.decision != "none" or beside.conversational or beside.words.of_policy
    return bool(is_read) or any(step(beside) for step in (*_first, for_others.hear))


def says_more_than_an_answer(view: TalkView, words: Words) -> bool:
    """Tell whether what may answer an agent's question is heard by the rules too: what stops or takes back, or calls a person."""
    hearing = _as_meant(Hearing(view, words))
    return not hearing.conversational.isdisjoint(_HEARD_BESIDE) or any(step(hearing) for step in _first)


def _as_meant(hearing: Hearing) -> Hearing:
    if hearing.view.stoppable:
        hearing = hearing.reads(sparing.as_taken_back(hearing.reading))
    return instead.as_meant(_by_name(hearing))


def _by_name(hearing: Hearing) -> Hearing:
    """Read what names nothing but articles as what they give, beyond doubt where something is asked here; beside a proof a right's name too."""
    if hearing.is_quiet or hearing.is_request:
        return hearing
    text = EMAIL.sub(" ", hearing.text)
    proves, asked = hearing.state.expects in {"email", "code"}, hearing.view.rights_asked_about
    named, decision = by_article_alone(text), "request" if hearing.state.expects else "ask"
    if not named and proves and hearing.reading.decision == "none":
        named, decision = tuple(sorted(picking.named_beside(text) - asked)), "ask"
    if not named and proves and hearing.emails and hearing.reading.decision == "none":
        # An address hides the little that stands beside it: *unsubscribe anna@…*.
        named, decision = tuple(dict.fromkeys(wish.right for wish in wishes_of([text]))), "request"
    if not named:
        return hearing
    details = dict(hearing.reading.details)
    if ENDING_USES.issuperset(named) and (use := use_answered(text)) == {"marketing": True}:
        details |= use
    intents = (*(Intent(right, 1.0) for right in named), *_talks_in(hearing))
    reading = replace(hearing.reading, decision=decision, intents=intents, details=details)
    return hearing.reads(reading)


def _talks_in(hearing: Hearing) -> tuple[Intent, ...]:
    return tuple(each for each in hearing.reading.intents if each.name in hearing.conversational)


def language_heard(view: TalkView, spoken: str | None, words: Words) -> str:
    """Name the language in which to answer: the one that was heard, where it is one of ours."""
    heard, reading = words.language, words.reading
    if (asked := language_asked(words.text)) in view.languages:
        return str(asked)
    if spoken not in view.languages:
        return heard if heard in view.languages else view.languages[0]
    said_enough = len(words.text) >= LONG_ENOUGH and reading.decision != "none"
    return heard if heard in view.languages and said_enough else spoken or heard


# ── the order ───────────────────────────────────────────────────────────────────────────────────────


def _heard(hearing: Hearing) -> tuple[Move, ...]:
    """Try each step in turn; one may leave something of the message to those after it."""
    moves: list[Move] = []
    left: Hearing | None = hearing
    for step in _first if hearing.view.agent_talks else _here:
        if left is not None and (found := step(left)):
            moves += found.moves
            left = found.left
    if left is not None:
        moves += _beside_agent(left) if left.view.agent_talks else _answers_displaced(left) or _read(left)
    if any(isinstance(move, AskToWithdraw) for move in moves):  # what is opened asks too: that question waits
        moves.sort(key=lambda move: not isinstance(move, Open | OpenForOther))
    return tuple(moves)


def _answers_displaced(hearing: Hearing) -> tuple[Move, ...]:
    """Take what is no answer to a menu as one to the question that the menu came before."""
    asked = hearing.state.displaced
    if hearing.state.question not in PICKERS or asked is None or hearing.reading.decision != "none":
        return ()
    if hearing.conversational or hearing.reading.wishes:
        return ()
    before = hearing.stands(hearing.state.before_menu(), hearing.view.named(tuple(asked["about"])))
    found = next((found for step in _then if (found := step(before)) and found.left is None), None)
    return (GoBack(), *found.moves) if found else ()


def _typed_button(hearing: Hearing) -> Found | None:
    value = picking.button_named(hearing)
    if value is None:
        return None
    # Beside the one that is chosen, what is used beyond doubt.
    is_of_right = hearing.state.question in PICKERS
    is_wish = hearing.is_request and not picking.is_label(hearing)
    beside = [r for r in hearing.rights if is_wish and value != f"right:{r}"]
    further = beside if is_of_right else hearing.further_rights
    return all_of(*_chosen(hearing, value), *take_further(hearing, further))


def _mends_slip(hearing: Hearing) -> Found | None:
    return proving.mends_slip(hearing, take_further)


def _code(hearing: Hearing) -> Found | None:
    return proving.code(hearing, take_further)


def _correction(hearing: Hearing) -> Found | None:
    return correcting.answered(hearing, take_further)


_first: tuple[Step, ...] = (
    beside_erasure.hear,  # 1. words beside an erasure that a person must read
    # 2. a code, whatever else is asked: taken out by decide, and what stands beside it is heard
    _typed_button,  # 3. the words of a button of the open question
    taken_back.all_of_it,  # 4. all of it is taken back
    taken_back.one_of_several,  # 5. or what is named
    instead.hear,  # 6. another right was meant than what is open
    sparing.hear,  # 7. nothing is to be erased after all
)
_then: tuple[Step, ...] = (
    for_others.hear,  # 8. it was asked for somebody else
    correcting.said_otherwise,  # 9. a value that was confirmed is not the right one
    small_talk.hear,  # 10. what is about nothing
    proving.ends_there_too,  # 11. where marketing is to end as well
    _mends_slip,  # 12. the address that was given is a mistake
    proving.names_others_address,  # 13. or somebody else's
    proving.lost_mailbox,  # 14. or cannot be opened
    _correction,  # 15. what was asked of a correction
    uses.answered,  # 16. which use is to end
    correcting.taken_up_again,  # 17. a correction that was left to a person
    _code,  # 18. what may be the code that is awaited
    proving.code_again,  # 19. or another one
    proving.contact,  # 20. who asks
    proving.code_over,  # 21. a code that is awaited no more
)
_here: tuple[Step, ...] = (languages.hear, *_first, *_then)  # *no hablo inglés* is no *no*


# ── what is read in it ──────────────────────────────────────────────────────────────────────────────


def _beside_agent(hearing: Hearing) -> tuple[Move, ...]:
    """An agent talks: the desk keeps quiet, but a right used here still opens its request."""
    if not hearing.is_request or hearing.words.forwarded or sparing.in_doubt(hearing):
        return ()
    if picking.stays_with_detail(hearing):
        beside = picking.beside_detail(hearing)
        return (opens(hearing, beside),) if beside else ()
    return (
        _opens_for_other(hearing) if for_others.concerns_other(hearing) else opens(hearing, hearing.rights),
    )


def _read(hearing: Hearing) -> tuple[Move, ...]:
    if picking.stays_with_detail(hearing) and not picking.beside_detail(hearing):
        return picking.asked_again(hearing)
    if (hearing.is_request and hearing.words.forwarded) or sparing.in_doubt(hearing):
        return (
            picking.asks_right(hearing, hearing.rights),
        )  # what somebody else wrote is no wish of the sender (A39)
    if for_others.concerns_other(hearing):
        return (_opens_for_other(hearing),)
    if hearing.is_request and (beside := picking.beside_detail(hearing)):
        return (opens(hearing, beside), picking.asks_detail(hearing))
    if hearing.is_request:
        return _opens_and_tells(hearing)
    return _talk(hearing)


def _opens_for_other(hearing: Hearing) -> OpenForOther:
    several = FOR_SEVERAL in hearing.reading.wishes
    return OpenForOther(tuple(hearing.rights), hearing.received_at, hearing.details, several=several)


def _opens_and_tells(hearing: Hearing) -> tuple[Move, ...]:
    rights, before = hearing.rights, tuple(request.ref for request in hearing.view.open)
    complains = not ANSWERED_BY_PEOPLE.isdisjoint(rights)
    tells = before and complains and "request_status" in hearing.conversational
    told = (TellStatus(before),) if tells else ()  # who complains of waiting asks for both
    return (opens(hearing, rights), *told)


def _talk(hearing: Hearing) -> tuple[Move, ...]:
    """Answer what opens nothing by itself."""
    asks, reading = hearing.conversational, hearing.reading
    if "human" in asks or (is_of_papers(hearing.text) and not hearing.is_quiet):
        return (HandOver(),)
    if answer := _of_requests(hearing):
        further = hearing.further_rights and hearing.view.open
        return (*answer, NewMessage()) if further else answer
    if reading.decision != "ask" or _gives_number(hearing):
        return _none(hearing)
    if proving.is_told_where_to_answer(hearing):
        return (Say("handover_address"),)
    return (*_person_beside(hearing), picking.asks_right(hearing, hearing.rights))


def _gives_number(hearing: Hearing) -> bool:
    """Tell whether a number is given where who asks is awaited: *my phone is …* corrects none there."""
    awaited = hearing.state.expects in {"email", "code"}
    return awaited and hearing.is_number and set(hearing.rights) <= CONFIRMED_FIRST


def _of_requests(hearing: Hearing) -> tuple[Move, ...]:
    """Answer what is said of requests that were made: they are taken back, waited for, asked about."""
    takes_back = hearing.view.is_mail and CHANGED_MIND in hearing.reading.wishes
    if "cancel_request" in hearing.conversational or takes_back or picking.takes_back_named(hearing.text):
        return (_takes_back(hearing),)
    if waiting := _hears_of_waiting(hearing):
        return waiting
    asks = "request_status" in hearing.conversational or asks_what_is_open(hearing.text)
    return (_status(hearing),) if asks else ()


def _takes_back(hearing: Hearing) -> Move:
    """Take back the requests that are named, by reference or by right; of several that are not, ask which."""
    requests, typed = hearing.view.stoppable, parse_references(hearing.text)
    if elsewhere.is_taken_back(hearing):
        return elsewhere.ask_whose(hearing, takes_back=True)
    by_right = picking.rights_said(hearing.text)
    named = [r for r in requests if r.ref in typed] or [r for r in requests if r.right in by_right]
    is_clear = len(named) == 1 or bool(typed) or len(requests) == 1
    if not is_clear and requests and not takes_all_back(hearing.text):
        return AskWhichBack(tuple(request.ref for request in named or requests))
    return NeverMind(tuple(request.ref for request in named))


def _hears_of_waiting(hearing: Hearing) -> tuple[Move, ...]:
    """Tell whoever proved to be there, and complains of waiting, where it stands; what is late or angers them a person sees to."""
    view = hearing.view
    if view.is_mail or not complains_of_waiting(hearing.text):
        return ()
    if not any(request.contact or request.status not in WAITING for request in view.own):
        return ()
    told = TellStatus(tuple(request.ref for request in view.open or view.own))
    calls = is_angry(hearing.text) or any(request.due_on < view.today for request in view.open)
    called = (HandOver(),) if calls and not view.person_called else ()
    awaited = view.state.expects in {"email", "code"} and waiting_in(view.own)
    return (told, *called, *((Repeat(),) if awaited else ()))


def _person_beside(hearing: Hearing) -> tuple[Move, ...]:
    """Offer a person in a chat for what is asked of support beside a right; of a mail support reads a copy."""
    view = hearing.view
    quiet = view.is_mail or view.agent_talks or view.person_called
    return (Say("support_beside", offers_person=True),) if not quiet and hearing.asks_support else ()


def _none(hearing: Hearing) -> tuple[Move, ...]:
    view, state = hearing.view, hearing.state
    is_of_proof = state.expects in {"email", "code"}
    if is_of_proof and not view.is_mail and names_authority(hearing.text):
        return (opens(hearing, list(ANSWERED_BY_PEOPLE)),)
    if _names_a_request(hearing) and (not is_of_proof or state.question in {SESSION_HIDDEN, ASK_SOUGHT}):
        return (_status(hearing),)
    if state.question and state.expects and state.question not in WHERE_TO_WRITE:
        return (*of_code_beside(hearing), *_repeated(hearing))
    if view.person_called and not view.is_mail and EMAIL.search(hearing.text):
        return (Say("handover_address"),)
    is_foreign = hearing.reading.language not in view.languages and len(hearing.text) >= _FOREIGN
    if is_foreign and not state.told_language:
        return (Say("not_our_language", offers_person=True),)
    return _nothing_heard(hearing)


def _nothing_heard(hearing: Hearing) -> tuple[Move, ...]:
    """Say what can be done here; what is asked of no other matter is taken as asked of what is under way: *and now?*."""
    view = hearing.view
    if keeps_services(hearing.text) and not (view.is_mail or any(r.right in ERASING for r in view.open)):
        return (Say("services_untouched", offers_person=True),)
    if is_of_privacy(hearing.text):
        return (Say("policy_unanswered", offers_person=True),)
    is_of_support = hearing.asks_support or waits_for_service(hearing.text)
    if view.open and not view.is_mail and not is_of_support:
        told = TellStatus(tuple(request.ref for request in view.open))
        return (told, Say("other_than_status", offers_person=True))
    return (Say("chat_can_do", offers_person=True),)


def _repeated(hearing: Hearing) -> tuple[Move, ...]:
    """Ask again what is still awaited; what was asked for and came another way is over."""
    view, state = hearing.view, hearing.state
    if state.question in PRESSED:
        told = beside_erasure.asked_of_open(hearing)
        return (*((TellStatus(told),) if told else ()), *picking.asked_again(hearing))
    is_of_code = state.expects == "code" and view.code_awaited
    if state.question == SESSION_HIDDEN or is_of_code or state.sought or is_unready(view):
        return proving.question_beside(hearing) or (*proving.no_contact(hearing), Repeat())
    return (Rest(), *_none(hearing.stands(state.at_rest())))


def take_further(hearing: Hearing, further: Sequence[Right]) -> tuple[Move, ...]:
    """Open what an answer to a question asks for beside it, or ask about it."""
    if not further:
        return ()
    return (opens(hearing, further) if hearing.is_request else picking.asks_right(hearing, further),)


def opens(hearing: Hearing, rights: Sequence[Right], received_at: datetime | None = None) -> Open:
    """Give the move that opens rights as of a message, or as of the first one that was in doubt."""
    return Open(tuple(rights), received_at or hearing.received_at, hearing.details)


# ── where it stands ─────────────────────────────────────────────────────────────────────────────────


def _names_a_request(hearing: Hearing) -> bool:
    return not hearing.view.is_mail and (
        bool(elsewhere.sought(hearing)) or is_numbered_like_a_request(hearing.text)
    )


def _status(hearing: Hearing) -> Move:
    is_elsewhere = elsewhere.sought(hearing) or elsewhere.is_meant(hearing)
    return elsewhere.ask_whose(hearing) if is_elsewhere else TellStatus()


# ── buttons ─────────────────────────────────────────────────────────────────────────────────────────


def _pressed(view: TalkView, heard: Pressed) -> tuple[Move, ...]:
    value, mark = unmarked(heard.words.text)
    if mark and value.partition(":")[0] != sparing.BUTTON and mark != view.state.mark:
        return (QuestionOver(),)
    return _chosen(Hearing(view, heard.words), value, mark)


def _chosen(hearing: Hearing, value: str, mark: str = "") -> tuple[Move, ...]:
    kind, _, answer = value.partition(":")
    if kind == "human":
        return (HandOver(),)
    if kind == "right":
        return (_right_chosen(hearing, answer),)
    if kind == "purpose" and not uses.waiting(hearing.view):
        return _none(hearing)
    if kind in _CHOICES:
        return (Choose(kind, answer, mark),)
    return _none(hearing)


def _right_chosen(hearing: Hearing, name: str) -> Move:
    noted, is_for_other = hearing.state.details or {}, for_others.is_noted(hearing)
    if name not in set(Right):
        return NotThat(noted)
    # The clock runs from the message that was in doubt, not from the answer to our question.
    since = hearing.state.received_at if hearing.state.question in PICKERS else None
    if since:
        details = {**noted, **hearing.reading.details}
        hearing = hearing.reads(replace(hearing.reading, details=details))
    received_at = datetime.fromisoformat(since) if since else hearing.received_at
    if is_for_other:
        return OpenForOther((Right(name),), received_at, hearing.details, from_rest=True)
    return Open((Right(name),), received_at, hearing.details, from_rest=True)


def _instead_of_code(hearing: Hearing) -> tuple[Move, ...]:
    """Take what was tried as a code, and is none, as the answer to the question that is open, else ask that again."""
    if value := correcting.value_instead_of_code(hearing):
        return (value,)
    return (Say("code_not_accepted"), *_repeated(hearing))
