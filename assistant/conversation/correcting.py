"""What a person wants corrected, asked part by part until it is whole, and confirmed from → to before anything is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from assistant.casework import rectification
from assistant.casework.intake import set_attention
from assistant.conversation import confirming
from assistant.domain.addresses import client_number_in, emails_in, no_address_in
from assistant.domain.assurance import code_in
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.rectifying import ADDRESS, UNSAID_ADDRESS, Change, Changes
from assistant.domain.rights import Right
from assistant.interfaces import Choice
from intents.meant import is_put_off
from intents.narrowing import empties, erases_all, without_details
from intents.rectifying import (
    answer_in,
    change_in,
    is_no,
    is_unchanged,
    is_volunteered,
    is_yes,
    says_which_address,
)

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.store.tables import PrivacyRequest

CONFIRM: Final = "confirm_rectification"
WHICH: Final = "ask_rectification_which"
WHAT: Final = "ask_rectification"
_BY_MAIL: Final = "ask_rectification_one"  # names no value: a mail may be forged, and its reader another
_PARTS_OF_AN_ADDRESS: Final = 2  # from which on a text is one, and no answer about a part of it
_ONE_VALUE: Final = frozenset({"ask_rectification_value", "ask_rectification_part"})
QUESTIONS: Final = frozenset({CONFIRM, WHICH, WHAT, *_ONE_VALUE})
_CONTACT: Final = ("email", "client_id")
# What a client number is no value of, though it is typed there.
_WORDS_ONLY: Final = frozenset({"name", "first_name", "last_name", "city", "country"})


def details_of(turn: Turn, found: Mapping[str, Any]) -> dict[str, Any]:
    """Give the details of a new request for correction: every part that the message names."""
    return rectification.in_parts(turn.unit.services, Changes.read(found)).as_details()


def values_in(found: Mapping[str, Any]) -> set[str]:
    """Give what a message wants entered, and what stood there before: addresses of a correction, and of nothing else."""
    return {
        value for part in Changes.read(found).parts for value in (part.old, part.new, *part.either) if value
    }


def leave_erased(turn: Turn, opened: Sequence[PrivacyRequest]) -> list[PrivacyRequest]:
    """Leave empty what a message wants erased beside other rights: nothing waits for what to put instead."""
    beside = any(request.right != Right.RECTIFICATION for request in opened)
    if not beside or without_details([turn.text]) is None:
        return []
    emptied = [request for request in opened if _only_names_fields(request)]
    for request in emptied:
        _leave_unsaid(turn, request)
        rectification.leave_empty(turn.unit, request)
    return emptied


def _leave_unsaid(turn: Turn, request: PrivacyRequest) -> None:
    """Take "my address" beside a newsletter for neither the postal nor the e-mail one, where nothing says which."""
    if turn.reading.details.get("marketing") and not says_which_address(turn.text):
        parts = Changes.of(request.details).parts
        unsaid = (replace(p, field=UNSAID_ADDRESS) if p.field == ADDRESS else p for p in parts)
        rectification.keep_changes(turn.unit, request, Changes(tuple(unsaid)))


def _only_names_fields(request: PrivacyRequest) -> bool:
    parts = Changes.of(request.details).parts if request.right == Right.RECTIFICATION else ()
    return bool(parts) and not any(part.new or part.either for part in parts)


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────


def is_asked_here(turn: Turn, request: PrivacyRequest, question: str) -> bool:
    """Tell whether the talk asks this: by mail, from → to is confirmed on the page of the link, with who asks.

    Of what a person reads in a chat no value is asked any more: who writes is, or nobody could answer them.
    """
    if turn.is_mail:
        return question != CONFIRM
    return question == CONFIRM or request.attention != rectification.NOT_UNDERSTOOD


def ask(turn: Turn, request: PrivacyRequest, question: str, *, again: bool = False) -> None:
    """Ask the one thing that is missing of a correction."""
    changes = Changes.of(request.details)
    asked = _BY_MAIL if question == WHICH and turn.is_mail else question
    values, choices = _question(turn, asked, changes, request)
    expects = "choice" if choices else "detail"
    kept = _contact_given(turn, changes) | ({"again": True} if again else {})
    turn.state = turn.state.asking(question, expects, [request.ref], details=kept or None)
    seen = turn.seen([request])
    turn.say(asked, expects=expects, choices=choices, requests=seen, unsaid=("requests",), **values)


def _question(
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


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────


def take_answer(turn: Turn) -> bool:
    """Take what was written in answer to a question about a correction; what is no answer is left to be read."""
    question = turn.state.question
    if question not in QUESTIONS or (request := _asked_about(turn)) is None:
        return False
    changes = Changes.of(request.details)
    given = _contact_given(turn, changes)
    _recall_contact(turn)
    if question == CONFIRM and (is_yes(turn.text) or is_no(turn.text)):
        decide(turn, request, "yes" if is_yes(turn.text) else "other")
    elif _is_to_be_emptied(turn, question, changes):
        further = turn.further_rights()
        _leave_empty(turn, request)
        turn.take_further(further)
    elif _is_another_wish(turn):
        return False
    elif (found := _answered(turn, question, changes)) and not _only_names_a_field(turn, changes, found):
        settle(turn, request, found)
    elif _has_conversational_wish(turn) or _is_contact_beside(turn, request):
        return False
    elif given and question:
        turn.say("contact_noted")
        ask(turn, request, question, again=bool((turn.state.details or {}).get("again")))
    else:
        _not_understood(turn, request, question)
    return True


def takes_as_value(turn: Turn) -> bool:
    """Take what was tried as a code and is none as the value that a question asks for, where the field can hold it."""
    request = _asked_about(turn) if turn.state.question in _ONE_VALUE else None
    changes = Changes.of(request.details) if request else Changes()
    part = changes.unsettled
    found = _one_value(turn, changes, part) if part else None
    if request is None or found is None:
        return False
    settle(turn, request, found)
    return True


def take_up_again(turn: Turn) -> bool:
    """Take an address or another part written unasked for a correction that a person was called to, since it was not understood."""
    if turn.state.expects not in {None, "email"} or turn.is_mail or _is_another_wish(turn):
        return False
    left = [r for r in _unconfirmed(turn) if r.attention == rectification.NOT_UNDERSTOOD]
    changes = Changes.of(left[0].details) if len(left) == 1 else Changes()
    found = _whole_address(turn, changes)
    if found is None:
        return False
    settle(turn, left[0], found)
    return True


def _whole_address(turn: Turn, changes: Changes) -> Changes | None:
    """Give a correction of an address with the parts that a text holds, where it holds several or the one that is missing."""
    part = changes.unsettled
    if part is None or part.part_of != ADDRESS:
        return None
    value = answer_in(ADDRESS, turn.text)
    found = (
        rectification.in_parts(turn.unit.services, Changes((Change(ADDRESS, value),))) if value else Changes()
    )
    told = [each for each in found.parts if each.new]
    is_one = len(told) >= _PARTS_OF_AN_ADDRESS and any(each.field == "street" for each in told)
    return changes.with_parts(told) if is_one else None


def asks_for_email(turn: Turn) -> bool:
    """Tell whether the open question about a correction may be answered by an e-mail address."""
    request = _asked_about(turn) if turn.state.question in QUESTIONS else None
    part = Changes.of(request.details).unsettled if request else None
    return request is not None and (part is None or part.field in {"email", UNSAID_ADDRESS})


def _is_contact_beside(turn: Turn, request: PrivacyRequest) -> bool:
    """Tell whether an address is typed that something else waits for."""
    is_awaited = any(each is not request for each in turn.all_waiting())
    return is_awaited and bool(emails_in(turn.text)) and not turn.is_mail and not asks_for_email(turn)


def chose(turn: Turn, value: str) -> None:
    """Take a button under a question about a correction; one under words that have changed since asks again."""
    answer, _, mark = value.partition(":")
    _recall_contact(turn)
    open_now = [*filter(None, [_asked_about(turn)]), *_unconfirmed(turn)]
    shown = next((each for each in open_now if mark == Changes.of(each.details).digest), None)
    if shown is not None:
        decide(turn, shown, answer)
    else:
        turn.say_question_over()


def _contact_given(turn: Turn, changes: Changes) -> dict[str, Any]:
    """Give what a message of a chat says of who writes, where that is not itself to be corrected: proof is asked of it later."""
    if turn.is_mail or any(part.field == "email" for part in changes.parts):
        return {}
    given = {name: found for name in _CONTACT if (found := turn.reading.details.get(name))}
    part = changes.unsettled
    may_be_number = part is not None and part.field in _WORDS_ONLY and code_in(turn.text) is None
    if not given and may_be_number and (number := client_number_in(turn.text)):
        return {"client_id": [number]}
    return given


def _recall_contact(turn: Turn) -> None:
    """Count what was said before of who writes as said now, unless another was."""
    said = turn.state.details or {}
    if not any(turn.reading.details.get(name) for name in _CONTACT):
        turn.reading.details.update({name: said[name] for name in _CONTACT if said.get(name)})


def decide(turn: Turn, request: PrivacyRequest, answer: str) -> None:
    """Do what a button says: yes, the other way round, one of two values, or something else altogether."""
    changes = Changes.of(request.details)
    part = changes.unsettled
    if answer == "yes" and part is None:
        rectification.confirm_changes(turn.unit, [request])
        if request.status == Status.OPEN:  # who asks was proved before
            confirming.say_confirmed(turn, [request])
        turn.go_on(request)
    elif answer == "swap" and part is None:
        settle(turn, request, changes.swapped)
    elif part and answer.isdecimal() and int(answer) < len(part.either):
        settle(turn, request, changes.with_parts([part.settled(part.either[int(answer)])]))
    else:
        settle(turn, request, Changes())


def settle(turn: Turn, request: PrivacyRequest, changes: Changes) -> None:
    """Keep what was said, and ask for what is missing now."""
    rectification.keep_changes(turn.unit, request, changes)
    turn.go_on(request)


def _answered(turn: Turn, question: str | None, changes: Changes) -> Changes | None:
    part = changes.unsettled
    if question == WHICH and part:
        named = [value for value in part.either if value.casefold() in turn.text.casefold()]
        return changes.with_parts([part.settled(named[0])]) if len(named) == 1 else None
    if question in _ONE_VALUE and part:
        return _one_value(turn, changes, part)
    if (
        changes.parts
        and is_volunteered(turn.text)
        and not any(part.field == "email" for part in changes.parts)
    ):
        return None  # an address to be reached by, beside the correction of something else
    found = rectification.in_parts(turn.unit.services, Changes.read(change_in(turn.text)))
    return changes.with_parts(found.parts) if found.parts else None


def _one_value(turn: Turn, changes: Changes, part: Change) -> Changes | None:
    if part.part_of and is_unchanged(turn.text):
        return changes.without(part.field)
    if _has_conversational_wish(turn) or _slip(turn, part):
        return None
    if whole := _whole_address(turn, changes):
        return whole
    value = answer_in(part.field, turn.text)
    if value is None:
        return None
    found = rectification.in_parts(turn.unit.services, Changes((replace(part, new=value),)))
    return changes.without(part.field).with_parts(found.parts) if found.new_values else None


def _slip(turn: Turn, part: Change) -> str | None:
    return no_address_in(turn.text) if part.field == "email" else None


def _is_to_be_emptied(turn: Turn, question: str | None, changes: Changes) -> bool:
    """Tell whether nothing is to be put instead; a part of what has a new value may only be missing."""
    part = changes.unsettled
    is_asked_for_value = question in _ONE_VALUE | {WHAT} and not (part and part.part_of)
    return is_asked_for_value and empties(turn.text) and not is_put_off(turn.text)


def _leave_empty(turn: Turn, request: PrivacyRequest) -> None:
    """Say that a person takes care of it, and ask for proof as for any correction."""
    rectification.leave_empty(turn.unit, request)
    turn.say("rectification_to_empty", requests=turn.seen([request]))
    turn.go_on(request)


def _not_understood(turn: Turn, request: PrivacyRequest, question: str | None) -> None:
    """Ask once more; after that a person reads what was written. What is said of a code is no answer that was not understood."""
    again = bool((turn.state.details or {}).get("again"))
    if question and turn.say_of_code_beside():
        ask(turn, request, question, again=again)
        return
    part = Changes.of(request.details).unsettled
    if part and (typed := _slip(turn, part)):
        turn.say_no_address(typed)
    if question and not again:
        ask(turn, request, question, again=True)
        return
    set_attention(turn.unit, request, rectification.NOT_UNDERSTOOD)
    turn.state = turn.state.at_rest()
    turn.say("rectification_by_person", requests=turn.seen([request]))
    if not turn.is_mail:  # there the address is known, from which it was written
        turn.go_on(request)


def _is_another_wish(turn: Turn) -> bool:
    """Tell whether a message uses another right too, or may: it is then no mere answer, and is read as any other."""
    rights = {intent.name for intent in turn.reading.intents} & set(Right)
    expected = {Right.RECTIFICATION} if erases_all(turn.text) else {Right.RECTIFICATION, Right.ERASURE}
    return turn.reading.decision != "none" and bool(rights - expected)


def _only_names_a_field(turn: Turn, before: Changes, found: Changes) -> bool:
    """Tell a wish for a person "on the phone" from one to correct the phone number."""
    return _has_conversational_wish(turn) and found.new_values == before.new_values


def _has_conversational_wish(turn: Turn) -> bool:
    return any(intent.name not in set(Right) for intent in turn.reading.intents)


def _asked_about(turn: Turn) -> PrivacyRequest | None:
    found = turn.requests_named(turn.state.about)
    return (
        found[0]
        if found and found[0].right == Right.RECTIFICATION and found[0].status not in CLOSED
        else None
    )


def _unconfirmed(turn: Turn) -> Sequence[PrivacyRequest]:
    return [r for r in turn.own_requests() if r.status not in CLOSED and rectification.is_unconfirmed(r)]


# ── more of it ──────────────────────────────────────────────────────────────────────────────────────


def takes_more(turn: Turn, request: PrivacyRequest) -> bool:
    """Add what a further message says to a correction that nobody has confirmed yet; tells whether it did."""
    found = rectification.in_parts(turn.unit.services, Changes.read(turn.reading.details))
    if not _can_take_more(request) or not found.parts:
        return False
    changes = Changes.of(request.details).with_parts(found.parts)
    rectification.keep_changes(turn.unit, request, changes)
    return True


def _can_take_more(request: PrivacyRequest) -> bool:
    return rectification.is_unconfirmed(request) and not rectification.is_to_be_emptied(request)


def is_another(turn: Turn, request: PrivacyRequest) -> bool:
    """Tell whether a message corrects something else than a request that is under way already does."""
    if request.right != Right.RECTIFICATION or _can_take_more(request):
        return False
    found = rectification.in_parts(turn.unit.services, Changes.read(turn.reading.details)).new_values
    return bool(found.items() - Changes.of(request.details).new_values.items())


def is_new_contact(requests: Sequence[PrivacyRequest], email: str) -> bool:
    """Tell whether an address is one that the person wants entered: it does not prove who they are."""
    wanted = (v for r in requests for v in Changes.of(r.details).new_values.values())
    return email.casefold() in {value.casefold() for value in wanted}
