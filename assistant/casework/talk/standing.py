"""Where requests stand, and taking them back: said to whoever is in a talk, confirmed where a mail says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from assistant.casework import saying
from assistant.casework.answers import running_services
from assistant.casework.decisions import closing
from assistant.casework.decisions import sparing as standing_still
from assistant.casework.proof import challenges
from assistant.casework.requests.clock import stops_clock, waits_since
from assistant.casework.requests.evidence import proves_mailbox
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.reach import waits_for_people
from assistant.casework.talk import elsewhere
from assistant.casework.talk.turn import Turn
from assistant.domain.assurance import Method
from assistant.domain.attention import Attention
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.moves import Claim
from assistant.domain.rights import ERASING
from assistant.domain.talk import (
    ANY,
    ASK_SOUGHT,
    DONT,
    SESSION_HIDDEN,
    WAITING,
    WITHDRAW,
    WITHDRAW_WHICH,
    TalkState,
    was_denied,
)
from assistant.errors import TooManyAttempts
from assistant.interfaces import Choice
from assistant.store.tables import EvidenceRow, PrivacyRequest

_MOST_BUTTONS: Final = 6
_NEXT: Final = {
    Status.RECEIVED: "detail",
    Status.VERIFYING: "verify",
    Status.OPEN: "review",
    Status.AWAITING_APPROVAL: None,  # that says it
    Status.SCHEDULED: "hold",
    Status.EXECUTING: "answer",
    Status.LAPSED: None,  # what can still be done about it stands in its letter
}


def say_all(turn: Turn) -> None:
    """Say where everything stands that is there for whoever is in the talk."""
    requests = turn.own_requests()
    if requests:
        say(turn, requests)
    elif turn.state.awaits_owner:  # whatever was asked in it, or nothing
        _ask_to_prove_again(turn)
    else:
        turn.say("request_status_none")


def say(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Say where these stand, and what comes next of each."""
    turn.say("request_status", requests=[{**saying.as_seen(r), **how_it_stands(turn, r)} for r in requests])


def say_how_it_stands(turn: Turn) -> None:
    """Say what is so where what was pressed or proved has nothing to act on: no letter is sent about nothing."""
    turn.rest()
    say_all(turn)


def bring(turn: Turn, evidence: EvidenceRow) -> list[PrivacyRequest]:
    """Have the requests here that were sought and are answered at a mailbox, now that it is proved; gives them."""
    session = turn.unit.session
    named = [r for ref in turn.state.sought if (r := session.get(PrivacyRequest, ref))]
    proved = proves_mailbox(session, evidence)  # a sign-in opens none but what it proved itself
    theirs = [r for r in named if proved and r.contact_hash == evidence.contact_hash]
    if proved and ANY in turn.state.sought:
        theirs += elsewhere.proved_at(turn.unit, turn.unit.services.keyring.unseal(evidence.contact))
    have_here(turn, theirs)
    return theirs


def have_here(turn: Turn, theirs: Sequence[PrivacyRequest]) -> None:
    """Have requests of whoever proved here in this talk too, until it is hidden."""
    here, refs = {request.ref for request in turn.all_requests()}, [request.ref for request in theirs]
    turn.state = replace(
        turn.state,
        hidden=tuple(ref for ref in turn.state.hidden if ref not in refs),
        brought=tuple(dict.fromkeys([*turn.state.brought, *(ref for ref in refs if ref not in here)])),
    )


def say_what_was_sought(turn: Turn, theirs: Sequence[PrivacyRequest], asked: TalkState) -> None:
    """Say where the requests stand that were brought here, or ask whether they are taken back where that was said of them."""
    stoppable = [request for request in theirs if request.status in STOPPABLE]
    if asked.takes_back and stoppable:
        ask_which = ask_which_back if ANY in asked.sought and len(stoppable) > 1 else ask_to_withdraw
        ask_which(turn, stoppable)
    elif asked.takes_back:
        turn.say("withdraw_too_late", choices=[turn.person_button()], requests=turn.seen(theirs))
    else:
        say(turn, theirs)


