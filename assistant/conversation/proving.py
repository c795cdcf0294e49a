"""Who asks: the address or the number that was asked for, the code that was sent, and all that people say of either."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from assistant.casework.requests.reach import lacks_address, to_be_proved, waiting_in
from assistant.conversation import correcting, for_others
from assistant.conversation.heard import EMAIL, Found, Hearing, addresses_meant, all_of, typed_code
from assistant.conversation.picking import rights_said, said_no_address
from assistant.domain.addresses import deliverable, emails_in, phones_in
from assistant.domain.assurance import CODE_DIGITS, code_in, stands_as_code
from assistant.domain.fields import can_hold
from assistant.domain.moves import (
    Choose,
    Claim,
    HandOver,
    LeaveAddress,
    LeaveAlone,
    MailboxLost,
    MendSlip,
    Move,
    Repeat,
    Say,
    SayBesideProof,
    TellStatus,
    TryCode,
    WantCode,
)
from assistant.domain.rectifying import ADDRESS, UNSAID_ADDRESS, Changes
from assistant.domain.rights import CONFIRMED_FIRST, Right
from assistant.domain.spoken import day_in
from assistant.domain.talk import (
    ASK_CONTACT,
    ASK_MARKETING,
    CORRECTING,
    PICKERS,
    PRESSED,
    WHERE_TO_WRITE,
    TalkView,
)
from assistant.domain.uses import addresses_in, each_once
from intents.awaiting import (
    ANSWER_LENGTH,
    asked_back,
    asks_beside,
    contact_given,
    is_of_another,
    is_slip,
    lacks_mailbox,
    limits_it,
    speaks_of_code,
    wants_code_again,
)
from intents.rectifying import answer_in, is_no, is_yes

Further = Callable[[Hearing, Sequence[Right]], tuple[Move, ...]]
_LIKE_A_CODE: Final = re.compile(rf"\d{{1,{CODE_DIGITS}}}")
_FEW_WORDS: Final = 4
_A_QUESTION: Final = 3  # words; *hm?* asks nothing
_BESIDE: Final[Mapping[tuple[str, str], str]] = {  # by what is awaited, and what is asked of it
    ("email", "why_asked"): "why_address",
    ("email", "forgot_address"): "address_forgotten",
    ("email", "leaves"): "leaves_chat",
    ("code", "why_asked"): "code_explained",
    ("code", "what_code"): "code_explained",
    ("code", "leaves"): "leaves_chat",
}
_OF_CONTACT: Final = frozenset({"email", ADDRESS, UNSAID_ADDRESS})


def code(hearing: Hearing, further: Further) -> Found | None:
    """Take what may be the code that is awaited: the try is counted now, checked after this unit."""
    awaited = _awaits_code(hearing) and not hearing.view.is_mail
    if not awaited or code_in(typed_code(hearing.text)) is None or EMAIL.search(hearing.text):
        return None
    return all_of(TryCode(), *further(hearing, hearing.further_rights))


def _awaits_code(hearing: Hearing) -> bool:
    """Tell whether a code is awaited, or may be typed late where an address is asked for: a telephone number is none."""
    view, text = hearing.view, hearing.text
    may_be = view.code_live if view.state.question == ASK_MARKETING else view.code_sent
    late = view.state.expects == "email" and may_be and not hearing.uses_another_right
    return view.state.expects == "code" or (late and stands_as_code(typed_code(text)))


def code_again(hearing: Hearing) -> Found | None:
    """Take "resend" where a code is awaited for the button that says so."""
    view = hearing.view
    if view.is_mail or view.state.expects != "code" or hearing.is_request:
        return None
    return all_of(Choose("resend", "")) if wants_code_again(hearing.text) else None


def code_over(hearing: Hearing) -> Found | None:
    """Say of a code that is typed again, or too late, that it does nothing any more, and where it stands that it was for."""
    view = hearing.view
    is_over = view.code_sent and not view.code_live and not view.state.expects
    if view.is_mail or not is_over or not stands_as_code(hearing.text) or hearing.is_request:
        return None
    told = tuple(request.ref for request in view.open or view.own)
    return all_of(Say("code_over"), TellStatus(told)) if told else None


def code_beside(hearing: Hearing) -> Found | None:
    """Take a code that is awaited, or that can still be typed whatever else is asked or whoever talks here; the rest is left to be heard."""
    view, text = hearing.view, hearing.text
    is_elsewhere = view.state.asks_else or not view.state.expects or view.agent_talks
    if hearing.is_quiet or not stands_as_code(typed_code(text)) or EMAIL.search(text):
        return None
    if not (view.code_live if is_elsewhere else _awaits_code(hearing)):
        return None
    doubted = [] if view.agent_talks else hearing.further_rights
    further = (hearing.wishes_beside or doubted) if is_elsewhere else hearing.further_rights
    if for_others.concerns_other(hearing):
        further = hearing.rights  # none of them is the one that is proved
    return Found((TryCode(),), hearing.beside_code(further))


def asked_of_proof(hearing: Hearing) -> Found | None:
    """Answer what is asked of the question who asks, or said of it: why it is asked, which address, what code, that they leave."""
    asked = _answer_beside(hearing)
    if asked is None:
        return None
    again = (Repeat(),) if asked == "code_explained" else ()  # where it went, and what to do without it
    return all_of(SayBesideProof(asked), *again)


def _answer_beside(hearing: Hearing) -> str | None:
    state, view = hearing.state, hearing.view
    is_asked = state.expects == "code" or state.question == ASK_CONTACT
    if hearing.is_quiet or view.agent_talks or not is_asked or "human" in hearing.conversational:
        return None
    asked = asked_back(hearing.text) or ""
    if hearing.is_request and (asked != "forgot_address" or rights_said(hearing.text)):
        return None  # a wish stands beside it; *I no longer know which address I signed up with* only sounds like one
    return _BESIDE.get((state.expects or "", asked))


def question_beside(hearing: Hearing) -> tuple[Move, ...]:
    """Say of any other question while an address or a code is awaited that nothing is done yet, and that a person can answer it."""
    text, is_awaited = hearing.text, hearing.state.expects == "code" or hearing.state.question == ASK_CONTACT
    asks = "?" in text and len(text.split()) >= _A_QUESTION and not speaks_of_code(text)
    return (SayBesideProof("question_beside_proof"),) if is_awaited and asks else ()


def mends_slip(hearing: Hearing, further: Further) -> Found | None:
    """Take "wrong address" where an address or a code is awaited as said of that answer: it corrects no data that is held."""
    view = hearing.view
    if view.is_mail or view.state.expects not in {"email", "code"} or not is_slip(hearing.text):
        return None
    beside = [right for right in hearing.further_rights if right not in _corrected_by_it(hearing)]
    if hearing.is_request and not CONFIRMED_FIRST.isdisjoint(beside) and "@" not in hearing.text:
        return None  # *and my first name is misspelt*: said of what is held
    if EMAIL.search(hearing.text):
        corrects_nothing = hearing.reads_nothing()
        taken = contact(corrects_nothing)
        moves = taken.moves if taken else ()
        if beside:
            return all_of(*moves, *further(hearing, beside))
        return taken or Found((), corrects_nothing)
    if number := hearing.number_typed:
        claimed = WantCode(Claim("client_id", number), to_be_proved(view.own, view.about))
        return all_of(claimed, *further(hearing, beside))
    return all_of(MendSlip(to_be_proved(view.own, view.about)), *further(hearing, beside))


def ends_there_too(hearing: Hearing) -> Found | None:
    """Take an address written after marketing was ended as the one that was meant, or as one more: it needs no proof (GDPR 21(3))."""
    view, text = hearing.view, hearing.text
    ended = [r for r in view.own if r.details.get("marketing") and addresses_in(r.details)]
    if view.is_mail or view.state.expects or not ended or len(text) > ANSWER_LENGTH or "?" in text:
        return None
    slips = is_slip(text)
    if hearing.conversational or (hearing.reading.decision != "none" and not slips) or _wishes(hearing):
        return None
    named = each_once([*addresses_meant(text), *_called(hearing)])
    left = [*addresses_in(ended[-1].details), *named]
    meant = each_once(left)[len(addresses_in(ended[-1].details)) :]
    if not all(deliverable(each) for each in meant if "@" in each):
        return None
    if named and not meant:
        return all_of(TellStatus((ended[-1].ref,)))
    return all_of(LeaveAlone(tuple(meant), (ended[-1].ref,))) if named or slips else None


def names_others_address(hearing: Hearing) -> Found | None:
    """Leave an address that is said to be somebody else's to an agent, where one's own is awaited."""
    view = hearing.view
    if view.is_mail or "@" not in hearing.text:
        return None
    if not is_of_another(hearing.text) or not EMAIL.search(hearing.text):
        return None
    proved = to_be_proved(view.own, view.about)
    awaited = view.state.expects in {"email", "code"} or bool(proved)
    if not awaited or view.state.question == ASK_MARKETING or _wishes(hearing):
        return None
    return all_of(LeaveAddress(proved))


def lost_mailbox(hearing: Hearing) -> Found | None:
    """Take a lost mailbox for no address and no correction, where a chat waits for an address or for a code."""
    view = hearing.view
    awaited = view.state.expects in {"email", "code"} and view.state.question != ASK_MARKETING
    if view.is_mail or not awaited or _wishes(hearing) or not lacks_mailbox(hearing.text):
        return None
    references = to_be_proved(view.own, view.about)
    # Who is called sees what it is about.
    return all_of(MailboxLost(references) if references else HandOver())


def _wishes(hearing: Hearing) -> bool:
    return hearing.is_request and bool(set(hearing.rights) - _corrected_by_it(hearing))


def _corrected_by_it(hearing: Hearing) -> frozenset[Right]:
    """Name the right that may be read in what is said of one's own contact; of another field it is a wish beside."""
    parts = Changes.read(hearing.reading.details).parts
    is_of_contact = all(each.field in _OF_CONTACT and "@" in (each.new or "@") for each in parts)
    return CONFIRMED_FIRST if is_of_contact else frozenset()


