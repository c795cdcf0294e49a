"""What is asked next: the one thing still missing of a request, the proof, or again what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from assistant.casework import saying
from assistant.casework.answers import answers, running_services
from assistant.casework.decisions.sparing import is_paused
from assistant.casework.proof import challenges, link_again
from assistant.casework.requests import rectification
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.reach import is_for_other, lacks_address, waits_for_people
from assistant.casework.requests.rectification import is_unconfirmed
from assistant.casework.saying import flood
from assistant.casework.talk.proving import (
    asks_as_given,
    contact_known,
    note_named,
    say_where_code_is,
    wait_for_contact,
    want_code,
)
from assistant.casework.talk.standing import ask_whether_still_wanted, say_all
from assistant.casework.talk.turn import Turn
from assistant.casework.uses import marketing
from assistant.domain.addresses import deliverable
from assistant.domain.assurance import Method, Tier
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.moves import Claim
from assistant.domain.rectifying import Changes
from assistant.domain.talk import (
    ANY,
    ASK_ANY,
    ASK_CONTACT,
    ASK_MARKETING,
    ASK_SERVICES,
    ASK_SOUGHT,
    CONFIRM,
    CORRECTING,
    DONT,
    PRESSED,
    SESSION_HIDDEN,
    TO_PROVE,
    USES,
    WAITING,
    WHERE_TO_WRITE,
    WHICH,
    was_denied,
)
from assistant.domain.uses import BY_PERSON, MOST_AT_ONCE, UNNAMED, addresses_in
from assistant.errors import TooManyAttempts
from assistant.interfaces import Choice
from assistant.store.tables import Conversation, Message, PrivacyRequest

# Names no value: a mail may be forged, and its reader another.
_WHICH_BY_MAIL: Final = "ask_rectification_one"
_OFFERED: Final = ("marketing", "profiling", "analytics")
_ALL_CONSENTS: Final = {"ask_objection_purpose": (), "ask_consent_purpose": ("all_consents",)}


def next_step(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Ask for the one thing still missing; when nothing is, go on without the person."""
    requests = [request for request in requests if not waits_for_people(request)]
    for request in requests:
        _name_known_contact(turn, request)
        marketing.stop_at_once(turn.unit, request)
    _note_who_asks(turn, requests)
    if _waits_for_keep_or_go_on(turn, requests):
        return
    lacking = [(r, question) for r in requests if (question := turn.missing(r))]
    if lacking:
        _ask_detail(turn, *lacking[0])
        if not turn.is_mail:
            return  # one thing at a time; by mail nothing waits for the answer to something else
        requests = [r for r in requests if not turn.missing(r)]
    provable = [r for r in requests if r.status in TO_PROVE and r.tier_needed > Tier.T0]
    proofless = [r for r in requests if r.status == Status.RECEIVED and r.tier_needed == Tier.T0]
    _take_up(turn, proofless)
    _say_who_looks(turn, requests)
    if any(map(lacks_address, proofless)):
        _ask_to_write(turn, "answer_waits_here")
    if provable:
        _ask_proof(turn, provable)
    elif turn.state.expects and not lacking and turn.state.question != "answer_waits_here":
        turn.rest()


def _name_known_contact(turn: Turn, request: PrivacyRequest) -> None:
    """Take whoever wants no more marketing at their word for the address they gave here: it is not asked for twice."""
    lacks = not turn.is_mail and turn.missing(request) == ASK_MARKETING
    if lacks and (known := contact_known(turn)):
        request.details = {**request.details, "address": known}
        turn.unit.session.add(request)


def _waits_for_keep_or_go_on(turn: Turn, requests: Sequence[PrivacyRequest]) -> bool:
    """Tell whether it is asked first whether erasures go on: one thing at a time, unless the message says who asks."""
    needs_proof = any(request.tier_needed > Tier.T0 for request in requests)
    return turn.state.question == DONT and needs_proof and _claim_in_message(turn, requests) is None


