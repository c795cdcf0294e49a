"""A right is opened, or gone on with: registered at once, told with its date, and whatever is missing asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assistant.casework.decisions.sparing import is_paused
from assistant.casework.proof import link_again
from assistant.casework.proof.stopping import void_plan
from assistant.casework.requests import asked_beside, rectification
from assistant.casework.requests.intake import open_request, set_attention, wait_for_own_copy
from assistant.casework.requests.reach import FOR_OTHER, MAILBOX_LOST, is_for_other, is_mailbox_lost
from assistant.casework.requests.rectification import is_unconfirmed
from assistant.casework.talk.asking import ask_where_to_write, call_for_lost_mailbox, next_step
from assistant.casework.talk.standing import ask_whether_still_wanted, say
from assistant.casework.talk.turn import Turn
from assistant.domain.assurance import Tier
from assistant.domain.attention import Attention
from assistant.domain.details import LIMITED
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.moves import Open, OpenForOther
from assistant.domain.rectifying import ADDRESS, EMPTIED, SAID, UNSAID_ADDRESS, Changes
from assistant.domain.rights import ANSWERED_BY_PEOPLE, CONFIRMED_FIRST, ENDING_USES, ERASING, Right
from assistant.domain.talk import ASK_MARKETING, WAITING
from assistant.domain.uses import addresses_in, each_once, few_at_once, of_any_part, wishes_apart
from assistant.store.tables import PrivacyRequest


def open_rights(turn: Turn, move: Open) -> None:
    """Open what is not open yet, go on with what is, and ask for what is missing of either."""
    own = [r for r in turn.own_requests() if r.status not in CLOSED and not is_for_other(r)]
    wanted = [(right, wish) for right in move.rights for wish in _corrections(right, move.details)]
    asked = [(right, wish, _known(turn, own, right, wish)) for right, wish in wanted]
    known = [request for _, _, request in asked if request]
    new = [(right, wish) for right, wish, request in asked if request is None]
    apart = [(right, each) for right, wish in new for each in _wishes(right, wish)]
    opened = [_open_one(turn, right, wish, move) for right, wish in apart]
    joined = [request for _, wish, request in asked if request and _takes_more(turn, request, wish)]
    if known and not opened and not joined:
        turn.say("already_open", requests=turn.seen(known))
    _leave_to_people(turn, [*known, *opened])
    if opened:
        emptied = [request for request in opened if rectification.is_to_be_emptied(request)]
        _acknowledge(turn, opened)
        if emptied:
            turn.say("rectification_to_empty", requests=turn.seen(emptied))
    _have_limit_read(turn, [*known, *opened], move.details)
    _offer_person_beside(turn)
    waiting = [r for r in [*known, *opened] if r.status in WAITING or is_unconfirmed(r)]
    if waiting:  # and whatever waited before: one proof is asked for all of it
        next_step(turn, [*waiting, *(r for r in turn.all_waiting() if r not in waiting)])


def _corrections(right: Right, details: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Take what is to be erased apart from what is to be corrected: nobody is asked what to put in its place."""
    if right not in CONFIRMED_FIRST or not details.get(EMPTIED):
        return [details]
    emptied = {key: value for key, value in details.items() if key == EMPTIED or key not in SAID}
    return [details, emptied] if Changes.read(details).parts else [emptied]


def _emptying(right: Right, details: Mapping[str, Any]) -> Changes | None:
    corrects = right in CONFIRMED_FIRST
    return Changes.emptying(details) if corrects and not Changes.read(details).parts else None


def _known(
    turn: Turn, own: Sequence[PrivacyRequest], right: Right, details: Mapping[str, Any]
) -> PrivacyRequest | None:
    """Give the open request that a wish goes on with: the last of its kind, unless it is another."""
    empties = _emptying(right, details) is not None
    alike = [r for r in own if r.right == right and rectification.is_to_be_emptied(r) == empties]
    return alike[-1] if alike and not _is_another(turn, alike[-1], details) else None


