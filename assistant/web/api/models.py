"""What goes in and out of the API: the one place from which answers and their OpenAPI description come."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from assistant.casework.answers.outcomes import Outcome
from assistant.domain.lifecycle import Status
from assistant.domain.rights import Right


def _written_as_a_day(value: object) -> object:
    """Take `2026-11-28` alone: a bare number would be read as seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write the day like 2026-11-28")
    return value


Day = Annotated[date, BeforeValidator(_written_as_a_day)]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class Out(BaseModel):
    """Something the API answers."""

    model_config = ConfigDict(frozen=True)


class Taken(BaseModel):
    """Something the API takes; an unknown name is refused rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ── requests ────────────────────────────────────────────────────────────────────────────────────────


class RequestOut(Out):
    """One right used by one person, with its clock."""

    ref: str
    right: Right
    status: Status
    channel: str
    language: str
    received_at: datetime
    due_on: date
    safe_on: date
    assurance: int = Field(description="Assurance tier proved, 0 to 3")
    attention: str | None = Field(description="Why a person is needed")
    person: str | None = Field(description="Masked, unless revealed")
    assignee: str | None
    outcome: Outcome | None = Field(description="What came of it, told apart; null while it goes its way")


class RequestPage(Out):
    """Requests by due date; `next` is the cursor of those that follow."""

    items: list[RequestOut]
    next: str | None


class LossOut(Out):
    """A letter that did not arrive."""

    letter: str = Field(description="What kind: answer, challenge (a code or link), reply, notice, remind, …")
    to: str = Field(description="Masked")
    failed_at: datetime
    why: str = Field(
        description="refused, bounced, not_taken, no_address, too_late, broken; "
        "unproved: a report without our own id says so, and may be made up"
    )
    code: str = Field(description="What the mail server or its report said, in digits")


class RequestDetail(RequestOut):
    """A request with what it follows from."""

    rules: list[str] = Field(description="The rules of law by which the due date was counted, in order")
    details: dict[str, Any]
    extended_on: date | None
    extension_reason: str = Field(description="As the person was told")
    asked_on: date | None = Field(description="Since when a question to the person waits for its answer")
    ask_by: date = Field(description="The last day on which a question to the person stops the clock")
    after: str | None = Field(description="The request that is carried out first")
    actions: list[str] = Field(description="Its plans, newest first")
    conversation: str
    closed_at: datetime | None
    undelivered: list[LossOut] = Field(
        description="Letters that did not arrive, or may not have (`unproved`), and nobody has dealt with"
    )


class TimelineEntry(Out):
    """A message, what was proved, what was handed over for delivery, or an entry of the audit."""

    at: datetime
    kind: Literal["message", "note", "evidence", "delivery", "audit"]
    actor: str
    event: str
    text: str | None = None
    in_no_copy: bool = Field(
        False,
        description="Words of a chat that several may have used, which are in no copy of this request's person",
    )
    data: dict[str, Any] = {}


class Timeline(Out):
    """Everything that happened, in its order."""

    items: list[TimelineEntry]


# ── plans ───────────────────────────────────────────────────────────────────────────────────────────


class StepOut(Out):
    """What happens to one table of one source."""

    source: str
    table: str
    operation: str
    rows: int
    category: str
    columns: list[str] = Field(description="The columns overwritten; empty where whole rows go or are copied")
    state: str = Field(description="waiting, by_hand, done or failed")
    done_at: datetime | None


class KeepOut(Out):
    """What stays, and the law that says so."""

    source: str
    table: str
    rows: int
    columns: list[str]
    rule: str
    law: str
    until: date | None


class BlockerOut(Out):
    """A running service that holds an erasure up."""

    source: str
    table: str
    rows: int
    what: str


class TypedContactOut(Out):
    """What a lead typed of who asks (T3), which nobody proved; masked for whoever may not approve it."""

    by: str
    contact: str = Field(description="Where the person is answered")
    client_id: str = Field(description="The account that is meant; empty: none was named")
    on_file: bool = Field(description="Whether that address stands on file for that account")


class QueueItem(Out):
    """A plan that waits for its approval."""

    id: str
    request: str
    right: Right
    operation: str
    state: str
    plan_hash: str
    created_at: datetime
    due_on: date
    stands_still: bool = Field(
        description="Told not to erase after all: nothing starts until that is answered"
    )
    not_before: datetime | None = Field(description="When an approved plan is carried out")
    rows_done: int
    rows_to_do: int
    waits_for: list[str] = Field(description="Systems in which an agent has to look by hand")
    needs_second_person: bool = Field(description="Whether one person's approval is not enough as it stands")
    approved_by: list[str] = Field(description="Who approved it, in their order")
    typed_contact: TypedContactOut | None = Field(description="To be looked at before approving")
    steps: list[StepOut]
    keeps: list[KeepOut]
    recipients: list[str]
    undecided: list[str] = Field(
        description="Recipients of whom nobody has said yet whether the data went there"
    )
    left_in: int = Field(
        description="Passages that name somebody else and stay in the copy; part of the hash"
    )
    left_out: int = Field(description="Passages that name somebody else and are left out")
    blockers: list[BlockerOut]
    conflicts: list[str]


class Queue(Out):
    """The plans that wait, by legal due date; `next` names the page behind, where there is one."""

    items: list[QueueItem]
    next: str | None


# ── conversations and reports ───────────────────────────────────────────────────────────────────────


class MessageOut(Out):
    """What was written in a conversation; addresses and long numbers are masked unless revealed."""

    id: int
    sender: Literal["you", "assistant", "agent", "note"] = Field(alias="from")
    name: str
    text: str
    at: datetime
    seen: bool | None = Field(
        default=None, description="Whether the person has seen it; null where nobody can know"
    )


class ConversationOut(Out):
    """One thread in one channel."""

    id: str
    channel: str
    language: str | None
    taken_by: str | None
    wants_person_at: datetime | None
    requests: list[str]
    messages: list[MessageOut]


class Summary(Out):
    """How the desk stands: counts only."""

    by_status: dict[str, int]
    by_right: dict[str, int]
    open: int
    overdue: int
    due_within_7_days: int
    attention: int
    awaiting_approval: int
    wanting_a_person: int


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────


class Nothing(Taken):
    """No parameters, or an empty body."""


class Owner(Taken):
    """Who decides about the data of a website that we host."""

    owner: str = Field(
        max_length=320, description="The e-mail address at which the owner takes such requests"
    )


class RequestQuery(Taken):
    """Which requests; `q` is the beginning of a reference, or a whole e-mail address that was proved."""

    status: Status | None = None
    right: Right | None = None
    due_before: Day | None = None
    q: str = Field("", max_length=320)
    cursor: str = Field("", max_length=100)
    limit: int = Field(50, ge=1, le=200)
    reveal: bool = False


class QueueQuery(Taken):
    """Which page of the queue: `cursor` is `next` of the page before."""

    cursor: str = Field("", max_length=100)
    limit: int = Field(200, ge=1, le=200)


class RevealQuery(Taken):
    """Whether names and addresses are shown; each time leaves an audit entry."""

    reveal: bool = False


class Extension(Taken):
    """Two more months, told to the person with the reason (GDPR 12(3))."""

    reason: Text


class WhichIsMeant(Taken):
    """What becomes of an erasure that stands still since the person said not to erase after all."""

    answer: Literal["keep", "go_on"]


class Refusal(Taken):
    """A ground of the law, and why it applies, in words for the person (GDPR 12(4))."""

    ground: str
    reason: Text
    facts: dict[str, str] = Field(
        default_factory=dict,
        description="What this ground requires beside the reason: proof_of_abuse, earlier_requests (references), "
        "fee_offered_on (a day), national_provision, law, kept_until (a day), compelling_grounds",
    )


class Question(Taken):
    """A question to the person, and the ground on which it is asked (GDPR 12(6), Recital 63)."""

    text: str = Field(min_length=1, max_length=5_000)
    ground: Literal["identity", "specify"]
    although_late: bool = Field(
        default=False, description="Send it although it was not asked in time and stops no clock"
    )


class Decision(Taken):
    """Why a lead is sure who asks (T3); where nothing was proved, also where to answer and whom to look for."""

    reason: Text
    contact: str = Field("", max_length=320)
    client_id: str = Field("", max_length=64)


class Written(Taken):
    """A text: to the person in replies and closing answers, to colleagues in notes."""

    text: Text


class Assignment(Taken):
    """Whose a request is; null gives it back to all."""

    assignee: str | None


class Approval(Taken):
    """The hash of the plan that was looked at."""

    plan_hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class Rejection(Taken):
    """Why a plan is not good."""

    reason: Text


class HandOverDecision(Taken):
    """Whether data went to a recipient of whom nothing is recorded; the name is the catalogue's."""

    recipient: str
    went_there: bool


class Lifting(Taken):
    """Why a restriction ends; the person reads it before it does."""

    reason: Text


class ByHand(Taken):
    """What an agent found, one record each, or how many records were dealt with and how many stay, and why."""

    source: str
    found: list[str] = []
    rows: int = Field(0, ge=0)
    left: int = Field(0, ge=0)
    why: str = ""


class AskedAbout(Taken):
    """Addresses and numbers of your own that marketing might go to; they stand in the body, never in an address."""

    addresses: list[Annotated[str, Field(min_length=1, max_length=320)]] = Field(
        min_length=1, max_length=1_000
    )


class Suppressed(Out):
    """Those of them, as they were sent, that marketing must not reach."""

    suppressed: list[str]


class Problem(Out):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    code: str
