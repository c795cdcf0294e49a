"""Statuses of a request and every way from one to the next, on one screen, with the article behind each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


S = Status
CLOSED = frozenset({S.ANSWERED, S.PARTLY_ANSWERED, S.REFUSED, S.WITHDRAWN, S.FORWARDED, S.LAPSED})
OPEN = frozenset(Status) - CLOSED
# Until the effect starts the person may still stop it.
STOPPABLE = frozenset({S.RECEIVED, S.VERIFYING, S.OPEN, S.AWAITING_APPROVAL, S.SCHEDULED})


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a status to the next."""

    before: Status
    after: Status
    when: str
    article: str = ""


TRANSITIONS: tuple[Transition, ...] = (
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
)

_ALLOWED = frozenset((row.before, row.after) for row in TRANSITIONS)


def advance(before: Status, after: Status) -> Status:
    """Give the next status; raises IllegalTransition for a way that the table does not hold."""
    if (before, after) not in _ALLOWED:
        raise IllegalTransition(
            f"A request that is {before} cannot become {after}; look at it again.", before=before, after=after
        )
    return after


def diagram() -> str:
    """Draw the table as a Mermaid state diagram for the README."""
    rows = [f"    {row.before} --> {row.after}: {row.when}" for row in TRANSITIONS]
    ends = [f"    {status} --> [*]" for status in sorted(CLOSED)]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {S.RECEIVED}", *rows, *ends])