def say_of_nothing(turn: Turn, asked: TalkState) -> None:
    """Say what is so where a proof opened nothing; where something was sought, that it answers for none, and wait for another address."""
    if not asked.sought:
        say_how_it_stands(turn)
        return
    sought = turn.state.asking(ASK_SOUGHT, "email")
    turn.state = replace(sought, sought=asked.sought, takes_back=asked.takes_back)
    turn.say("sought_nothing", expects="email", choices=[turn.person_button()])


def _ask_to_prove_again(turn: Turn) -> None:
    """Say that what was here comes back to whoever proves to be the same; that it is hidden was said once, when it was."""
    turn.state = turn.state.asking(SESSION_HIDDEN, "email")
    turn.say("session_still_hidden", expects="email")


def how_it_stands(turn: Turn, request: PrivacyRequest) -> dict[str, Any]:
    """Give where a request stands and what comes next, by what holds it up: its status alone says neither."""
    step = _next_of(turn, request)
    is_late = request.due_on < turn.unit.services.local_day(turn.unit.now)
    if FoundOut.of(request.details).joined:
        return {"next": None, "stands": "joined", "is_late": is_late}
    stands: str = request.status
    if step == "paused":
        stands = step
    elif step != _NEXT.get(Status(stands), step) and stands != Status.RECEIVED:
        stands = Status.OPEN
    return {"next": step, "stands": stands, "is_late": is_late}


def _next_of(turn: Turn, request: PrivacyRequest) -> str | None:
    """Name what comes next: first what an erasure that stands still, a question or a person keeps waiting."""
    if standing_still.is_paused(request):
        return "paused"
    if waits_since(request):
        return "asked_first" if stops_clock(request) else "detail"
    if _waits_for_choice(turn, request):
        return "detail"
    status = Status(request.status)
    looks = waits_for_people(request) or was_denied(request)  # no proof is asked of these
    if status in WAITING and (looks or (status == Status.RECEIVED and request.attention)):
        return "review"
    if status in {Status.VERIFYING, Status.OPEN} and turn.missing(request):
        return "detail"
    return _NEXT.get(status, "done")


def _waits_for_choice(turn: Turn, request: PrivacyRequest) -> bool:
    """Tell whether the person was asked about services that run, and has answered nothing yet."""
    session = turn.unit.session
    is_open = running_services.is_open(session, request)
    return is_open and running_services.to_do(session, request) == running_services.WAIT


# ── taken back ──────────────────────────────────────────────────────────────────────────────────────


def never_mind(turn: Turn, about: Sequence[str] = ()) -> None:
    """Ask whether these, or everything that can still be stopped, are to be withdrawn; by mail at the contact."""
    stoppable = [r for r in turn.own_requests() if r.status in STOPPABLE]
    requests = [r for r in stoppable if not about or r.ref in about]
    if not requests and turn.state.awaits_owner:
        _ask_to_prove_again(turn)
    elif not requests:
        turn.say("withdraw_nothing")
    elif turn.is_mail:
        withdraw_by_link(turn, requests)
    else:
        ask_to_withdraw(turn, requests)