def contact(hearing: Hearing) -> Found | None:
    """Take an address or a client number typed where the desk waits for one, or instead of a code."""
    view, state, text = hearing.view, hearing.state, hearing.text
    email = next(iter(addresses_meant(text)), None)
    is_free = _is_to_be_written_to(view) or _waits_for_address(view)
    awaited = state.expects in {"email", "code"} or (email is not None and is_free)
    if not awaited or view.is_mail or hearing.uses_another_right:
        return None
    calls = (HandOver(),) if "human" in hearing.conversational else ()
    if typed := hearing.no_address or (None if email else contact_given(text)):
        return all_of(*said_no_address(hearing, typed))
    if state.question == ASK_MARKETING or any(
        view.lacks.get(each.ref) == ASK_MARKETING for each in waiting_in(view.own)
    ):
        left = _left_alone(hearing)
        return Found((*left.moves, *calls)) if left else None
    if email:
        return all_of(_address(hearing, email), *calls)
    number = None if state.question in WHERE_TO_WRITE else hearing.number_typed
    if number and (state.expects == "email" or number[0].isalpha()):
        return all_of(WantCode(Claim("client_id", number), to_be_proved(view.own, view.about)), *calls)
    return None


def no_contact(hearing: Hearing) -> tuple[Move, ...]:
    """Say of a few words that they are neither an address nor a client number, where one is awaited: a name, a phone number, a day."""
    state, text = hearing.state, hearing.text
    asks_back = "?" in text or is_yes(text) or is_no(text) or asks_beside(text) or hearing.view.is_mail
    if state.question != ASK_CONTACT or asks_back or len(text.split()) > _FEW_WORDS:
        return ()
    is_name = can_hold("name", text) and answer_in("name", text) is not None
    says = phones_in(text) or day_in(text.strip(" .")) or (is_name and not limits_it(text))
    return (Say("typed_no_contact", expects=state.expects),) if says else ()