def _wishes(right: Right, details: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return wishes_apart(details) if right in ENDING_USES else [details]


def _open_one(
    turn: Turn, right: Right, details: Mapping[str, Any], move: Open | OpenForOther
) -> PrivacyRequest:
    emptied = _emptying(right, details)
    if right in CONFIRMED_FIRST:
        found = emptied or rectification.in_parts(turn.unit.services, Changes.read(details))
        wanted = found.as_details()
    else:
        takes = turn.unit.services.handlers[right].takes
        wanted = {key: value for key, value in details.items() if key in takes}
    if turn.is_mail and turn.client_numbers:
        wanted = {**wanted, "client_number": turn.client_numbers[0]}
    turn.known = None
    opened = open_request(
        turn.unit,
        turn.conversation,
        right,
        received_at=move.received_at,
        details=wanted,
        tier=turn.tier(right, wanted),
    )
    if emptied:
        if details.get("marketing") and not turn.given.says_which_address:
            _leave_unsaid(turn, opened)
        rectification.leave_empty(turn.unit, opened)
    return opened


def _is_another(turn: Turn, request: PrivacyRequest, details: Mapping[str, Any]) -> bool:
    """A second address to be left alone is a second objection; another field to correct or to empty, a second correction."""
    if emptied := _emptying(
        Right(request.right), details
    ):  # of what is no field nobody knows whether it is the same
        named = {part.field for part in emptied.parts}
        return not named or not named <= {part.field for part in Changes.of(request.details).parts}
    known = addresses_in(request.details)
    others = each_once([*known, *addresses_in(details)])[len(known) :]
    if request.details.get("marketing") and others:
        return True
    if request.right not in CONFIRMED_FIRST or _can_take_more(request):
        return False
    found = rectification.in_parts(turn.unit.services, Changes.read(details)).new_values
    return bool(found.items() - Changes.of(request.details).new_values.items())


def _takes_more(turn: Turn, request: PrivacyRequest, details: Mapping[str, Any]) -> bool:
    """Add what a further message says to a correction that nobody has confirmed yet; tells whether it did."""
    found = rectification.in_parts(turn.unit.services, Changes.read(details))
    if not _can_take_more(request) or not found.parts:
        return False
    rectification.keep_changes(turn.unit, request, Changes.of(request.details).with_parts(found.parts))
    return True


def _can_take_more(request: PrivacyRequest) -> bool:
    return is_unconfirmed(request) and not rectification.is_to_be_emptied(request)


def _leave_to_people(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Have people find out who asks, where the mail that opens a request says that the mailbox is lost: no link goes out."""
    if turn.is_mail and not turn.muted and turn.given.mailbox_lost:
        mark_mailbox_lost(turn, [request for request in requests if request.tier_needed > Tier.T0])


def mark_mailbox_lost(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Keep that no link can be opened, and call a person."""
    for request in requests:
        request.details = {**request.details, MAILBOX_LOST: True}
        turn.unit.session.add(request)
    call_for_lost_mailbox(turn, requests)


def _leave_unsaid(turn: Turn, request: PrivacyRequest) -> None:
    """Take "my address" beside a newsletter for neither the postal nor the e-mail one."""
    changes = Changes.of(request.details)
    unsaid = (replace(p, field=UNSAID_ADDRESS) if p.field == ADDRESS else p for p in changes.parts)
    rectification.keep_changes(turn.unit, request, replace(changes, parts=tuple(unsaid)))


def _have_limit_read(turn: Turn, requests: Sequence[PrivacyRequest], details: Mapping[str, Any]) -> None:
    """Have a person read to which account or to what time an erasure is limited: nothing is to go that was not asked for."""
    erasing = [request for request in requests if request.right in ERASING and details.get(LIMITED)]
    if turn.is_mail:  # easily forged: each once in its life (A48)
        erasing = [each for each in erasing if not asked_beside.was_asked(turn.unit.session, each)]
    meant = asked_beside.note(turn.unit, erasing, turn.conversation)
    if meant and not (turn.is_mail or turn.stands_back):
        turn.say("a_person_reads", requests=turn.seen(meant))


def leave_alone(turn: Turn, named: Sequence[str], references: Sequence[str] = ()) -> None:
    """Keep the addresses that marketing is to leave alone; those that are too many for one, or come later, are opened apart."""
    if not named:
        turn.state = turn.state.asking(ASK_MARKETING, "email", references)
        turn.say(ASK_MARKETING, expects="email")
        return
    # A sentence may both object and withdraw a consent: one address answers for both.
    lacking = (r.ref for r in turn.all_waiting() if turn.missing(r) == ASK_MARKETING)
    requests = turn.requests_named(sorted({*turn.state.about, *lacking, *references}))
    more = {request.ref: _end_for(turn, request, named) for request in requests}
    turn.rest()
    if True in more.values():
        turn.say("marketing_stopped_too")
    elif False in more.values():
        say(turn, [request for request in requests if more[request.ref] is False])
    waiting = turn.all_waiting()
    paused = [request for request in waiting if is_paused(request)]
    next_step(turn, [request for request in waiting if request not in paused])
    if paused and not turn.state.expects:
        ask_whether_still_wanted(turn, paused)  # before that nobody proves it


def _end_for(turn: Turn, request: PrivacyRequest, named: Sequence[str]) -> bool | None:
    """End marketing for these too; tells whether any is new to a request that ended it before, None of one that did not."""
    known = addresses_in(request.details) if request.details.get("marketing") else ()
    new = few_at_once(each_once([*known, *named])[len(known) :])
    if not known and request.status == Status.RECEIVED:
        few, *new = new
        request.details = {**request.details, **few, "marketing": True}
        turn.unit.session.add(request)
    elif not known:
        return None
    for rest in new:
        details = {**of_any_part(request.details), **rest}
        since = turn.unit.now if known else request.received_at
        _open_one(turn, Right(request.right), details, Open((Right(request.right),), since, details))
    return bool(new) if known else None


# ── told ────────────────────────────────────────────────────────────────────────────────────────────


def _acknowledge(turn: Turn, opened: Sequence[PrivacyRequest]) -> None:
    """Registered, with reference and calendar date, whoever the person is."""
    complaints = [request for request in opened if request.right in ANSWERED_BY_PEOPLE]
    others = [request for request in opened if request not in complaints]
    if others and turn.is_mail:
        _acknowledge_by_mail(turn, others)
    elif others:
        turn.say("request_opened", requests=turn.seen(others))
    if complaints:  # with authority and court at once, whatever it stands beside
        turn.say("complaint_received", requests=turn.seen(complaints))


def _acknowledge_by_mail(turn: Turn, opened: Sequence[PrivacyRequest]) -> None:
    """Promise the question or the link that follows, and no link that the limits of the address keep back.

    Each goes its own way, and is told its own: a reference that no link asks for is not offered to it.
    """
    by_people = [request for request in opened if is_mailbox_lost(request)]
    lacking = [request for request in opened if request not in by_people and turn.missing(request)]
    proofless = [r for r in opened if r not in lacking and r.tier_needed == Tier.T0]
    provable = [r for r in opened if r not in [*by_people, *lacking, *proofless]]
    ways = [way for way in (proofless, provable, lacking, by_people) if way]
    if len(ways) > 1:
        for way in ways:
            _acknowledge_by_mail(turn, way)
        return
    seen = turn.seen(opened)
    claim = link_again.claim_of(turn.conversation, opened)
    if by_people:
        turn.say("mail_mailbox_lost", requests=seen)
    elif lacking:
        turn.say("mail_opened_question", requests=seen)
    elif all(r.tier_needed == Tier.T0 for r in opened):
        turn.say("mail_opened_no_proof", requests=seen)
    elif next_at := link_again.none_before(turn.unit, turn.conversation, claim):
        turn.say("mail_opened_later", requests=seen, next_at=next_at)
    else:
        turn.say("mail_opened", requests=seen, by_number=claim.kind == "client_id")


def _offer_person_beside(turn: Turn) -> None:
    """Offer a person in a chat for what is asked of support beside a right; of a mail support reads a copy."""
    is_quiet = turn.is_mail or turn.conversation.taken_by or turn.conversation.wants_person_at
    if not is_quiet and turn.given.asks_support:
        turn.say("support_beside", choices=[turn.person_button()])


# ── for somebody else ───────────────────────────────────────────────────────────────────────────────


def open_for_other(turn: Turn, move: OpenForOther) -> None:
    """Open every right that is used, ask for no proof, and call an agent for the mandate."""
    open_now = [r for r in turn.own_requests() if r.status not in CLOSED and is_for_other(r)]
    known = {request.right for request in open_now}
    new = [right for right in move.rights if right not in known]
    wishes = [(right, wish) for right in new for wish in _corrections(right, move.details)]
    opened = [_open_one(turn, right, wish, move) for right, wish in wishes]
    for request in opened:
        if move.several:
            request.details = {key: value for key, value in request.details.items() if key != "address"}
        wait_for_mandate(turn, request)
    if opened:
        name = "mail_for_somebody_else" if turn.is_mail else "for_somebody_else"
        turn.say(name, requests=turn.seen(opened))
    else:
        for request in open_now:
            set_attention(turn.unit, request, Attention.FOR_SOMEBODY_ELSE)
        turn.say("already_open", requests=turn.seen(open_now))
    ask_where_to_write(turn)


def wait_for_mandate(turn: Turn, request: PrivacyRequest) -> None:
    """Have two people weigh the mandate, whatever a mailbox proves."""
    request.details = {**request.details, FOR_OTHER: True}
    request.tier_needed = int(Tier.T3)
    wait_for_own_copy(turn.unit.session, turn.conversation)
    void_plan(turn.unit, request, Attention.FOR_SOMEBODY_ELSE)
    set_attention(turn.unit, request, Attention.FOR_SOMEBODY_ELSE)


def leave_address(turn: Turn, references: Sequence[str]) -> None:
    """Send nothing to an address that is said to be somebody else's: what it was given for is theirs too, and an agent asks for the mandate."""
    about = turn.requests_named(references)
    if turn.state.hidden and not about:
        turn.say("address_of_another", expects=turn.state.expects)
        return
    _wait_for_mandates(turn, about)
    turn.rest()
    turn.say("address_of_another")
    ask_where_to_write(turn)


def turn_to_other(turn: Turn, references: Sequence[str]) -> None:
    """Ask no more proof of what was asked for somebody else, as it turns out, and say who asks for the mandate."""
    about = turn.requests_named(references)
    _wait_for_mandates(turn, about)
    turn.rest()
    turn.say("for_somebody_else", requests=turn.seen(about))
    ask_where_to_write(turn)


def take_as_own(turn: Turn, references: Sequence[str]) -> None:
    """Ask the proof of what is one's own for what was said to be somebody else's."""
    own = turn.requests_named(references)
    for request in own:
        request.details = {key: value for key, value in request.details.items() if key != FOR_OTHER}
        turn.set_tier(request)
        set_attention(turn.unit, request, None)
    wait_for_own_copy(turn.unit.session, turn.conversation)
    turn.rest()
    next_step(turn, own)


def _wait_for_mandates(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    for request in requests:
        if not request.details.get("marketing") and request.tier_needed > Tier.T0:
            wait_for_mandate(turn, request)
