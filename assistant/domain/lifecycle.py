"""Every life and every way from one of its states to the next, on one screen, with the article behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from assistant.errors import IllegalTransition


class Status(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    VERIFYING = "verifying"
    OPEN = "open"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"  # approved, waiting for the hold
    EXECUTING = "executing"
    ANSWERED = "answered"
    PARTLY_ANSWERED = "partly_answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FORWARDED = "forwarded"  # we are only the processor
    LAPSED = "lapsed"  # never verified, and told so


class PlanState(StrEnum):
    """Where a plan stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTING = "executing"
    STOPPING = "stopping"  # an agent said so; the step under way is rolled back
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"
    REJECTED = "rejected"
    VOID = "void"  # no longer true, or no longer wanted


class StepState(StrEnum):
    """Where a step of a plan stands."""

    WAITING = "waiting"
    BY_HAND = "by_hand"  # a person was asked
    FAILED = "failed"
    DONE = "done"


class ChallengeState(StrEnum):
    """Where a question for proof stands."""

    WANTED = "wanted"
    SENT = "sent"
    SPENT = "spent"  # no more tries; one that is being checked may still be right
    USED = "used"
    DEAD = "dead"


class LetterState(StrEnum):
    """Where a letter stands."""

    WAITING = "waiting"
    DONE = "done"  # somebody else answers for it now
    DEAD = "dead"
    BOUNCED = "bounced"