def _note_who_asks(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    if not turn.is_mail and (claim := _claim_in_message(turn, requests)):
        note_named(turn, claim)


def go_on(turn: Turn, request: PrivacyRequest) -> None:
    """Ask for what is missing now that more is known of a request, or go on without the person."""
    turn.set_tier(request)
    turn.rest()
    waiting = turn.all_waiting()
    next_step(turn, waiting if request in waiting else [request, *waiting])


def _take_up(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    for request in requests:
        if not request.details.get("marketing"):
            move(turn.unit, request, Status.OPEN, "desk")
            set_attention(turn.unit, request, Attention.NEEDS_AGENT)


def _say_who_looks(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Say which addresses of many a person looks at; by mail it names none to a mailbox that proved nothing."""
    for request in requests:
        if request.details.get(BY_PERSON) and request.status == Status.OPEN:
            named = list(addresses_in(request.details))
            told = named if answers.may_name(turn.unit.session, request, named) else None
            seen = turn.seen([request])
            turn.say("marketing_by_person", requests=seen, addresses=told, at_once=MOST_AT_ONCE)


def ask_where_to_write(turn: Turn) -> None:
    """Ask for an address where one is needed to keep what was promised: a person will ask, and the chat is gone by then."""
    if any(map(lacks_address, turn.own_requests())):
        _ask_to_write(turn, "ask_where_to_write")


def _ask_to_write(turn: Turn, question: str) -> None:
    about = [r.ref for r in turn.own_requests() if lacks_address(r)]
    turn.state = turn.state.asking(question, "email", about)
    turn.say(question, expects="email")


# ── a detail ────────────────────────────────────────────────────────────────────────────────────────


def _ask_detail(turn: Turn, request: PrivacyRequest, question: str) -> None:
    if question in CORRECTING:
        ask_correction(turn, request, question)
        return
    expects = "choice" if question in USES else "email"
    asked = "detail" if expects == "choice" else expects
    turn.state = turn.state.asking(question, asked, [request.ref])
    choices = _use_choices(turn, question) if question in USES else []
    seen = turn.seen([request])
    turn.say(question, expects=expects, choices=choices, requests=seen, unsaid=("requests",))


def _use_choices(turn: Turn, question: str) -> list[Choice]:
    offered = (*_OFFERED, *_ALL_CONSENTS[question], UNNAMED)
    uses = [turn.button(name, f"purpose:{name}") for name in offered]
    return uses if turn.is_mail else [*uses, turn.person_button()]


def ask_correction(turn: Turn, request: PrivacyRequest, question: str, *, again: bool = False) -> None:
    """Ask the one thing that is missing of a correction."""
    changes = Changes.of(request.details)
    asked = _WHICH_BY_MAIL if question == WHICH and turn.is_mail else question
    values, choices = _correction_asked(turn, asked, changes, request)
    expects = "choice" if choices else "detail"
    kept = _contact_noted(turn, changes) | ({"again": True} if again else {})
    turn.state = turn.state.asking(question, expects, [request.ref], details=kept or None)
    seen = turn.seen([request])
    turn.say(asked, expects=expects, choices=choices, requests=seen, unsaid=("requests",), **values)


def _correction_asked(
    turn: Turn, question: str, changes: Changes, request: PrivacyRequest
) -> tuple[dict[str, Any], list[Choice]]:
    part, mark = changes.unsettled, changes.digest
    if question == WHICH and part:
        buttons = [Choice(value, f"change:{number}:{mark}") for number, value in enumerate(part.either)]
        neither = turn.button("neither_value", f"change:other:{mark}")
        return {"field": part.field, "values": list(part.either)}, [*buttons, neither]
    if question == CONFIRM:
        buttons = [turn.button("yes_change", f"change:yes:{mark}")]
        if any(each.old for each in changes.parts):
            buttons.append(turn.button("swap_change", f"change:swap:{mark}"))
        buttons.append(turn.button("correct_change", f"change:other:{mark}"))
        return {"from_to": rectification.shown([request])}, buttons
    return ({"field": part.field} if part else {}), []


def _contact_noted(turn: Turn, changes: Changes) -> dict[str, Any]:
    """Keep what a message of a chat says of who writes, where that is not itself to be corrected: proof is asked of it later."""
    if turn.is_mail or any(part.field == "email" for part in changes.parts):
        return {}
    said = {
        "email": list(turn.emails),
        "client_id": list(turn.recalled.get("client_id") or turn.given.numbers),
    }
    return {name: found for name, found in said.items() if found}


# ── proof ───────────────────────────────────────────────────────────────────────────────────────────


def _ask_proof(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    for request in requests:
        if request.status == Status.RECEIVED:
            move(turn.unit, request, Status.VERIFYING, "desk")
    requests = [request for request in requests if not was_denied(request)]
    if not requests or _is_lost_mailbox(turn, requests):
        return  # a person looks first, and was called
    no_address = None if turn.is_mail else turn.given.no_address
    references = [r.ref for r in requests]
    if turn.is_mail:
        _ask_proof_by_mail(turn, requests, references)
    elif claim := _claim_in_message(turn, requests):
        want_code(turn, claim, references)
    elif no_address or not asks_as_given(turn, references):
        wait_for_contact(turn, references)
        if no_address:
            turn.say("typed_no_address", expects=turn.state.expects, typed=no_address)
        ways = [*turn.login_choice(references), turn.person_button()]
        turn.say(ASK_CONTACT, expects="email", choices=ways)


def _is_lost_mailbox(turn: Turn, requests: Sequence[PrivacyRequest]) -> bool:
    """Ask for no code where the chat that opens a request says that the mailbox is lost."""
    if turn.is_mail or not turn.given.mailbox_lost:
        return False
    references = [request.ref for request in requests]
    wait_for_contact(turn, references)
    leave_lost_mailbox(turn, requests, references)
    return True


def leave_lost_mailbox(turn: Turn, requests: Sequence[PrivacyRequest], references: Sequence[str]) -> None:
    """Call a person, since a mailbox cannot be opened; a code goes to another one that is named."""
    call_for_lost_mailbox(turn, requests)
    read = [address for address in turn.given.readable if not _is_new_contact(requests, address)]
    if read:
        want_code(turn, Claim("email", read[0]), references)
    else:
        turn.state = replace(turn.state, misgiven=True)
        turn.say("mailbox_lost", expects=turn.state.expects, choices=turn.ways_out(references))


def call_for_lost_mailbox(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Call a person to what needs a proof that its mailbox cannot give."""
    for request in requests:
        if request.tier_needed > Tier.T0:
            set_attention(turn.unit, request, Attention.MAILBOX_LOST)


def _claim_in_message(turn: Turn, requests: Sequence[PrivacyRequest]) -> Claim | None:
    emails = () if turn.given.no_address else turn.emails
    if known := next((e for e in emails if not _is_new_contact(requests, e)), None):
        return Claim("email", known)
    return Claim("client_id", named[0]) if (named := turn.client_numbers) else None


def _is_new_contact(requests: Sequence[PrivacyRequest], email: str) -> bool:
    """Tell whether an address is one that the person wants entered: it does not prove who they are."""
    wanted = (v for r in requests for v in Changes.of(r.details).new_values.values())
    return email.casefold() in {value.casefold() for value in wanted}


def _ask_proof_by_mail(turn: Turn, requests: Sequence[PrivacyRequest], references: list[str]) -> None:
    """Send a link, or call an agent where none can be sent."""
    if turn.muted or not deliverable(turn.sender):
        for request in requests:
            set_attention(turn.unit, request, Attention.SENDER_CANNOT_BE_ASKED)
        return
    claim = link_again.claim_of(turn.conversation, requests)
    try:
        challenges.want_challenge(turn.unit, turn.conversation, claim, references, method=Method.EMAIL_LINK)
    except TooManyAttempts:
        for request in requests:
            set_attention(turn.unit, request, Attention.TOO_MANY_CHALLENGES)


def ask_for_more(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Say that what was proved is not enough for these, and offer what is."""
    references = [r.ref for r in requests]
    turn.state = turn.state.asking("proof_short", "email", references)
    choices = [*turn.login_choice(references), turn.person_button()]
    turn.say("proof_short", expects="email", choices=choices, requests=turn.seen(requests))


def ask_link_again(turn: Turn, numbers: Sequence[str] = ()) -> None:
    """Send receipt and link again to somebody who wrote before confirming, however long ago that was asked.

    `numbers`: the client numbers that were named just now.
    """
    waiting = [r for r in turn.own_requests() if link_again.waits_for_link(r)]
    for request in waiting if numbers else ():
        request.details = {**request.details, "client_number": numbers[0]}
        turn.unit.session.add(request)
    if waiting and deliverable(turn.sender):
        send_link_again(turn, waiting)


def send_link_again(turn: Turn, waiting: Sequence[PrivacyRequest], asked_by: str | None = None) -> None:
    """Send receipt and link again, or say once a day from when that can be done."""
    next_at = link_again.send_again(turn.unit, turn.conversation, waiting, asked_by)
    if next_at is None:
        return
    for request in waiting:
        set_attention(turn.unit, request, Attention.TOO_MANY_CHALLENGES)
    key = f"link_limit:{next_at}"
    told = saying.was_said(turn.unit.session, turn.conversation, key)
    # Once a day for a mailbox, however many requests wait there: whoever forges its mails would write to it so.
    if not (told or flood.is_said_again(turn.unit, turn.sender, "link_limit")):
        turn.say("link_limit", key=key, requests=turn.seen(waiting), next_at=next_at)


def ask_whose_request(
    turn: Turn, sought: Sequence[str], email: str | None = None, *, takes_back: bool = False
) -> None:
    """Say how to hear of a request that was made elsewhere: the same words whether there is one."""
    is_on_its_way = turn.state.sought and turn.state.expects == "code" and not email
    asked = turn.state if is_on_its_way else turn.state.asking(ASK_SOUGHT, "email")
    turn.state = replace(asked, sought=tuple(sought), takes_back=takes_back)
    if email:
        want_code(turn, Claim("email", email), [])
    elif is_on_its_way:
        repeat(turn)
    else:
        text = ASK_ANY if ANY in sought else ASK_SOUGHT
        turn.say(text, expects="email", choices=[turn.person_button()])


# ── again ───────────────────────────────────────────────────────────────────────────────────────────


def repeat(turn: Turn) -> None:
    """Ask again what is still awaited, in the same words; what was asked for and came another way is over."""
    about = turn.requests_named(turn.state.about)
    if turn.state.question == SESSION_HIDDEN:  # which was said when it was hidden
        turn.say("chat_can_do", expects="email", choices=[turn.person_button()])
    elif turn.state.expects == "code" and (
        challenge := challenges.current_challenge(turn.unit.session, turn.conversation)
    ):
        say_where_code_is(turn, challenge)
    elif turn.state.question in PRESSED:
        _show_buttons_again(turn)
    elif turn.state.question == ASK_SOUGHT:
        ask_whose_request(turn, turn.state.sought, takes_back=turn.state.takes_back)
    elif any(r.status in TO_PROVE or turn.missing(r) for r in about):
        next_step(turn, about)
    else:
        turn.rest()
        turn.say("chat_can_do", choices=[turn.person_button()])


def _show_buttons_again(turn: Turn) -> None:
    """Ask what is still open once more with its buttons, and from the second time on offer a person too."""
    asked = question_asked(turn)
    if asked is None:
        turn.hand_over()
        return
    choices = choices_of(asked)
    if turn.state.repeated and all(each.value != "human" for each in choices):
        choices = [*choices, turn.person_button()]
    turn.state, turn.buttons_are_gone = replace(turn.state, repeated=True), False
    # A whole letter stays one, and is not put into another.
    presented: Mapping[str, Any] = {"choices": choices, "expects": "choice"}
    seen = turn.seen(turn.requests_named(turn.state.about))
    if turn.state.question == DONT and not turn.is_mail:  # its reasons were given, and stand above
        turn.say("dont_asked_again", requests=seen, **presented)
        return
    turn.say_text(asked.text, subject=asked.subject, requests=seen, presented=presented)


def choices_of(asked: Message) -> list[Choice]:
    """Give the buttons that a question was said with."""
    return [Choice(each["label"], each["value"], each.get("url")) for each in asked.choices]


def question_asked(turn: Turn) -> Message | None:
    """Give the last message that was said with buttons below it."""
    return turn.unit.session.exec(_questions(turn.conversation).limit(1)).first()


def requests_shown_with(turn: Turn, value: str) -> set[str]:
    """Name the requests of the question that a button was shown with; none where nothing here carried it."""
    found = turn.unit.session.exec(_questions(turn.conversation))
    asked = (each for each in found if value in {c["value"] for c in each.choices})
    return {str(request["ref"]) for each in asked for request in each.requests}


def _questions(conversation: Conversation) -> SelectOfScalar[Message]:
    return (
        select(Message)
        .where(
            col(Message.conversation_id) == conversation.id,
            col(Message.sender) == "assistant",
            col(Message.expects) == "choice",
        )
        .order_by(col(Message.id).desc())
    )


def say_question_over(turn: Turn) -> None:
    """Say of a button that it did nothing, since its question is over, and ask again what is asked by now."""
    turn.say("question_over")
    if turn.state.expects and turn.state.question not in WHERE_TO_WRITE:
        repeat(turn)
    else:
        say_all(turn)
        resume(turn)


def resume(turn: Turn) -> None:
    """Ask again for what a question came before: a request whose proof nobody asks for any more lapses."""
    own = [r for r in turn.own_requests() if r.status not in CLOSED]
    unready = [r for r in own if r.status in WAITING or is_unconfirmed(r)]
    waiting = [r for r in unready if not (is_for_other(r) or is_paused(r))]
    if waiting:
        next_step(turn, waiting)
    if not turn.state.expects:
        ask_about_services(turn)


def ask_what_is_left(turn: Turn) -> None:
    """Leave no request silent: what waits for its person is asked for, unless something else is, or an agent was called."""
    if turn.is_mail or turn.muted or turn.pending or turn.stands_back:
        return
    if not turn.state.expects:
        unready = [*turn.all_waiting(), *_lacking_though_proved(turn)]
        left = [r for r in unready if r.attention is None and r.dont_at is None]
        paused = [r for r in turn.own_requests() if is_paused(r) and r.status in STOPPABLE]
        if left:
            next_step(turn, left)
        elif paused and turn.buttons_are_gone:
            ask_whether_still_wanted(turn, paused)
    elif turn.buttons_are_gone and not turn.conversation.wants_person_at:
        if turn.state.question == ASK_SERVICES:
            ask_about_services(turn)
        elif turn.state.question in PRESSED:
            _show_buttons_again(turn)


def _lacking_though_proved(turn: Turn) -> list[PrivacyRequest]:
    own = [r for r in turn.own_requests() if r.status not in CLOSED and r.status not in WAITING]
    return [r for r in own if not is_for_other(r) and is_unconfirmed(r) and turn.missing(r)]


def ask_about_services(turn: Turn) -> None:
    """Ask again what still waits for a choice about services that run."""
    waiting = [r.ref for r in turn.own_requests() if running_services.is_open(turn.unit.session, r)]
    if waiting:
        services = turn.unit.services
        language = turn.conversation.language or services.settings.controller.languages[0]
        turn.ask_choice(running_services.ASK, waiting)
        choices = running_services.choices(services, language, turn.state.mark)
        turn.say(running_services.AGAIN, expects="choice", choices=choices)