def _left_alone(hearing: Hearing) -> Found | None:
    named = each_once([*addresses_meant(hearing.text), *_called(hearing)])
    if not named:
        return None
    if not all(deliverable(each) for each in named if "@" in each):
        return all_of(Say("typed_address_unusable", expects="email"))
    return all_of(LeaveAlone(tuple(named)))


def _called(hearing: Hearing) -> list[str]:
    """Give the telephone numbers in it: a code of ours is none, be it an old one, nor are so few figures in a row."""
    numbers = phones_in(EMAIL.sub(" ", hearing.text))
    sent = hearing.view.code_sent
    return [n for n in numbers if not (_LIKE_A_CODE.fullmatch(n) or (sent and stands_as_code(n)))]


def _address(hearing: Hearing, email: str) -> Move:
    view, claim = hearing.view, Claim("email", email)
    proved = to_be_proved(view.own, () if view.state.question in PRESSED else view.about)
    if view.state.expects == "code" and is_told_where_to_answer(hearing):
        return Say("handover_address")  # no code is owed to the address that a handover asked for
    if view.state.question not in CORRECTING:
        return WantCode(claim, proved)
    return WantCode(claim, tuple(dict.fromkeys([*proved, *to_be_proved(view.own, ())])), asks_again=True)


def is_told_where_to_answer(hearing: Hearing) -> bool:
    """Tell whether the address is given that a handover asked for: it changes none that is held."""
    waits = hearing.view.called_since_code and not hearing.view.is_mail
    return waits and set(hearing.rights) <= CONFIRMED_FIRST and bool(emails_in(hearing.text))


def _is_to_be_written_to(view: TalkView) -> bool:
    """Tell whether an address that nobody asked for just now is where to write: some request has none, and nothing else is asked."""
    return not view.state.expects and any(map(lacks_address, view.own))


def _waits_for_address(view: TalkView) -> bool:
    """Tell whether an address is an answer though another question came between: who asks was never said."""
    takes_it = view.state.question in PICKERS or correcting.asks_for_email(view)
    is_free = view.state.expects in {None, "choice", "detail"} and not takes_it
    return is_free and bool(waiting_in(view.own))