def ask_which_back(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Ask which of several requests is to be withdrawn, each by its own button; its press is the withdrawal. By mail an answer names it."""
    if turn.is_mail:
        turn.say("withdraw_which_by_mail", requests=turn.seen(requests))
        return
    turn.ask_choice(WITHDRAW_WHICH, [r.ref for r in requests])
    buttons = [_take_back_button(turn, request) for request in requests[:_MOST_BUTTONS]]
    everything = turn.button("take_all_back", "takeback:all")
    turn.say(
        WITHDRAW_WHICH,
        expects="choice",
        choices=[*buttons, everything, turn.person_button()],
        requests=turn.seen(requests),
    )


def _take_back_button(turn: Turn, request: PrivacyRequest) -> Choice:
    texts, language = turn.unit.services.texts, turn.conversation.language or "en"
    says, right = (
        texts.label("buttons", "take_one_back", language),
        texts.label("right_names", request.right, language),
    )
    return replace(
        turn.button("take_all_back", f"takeback:{request.ref}"), label=f"{says} {right} ({request.ref})"
    )


def take_one_back(turn: Turn, answer: str) -> None:
    """Withdraw the request that was chosen, or all that the question was about."""
    is_asked = turn.state.question == WITHDRAW_WHICH
    about = turn.requests_named(turn.state.about) if is_asked else []
    take_back(turn, [r for r in about if answer in {r.ref, "all"}], yes=True)


def ask_to_withdraw(turn: Turn, requests: Sequence[PrivacyRequest], words: str = WITHDRAW) -> None:
    """Ask whether these, and no others, are to be withdrawn."""
    turn.ask_choice(WITHDRAW, [r.ref for r in requests])
    buttons = [turn.button("yes", "withdraw:yes"), turn.button("no", "withdraw:no")]
    turn.say(words, expects="choice", choices=buttons, requests=turn.seen(requests))


def ask_to_take_all_back(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Ask whether all of it is taken back; its erasures stand still until that is answered."""
    erasures = [r for r in requests if r.right in ERASING]
    standing_still.pause(turn.unit, erasures, turn.conversation)
    ask_to_withdraw(turn, requests)


def withdraw_by_link(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Whoever writes may not be who asked: the contact confirms."""
    proved = next((r.contact for r in requests if r.contact), None)
    contact = turn.unit.services.keyring.unseal(proved) if proved else turn.conversation.subject_hint
    seen = turn.seen(requests)
    if not contact or turn.muted:
        set_attention(turn.unit, requests[0], Attention.WANTS_TO_WITHDRAW)
        turn.say("withdraw_needs_proof", choices=[turn.person_button()], requests=seen)
        return
    try:
        challenges.want_challenge(
            turn.unit,
            turn.conversation,
            Claim("email", contact),
            [r.ref for r in requests],
            method=Method.EMAIL_LINK,
            purpose="withdraw",
        )
    except TooManyAttempts as error:
        set_attention(turn.unit, requests[0], Attention.WANTS_TO_WITHDRAW)
        turn.say("withdraw_later", requests=seen, next_at=error.data["next_at"])
    else:
        turn.say("withdraw_needs_proof", requests=seen)


def ask_whether_still_wanted(turn: Turn, paused: Sequence[PrivacyRequest]) -> None:
    """Ask of erasures that stand still whether everything is kept, or they go on."""
    turn.ask_choice(DONT, [each.ref for each in paused])
    buttons = [
        turn.button("keep_everything", f"dont:{standing_still.KEEP}"),
        turn.button("go_on_erasing", f"dont:{standing_still.GO_ON}"),
    ]
    turn.say(DONT, expects="choice", choices=buttons, requests=turn.seen(paused))


def take_back(turn: Turn, about: Sequence[PrivacyRequest], *, yes: bool) -> None:
    """Withdraw these, or leave them as they stand, and say which it was."""
    turn.rest()
    if not yes:
        standing_still.go_on(turn.unit, about, "subject")
        say_all(turn)
        return
    done = closing.withdraw(turn.unit, about)
    begun = [each for each in about if each not in done]
    if done:
        turn.say("withdrawn", requests=turn.seen(done))
    if begun:
        turn.say("withdraw_too_late", choices=[turn.person_button()], requests=turn.seen(begun))
    if not about:
        say_all(turn)


def show_new_message(turn: Turn) -> None:
    """Show an agent a right that a message may use beside what was answered of it."""
    for request in turn.own_requests():
        if request.status not in CLOSED and request.attention is None:
            set_attention(turn.unit, request, Attention.NEW_MESSAGE)
