"""What a person wants corrected: the answers to what was asked of it, part by part until it is whole and confirmed from → to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from assistant.casework.requests.reach import waiting_in
from assistant.casework.requests.rectification import asked_about, is_unconfirmed
from assistant.conversation.awaited import of_code_beside
from assistant.conversation.heard import Found, Hearing, all_of
from assistant.conversation.picking import said_no_address
from assistant.domain.addresses import emails_in, no_address_in, phones_in
from assistant.domain.assurance import code_in
from assistant.domain.attention import Attention
from assistant.domain.countries import country_in_address
from assistant.domain.fields import DAYS, can_hold
from assistant.domain.in_parts import taken_apart
from assistant.domain.moves import (
    AskValueAgain,
    ConfirmChange,
    Correct,
    HaveReadBeside,
    LeaveEmpty,
    Move,
    NoteContact,
)
from assistant.domain.rectifying import ADDRESS, UNSAID_ADDRESS, Change, Changes
from assistant.domain.rights import CONFIRMED_FIRST, ERASING, Right
from assistant.domain.spoken import day_in
from assistant.domain.talk import CONFIRM, CORRECTING, ONE_VALUE, WHAT, WHICH, RequestSeen, TalkView
from intents.awaiting import is_slip, speaks_of_code
from intents.meant import is_put_off
from intents.narrowing import empties, erases_all
from intents.rectifying import (
    answer_in,
    change_in,
    is_house_number,
    is_no,
    is_said_wrong,
    is_swapped,
    is_unchanged,
    is_volunteered,
    is_yes,
    put_right_in,
    says_otherwise,
    without_no,
)
from intents.wishes import by_article_alone

Further = Callable[[Hearing, Sequence[Right]], tuple[Move, ...]]
_PARTS_OF_AN_ADDRESS: Final = 2  # from which on a text is one, and no answer about a part of it
_CONTACT: Final = ("email", "client_id")
_OF_A_FORM: Final = frozenset({"email", "phone", "postcode", *DAYS})
_WORDS_OF_A_NAME: Final = 2
_FIGURES: Final = re.compile(r"\b\d{1,5}[a-z]?\b", re.IGNORECASE)
_NO_VALUE: Final = re.compile(r"[?!]")
_STREETS: Final = frozenset({"street", ADDRESS})
# What a client number is no value of, though it is typed there.
_WORDS_ONLY: Final = frozenset({"name", "first_name", "last_name", "city", "country"})


def answered(hearing: Hearing, further: Further) -> Found | None:
    """Take what was written in answer to a question about a correction; what is no answer is left to be read."""
    question, request = hearing.state.question, asked_about(hearing.view.about)
    if question not in CORRECTING or request is None:
        return None
    changes, text = Changes.of(request.details), hearing.text
    if question == CONFIRM and (is_yes(text) or is_no(text)):
        confirmed = ConfirmChange(request.ref, "yes" if is_yes(text) else "other")
        return all_of(confirmed, *further(hearing, hearing.wishes_beside))
    if anew := _told_anew(hearing, changes):
        return all_of(Correct(request.ref, anew))
    if _is_to_be_emptied(hearing, question, changes):
        return all_of(LeaveEmpty(request.ref), *further(hearing, hearing.further_rights))
    other = (
        _is_another_wish(hearing)
        or _is_another_field(hearing, question, changes)
        or _empties_another(hearing, changes)
    )
    moves = () if other else _value(hearing, request, changes)
    return all_of(*moves) if moves else None


def _told_anew(hearing: Hearing, changes: Changes) -> Changes | None:
    """Take what is said against the value that is shown: another one, else the field is asked for again by its name."""
    is_asked = hearing.state.question == CONFIRM and not hearing.conversational
    if not is_asked or hearing.reading.decision != "none" or not says_otherwise(hearing.text):
        return None
    found = _instead(changes, hearing.text, hearing.view) or changes.asked_anew
    return found if found.parts else None


def _value(hearing: Hearing, request: RequestSeen, changes: Changes) -> tuple[Move, ...]:
    """Take the value, or who asks beside it; nothing is taken of what asks for something else."""
    found = _answered(hearing, hearing.state.question, changes)
    if found and not _only_names_a_field(hearing, changes, found):
        return (Correct(request.ref, found),)
    if hearing.conversational or _is_contact_beside(hearing, request):
        return ()
    if noted := _contact_given(hearing, changes):
        return (NoteContact(request.ref, noted),)
    return _not_understood(hearing, request, changes)


def value_instead_of_code(hearing: Hearing) -> Correct | None:
    """Take what was tried as a code and is none as the value that a question asks for, where the field can hold it."""
    request = asked_about(hearing.view.about) if hearing.state.question in ONE_VALUE else None
    changes = Changes.of(request.details) if request else Changes()
    part = changes.unsettled
    found = _one_value(hearing, changes, part) if part else None
    return Correct(request.ref, found) if request and found is not None else None


def said_otherwise(hearing: Hearing) -> Found | None:
    """Take what is said against a value that was confirmed: another one is asked to be confirmed, else a person reads it first."""
    view, text = hearing.view, hearing.text
    corrected = [r for r in view.stoppable if r.right in CONFIRMED_FIRST and Changes.of(r.details).confirmed]
    if hearing.is_quiet or not corrected or not says_otherwise(text):
        return None
    if hearing.state.asks_else or hearing.conversational or speaks_of_code(text):
        return None
    is_wish = hearing.reading.decision != "none"
    read_first = HaveReadBeside(tuple(r.ref for r in corrected), said=not is_wish)
    if is_wish and set(hearing.rights) - CONFIRMED_FIRST:
        return Found((read_first,), hearing)
    told = [(r.ref, anew) for r in corrected if (anew := _instead(Changes.of(r.details), text, view))]
    if len(told) == 1:
        return all_of(Correct(*told[0]))
    is_of_proof = hearing.state.expects in {"email", "code"} and (is_slip(text) or emails_in(text))
    return None if is_of_proof else Found((read_first,), hearing if is_wish else None)


def _instead(changes: Changes, text: str, view: TalkView) -> Changes | None:
    """Give a correction as it is told anew, where that is clear: of several fields only by a form of their own."""
    if is_swapped(text):
        return changes.swapped if any(part.old for part in changes.parts) else None
    rest = without_no(text)
    if mended := _put_right(changes, rest):
        return mended if all(can_hold(*told) for told in mended.new_values.items()) else None
    if any(part.part_of == ADDRESS for part in changes.parts) and (told := _address_in(rest, view)):
        return changes.with_parts(told)
    alone = len(changes.parts) == 1
    parts = [each for each in changes.parts if alone or each.field in _OF_A_FORM]
    values = [(each, answer_in(each.field, rest)) for each in parts]
    fit = [replace(each, new=new) for each, new in values if new and can_hold(each.field, new)]
    return changes.with_parts(fit) if len(fit) == 1 and not is_said_wrong(rest) else None


def taken_up_again(hearing: Hearing) -> Found | None:
    """Take an address or another part written unasked for a correction that a person was called to, since it was not understood."""
    left = [r for r in hearing.view.open if is_unconfirmed(r) and r.attention == Attention.NOT_UNDERSTOOD]
    is_asked_else = hearing.state.expects not in {None, "email"}
    if len(left) != 1 or is_asked_else or hearing.view.is_mail or _is_another_wish(hearing):
        return None
    found = _whole_address(hearing, Changes.of(left[0].details))
    return all_of(Correct(left[0].ref, found)) if found is not None else None


def _whole_address(hearing: Hearing, changes: Changes) -> Changes | None:
    """Give a correction of an address with the parts that a text holds, where it holds several or the one that is missing."""
    part = changes.unsettled
    if part is None or part.part_of != ADDRESS:
        return None
    told, given = _address_in(hearing.text, hearing.view), changes.new_values
    if len(told) <= _PARTS_OF_AN_ADDRESS and "street" in given:  # "Durham DH1 3AB": no second street
        towns = [each.field == "street" and not _FIGURES.search(each.new or "") for each in told]
        told = [replace(e, field="city") if town else e for e, town in zip(told, towns, strict=True)]
        told = [each for each in told if each.field not in given]
    return changes.with_parts(told) if told else None


def _address_in(text: str, view: TalkView) -> Sequence[Change]:
    """Give the parts of the address that a text holds: its street and more, else nothing."""
    value = None if phones_in(text) or "@" in text else answer_in(ADDRESS, text)
    found = taken_apart(Changes((Change(ADDRESS, value),)), view.fields) if value else Changes()
    told = [each for each in found.parts if each.new]
    is_one = len(told) >= _PARTS_OF_AN_ADDRESS and any(each.field == "street" for each in told)
    return told if is_one else ()


def asks_for_email(view: TalkView) -> bool:
    """Tell whether the open question about a correction may be answered by an e-mail address."""
    request = asked_about(view.about) if view.state.question in CORRECTING else None
    part = Changes.of(request.details).unsettled if request else None
    return request is not None and (part is None or part.field in {"email", UNSAID_ADDRESS})


def _is_contact_beside(hearing: Hearing, request: RequestSeen) -> bool:
    """Tell whether an address is typed that something else waits for."""
    view = hearing.view
    is_awaited = any(each is not request for each in waiting_in(view.own))
    return is_awaited and bool(emails_in(hearing.text)) and not view.is_mail and not asks_for_email(view)


def _contact_given(hearing: Hearing, changes: Changes) -> dict[str, Any]:
    """Give what a message of a chat says of who writes, where that is not itself to be corrected: proof is asked of it later."""
    if hearing.view.is_mail or any(part.field == "email" for part in changes.parts):
        return {}
    details = hearing.reading.details
    given = {name: found for name in _CONTACT if (found := details.get(name))}
    part = changes.unsettled
    may_be_number = part is not None and part.field in _WORDS_ONLY and code_in(hearing.text) is None
    if not given and may_be_number and (number := hearing.number_alone):
        return {"client_id": [number]}
    return given


def _answered(hearing: Hearing, question: str | None, changes: Changes) -> Changes | None:
    part, text = changes.unsettled, hearing.text
    if question in {CONFIRM, *ONE_VALUE} and (mended := _put_right(changes, text)):
        return mended
    if question == WHICH and part:
        named = [value for value in part.either if value.casefold() in text.casefold()]
        return changes.with_parts([part.settled(named[0])]) if len(named) == 1 else None
    if question in ONE_VALUE and part:
        return _other_of_several(changes, part, text) or _one_value(hearing, changes, part)
    corrects_email = any(part.field == "email" for part in changes.parts)
    if changes.parts and is_volunteered(text) and not corrects_email:
        return None  # an address to be reached by, beside the correction of something else
    found = taken_apart(Changes.read(change_in(text)), hearing.view.fields)
    return changes.with_parts(found.parts) if found.parts else None


def _other_of_several(changes: Changes, asked: Change, text: str) -> Changes | None:
    """Take the value of another field of the correction, where it is named: the one that was asked for is asked again."""
    others = {each.field for each in changes.parts if not each.part_of} - {asked.field}
    told = [each for each in Changes.read(change_in(text)).parts if each.new] if others else []
    fits = all(each.field in others and can_hold(each.field, each.new or "") for each in told)
    return changes.with_parts(told) if told and fits else None


def _put_right(changes: Changes, text: str) -> Changes | None:
    """Put one word right in a value that was given: *house number 14, not 12*; None where it stands in none, or in several."""
    if (found := put_right_in(text)) is None:
        return None
    new, old = found
    if old and _FIGURES.search(old) and not _FIGURES.search(new):  # "5 Mill Lane not 4"
        number = _FIGURES.search(text)
        new = number.group() if number and number.group() != old else ""
    if not new:
        return None
    wrong = rf"(?<!\w){re.escape(old)}(?!\w)" if old else r"(?<!\w)\d{1,5}\w{0,2}(?!\w)"
    given = [each for each in changes.parts if each.new and (old or each.field in _STREETS)]
    holding = [each for each in given if len(re.findall(wrong, each.new or "", re.IGNORECASE)) == 1]
    if len(holding) != 1:
        return None
    told = re.sub(wrong, lambda _: new, holding[0].new or "", flags=re.IGNORECASE)
    return changes.with_parts([replace(holding[0], new=told)])


def _one_value(hearing: Hearing, changes: Changes, part: Change) -> Changes | None:
    if part.part_of and is_unchanged(hearing.text):
        return changes.without(part.field)
    is_half = part.field in {ADDRESS, *_STREETS} and is_house_number(hearing.text)
    if hearing.conversational or _slip(hearing, part) or is_half:
        return None
    if whole := _whole_address(hearing, changes):
        return whole
    told = without_no(hearing.text) if says_otherwise(hearing.text) else hearing.text
    value = None if is_said_wrong(hearing.text) or is_swapped(hearing.text) else answer_in(part.field, told)
    if value is None:
        return None
    if part.field == "city" and any(each.field == "country" and not each.new for each in changes.parts):
        # The town is asked again.
        part = replace(part, field="country") if country_in_address(value) else part
    found = taken_apart(Changes((replace(part, new=value),)), hearing.view.fields)
    return changes.without(part.field).with_parts(found.parts) if found.new_values else None


def _slip(hearing: Hearing, part: Change) -> str | None:
    return no_address_in(hearing.text) if part.field == "email" else None


def _is_to_be_emptied(hearing: Hearing, question: str | None, changes: Changes) -> bool:
    """Tell whether nothing is to be put instead; a part of what has a new value may only be missing."""
    part = changes.unsettled
    is_asked_for_value = question in ONE_VALUE | {WHAT} and not (part and part.part_of)
    is_asked_for_value = is_asked_for_value and not _empties_another(hearing, changes)
    talks = bool(hearing.conversational)  # "cancel my erasure" empties no field
    return is_asked_for_value and not talks and empties(hearing.text) and not is_put_off(hearing.text)


def _not_understood(hearing: Hearing, request: RequestSeen, changes: Changes) -> tuple[Move, ...]:
    """Ask once more; after that a person reads what was written. What is said of a code is no answer that was not understood."""
    if of_code := of_code_beside(hearing):
        return (*of_code, AskValueAgain(request.ref, of_code=True))
    part = changes.unsettled
    typed = _slip(hearing, part) if part else None
    slip = said_no_address(hearing, typed) if typed else ()
    cannot_be = part is not None and not slip and _is_of_another_form(hearing.text, part.field)
    return (*slip, AskValueAgain(request.ref, cannot_be=cannot_be))


def _is_of_another_form(text: str, field: str) -> bool:
    """Tell whether an answer has a form of its own that the field cannot hold: a phone number as a name, a day as a town."""
    has_form = "@" in text or bool(phones_in(text)) or day_in(text.strip(" .")) is not None
    is_a_word = (
        len(text.split()) <= _WORDS_OF_A_NAME and can_hold("name", text) and not _NO_VALUE.search(text)
    )
    return not can_hold(field, text) and (has_form or (field in _OF_A_FORM and is_a_word))


def _is_another_wish(hearing: Hearing) -> bool:
    """Tell whether a message uses another right too, or may: it is then no mere answer, and is read as any other."""
    is_whole = erases_all(hearing.text) or by_article_alone(hearing.text)
    expected = CONFIRMED_FIRST if is_whole else CONFIRMED_FIRST | ERASING
    return hearing.reading.decision != "none" and bool(set(hearing.rights) - expected)


def _is_another_field(hearing: Hearing, question: str | None, changes: Changes) -> bool:
    """Tell whether a message corrects another field than the one whose value is asked for: it is read, and joins the correction."""
    part, named = changes.unsettled, hearing.reading.details.get("field")
    asked = {part.field, part.part_of} if part else set()
    is_of_one = question in ONE_VALUE | {WHICH} and hearing.reading.decision != "none"
    return is_of_one and named is not None and named not in asked


def _empties_another(hearing: Hearing, changes: Changes) -> bool:
    """Tell whether a message wants something erased that is not what is corrected: it is read, and is a request of its own."""
    emptied = Changes.emptying(hearing.reading.details)
    if emptied is None or not changes.parts:
        return False
    asked = {name for part in changes.parts for name in (part.field, part.part_of)}
    return not asked & {part.field for part in emptied.parts}


def _only_names_a_field(hearing: Hearing, before: Changes, found: Changes) -> bool:
    """Tell a wish for a person "on the phone" from one to correct the phone number."""
    return bool(hearing.conversational) and found.new_values == before.new_values