LIVES: Final[Mapping[type[StrEnum], str]] = {
    Status: "request",
    PlanState: "plan",
    StepState: "step",
    ChallengeState: "code",
    LetterState: "letter",
}
S, P, T, C, L = Status, PlanState, StepState, ChallengeState, LetterState
CLOSED = frozenset({S.ANSWERED, S.PARTLY_ANSWERED, S.REFUSED, S.WITHDRAWN, S.FORWARDED, S.LAPSED})
OPEN = frozenset(Status) - CLOSED
# Until the effect starts the person may still stop it.
STOPPABLE = frozenset({S.RECEIVED, S.VERIFYING, S.OPEN, S.AWAITING_APPROVAL, S.SCHEDULED})
State = TypeVar("State", Status, PlanState, StepState, ChallengeState, LetterState)


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a state to the next."""

    before: StrEnum
    after: StrEnum
    when: str
    article: str = ""


TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition(S.RECEIVED, S.VERIFYING, "proof is asked for", "GDPR 12(6)"),
    Transition(S.RECEIVED, S.OPEN, "no proof is needed"),
    Transition(S.RECEIVED, S.EXECUTING, "carried out at once: marketing", "GDPR 21(3), 7(3)"),
    Transition(S.VERIFYING, S.OPEN, "the person proved who they are"),
    Transition(S.VERIFYING, S.LAPSED, "never proved; the letter was approved", "GDPR 12(4)"),
    Transition(S.LAPSED, S.OPEN, "proved late: taken up again"),
    Transition(S.OPEN, S.AWAITING_APPROVAL, "a plan is proposed"),
    Transition(S.OPEN, S.ANSWERED, "answered without a plan", "GDPR 12(3)"),
    Transition(S.AWAITING_APPROVAL, S.OPEN, "the plan was rejected or is no longer true"),
    Transition(S.AWAITING_APPROVAL, S.SCHEDULED, "the plan was approved by its hash"),
    Transition(S.SCHEDULED, S.AWAITING_APPROVAL, "the approval was undone or became void"),
    Transition(S.SCHEDULED, S.EXECUTING, "the hold is over"),
    Transition(S.EXECUTING, S.ANSWERED, "done, counted again and answered", "GDPR 12(3)"),
    Transition(S.EXECUTING, S.PARTLY_ANSWERED, "done in part; the answer says what is left", "GDPR 12(4)"),
    Transition(S.PARTLY_ANSWERED, S.EXECUTING, "an agent has the rest carried out"),
    *(Transition(s, S.WITHDRAWN, "the person took it back") for s in sorted(STOPPABLE)),
    *(
        Transition(s, S.REFUSED, "refused by a lead with its ground", "GDPR 12(4), 12(5)")
        for s in (S.RECEIVED, S.VERIFYING, S.OPEN, S.AWAITING_APPROVAL)
    ),
    *(
        Transition(s, S.FORWARDED, "passed on to the controller we host", "GDPR 28(3)(e)")
        for s in (S.RECEIVED, S.VERIFYING, S.OPEN)
    ),
    # a plan
    Transition(P.PROPOSED, P.APPROVED, "approved by its hash"),
    Transition(P.PROPOSED, P.REJECTED, "rejected with a reason"),
    Transition(P.PROPOSED, P.VOID, "no longer true or wanted"),
    Transition(P.APPROVED, P.PROPOSED, "the approval was undone, or the proof is not enough any more"),
    Transition(P.APPROVED, P.VOID, "no longer true or wanted"),
    Transition(P.APPROVED, P.EXECUTING, "the hold is over"),
    Transition(P.APPROVED, P.FAILED, "could not begin, time after time"),
    Transition(P.EXECUTING, P.STOPPING, "an agent stops it while it runs"),
    Transition(P.EXECUTING, P.STOPPED, "an agent stops it while nothing runs"),
    Transition(P.EXECUTING, P.DONE, "every step is done"),
    Transition(P.EXECUTING, P.FAILED, "tried again, time after time"),
    Transition(P.STOPPING, P.STOPPED, "the step under way was rolled back"),
    Transition(P.STOPPING, P.FAILED, "it failed before it could stop"),
    Transition(P.STOPPED, P.EXECUTING, "an agent has it go on"),
    Transition(P.FAILED, P.EXECUTING, "an agent has it tried again"),
    Transition(P.STOPPED, P.VOID, "the restriction stays after all"),
    Transition(P.FAILED, P.VOID, "the restriction stays after all"),
    # a step of it
    Transition(T.WAITING, T.DONE, "done and counted again"),
    Transition(T.WAITING, T.BY_HAND, "a person is asked"),
    Transition(T.WAITING, T.FAILED, "the source is as it was"),
    Transition(T.BY_HAND, T.DONE, "the person did it"),
    Transition(T.FAILED, T.DONE, "done at another try"),
    Transition(T.FAILED, T.BY_HAND, "a person is asked"),
    Transition(T.FAILED, T.FAILED, "the source is still as it was"),
    # a question for proof
    Transition(C.WANTED, C.SENT, "sent to the contact, or to nobody and told apart by nothing"),
    Transition(C.WANTED, C.DEAD, "replaced, too late, or its receipt came back"),
    Transition(C.SENT, C.SPENT, "the last try was wrong"),
    Transition(C.SENT, C.USED, "answered right, once"),
    Transition(C.SENT, C.DEAD, "replaced, too late or denied"),
    Transition(C.SPENT, C.USED, "the try that was being checked was right"),
    Transition(C.SPENT, C.DEAD, "replaced or too late"),
    # a letter
    Transition(L.WAITING, L.DONE, "its channel took it"),
    Transition(L.WAITING, L.DEAD, "refused, or tried for too long"),
    Transition(L.DONE, L.BOUNCED, "reported as not delivered"),
    Transition(L.DEAD, L.BOUNCED, "reported as not delivered"),
    Transition(L.BOUNCED, L.WAITING, "mail for support is sent again"),
)
FIRST: Final[tuple[StrEnum, ...]] = (S.RECEIVED, P.PROPOSED, T.WAITING, C.WANTED, C.SENT, L.WAITING)

# A word is of several lives.
_ALLOWED = frozenset((type(row.after), row.before, row.after) for row in TRANSITIONS)


def advance(before: str, after: State) -> State:
    """Give the next state of whatever life it is of; raises IllegalTransition for a way that the table does not hold."""
    life = type(after)
    if (life, before, after) not in _ALLOWED:
        raise IllegalTransition(
            f"A {LIVES[life]} that is {before} cannot become {after}; look at it again.",
            before=before,
            after=after,
        )
    return after


def ways_to(after: StrEnum) -> Sequence[str]:
    """List the states from which this one is reached: what many rows at once are chosen by."""
    return sorted(row.before.value for row in TRANSITIONS if row.after is after)


def diagram(life: type[StrEnum] = Status) -> str:
    """Draw the ways of one life as a Mermaid state diagram for the README."""
    ways = [row for row in TRANSITIONS if type(row.after) is life]
    begins = [f"    [*] --> {first}" for first in FIRST if type(first) is life]
    ends = (
        CLOSED
        if life is Status
        else {state for state in life if all(row.before is not state for row in ways)}
    )
    return "\n".join(
        [
            "stateDiagram-v2",
            *begins,
            *(f"    {row.before} --> {row.after}: {row.when}" for row in ways),
            *(f"    {state} --> [*]" for state in sorted(ends)),
        ]
    )
