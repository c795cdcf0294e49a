"""What each address of the API does: one small unit of work, by the agent whose token came along."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from assistant.casework.agents.talking import get_conversation
from assistant.casework.answers import by_hand, forwarding, recipients, undelivered
from assistant.casework.decisions import approval, closing, lifting, questions, refusing, sparing
from assistant.casework.plans import execution, failed
from assistant.casework.proof import people_decide
from assistant.casework.requests import queue
from assistant.casework.requests.person import reveal
from assistant.casework.requests.queue import Principal, Scope, get_action, get_request
from assistant.casework.uses.suppression import off_since
from assistant.domain.addresses import normal_address, normal_contact
from assistant.domain.lifecycle import OPEN, PlanState
from assistant.domain.outside import is_storable
from assistant.domain.reference import parse_reference
from assistant.errors import Conflict, Invalid, NotFound, StalePlan
from assistant.services import Services, Unit
from assistant.store import queries
from assistant.store.keyring import client_hash
from assistant.store.queries import RequestFilter
from assistant.store.rows import PrivacyRequest
from assistant.web.api import models as m
from assistant.web.api import views

_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, about what, with which parameters."""

    unit: Unit
    agent: Principal
    ident: str
    query: Any
    body: Any


# ── requests ────────────────────────────────────────────────────────────────────────────────────────


def list_requests(call: Call) -> m.RequestPage:
    """List requests by due date."""
    query: m.RequestQuery = call.query
    wanted = _filter(call.unit.services, query)
    after = read_cursor(query.cursor) if query.cursor else None
    found = queries.requests_by_due_date(call.unit.session, wanted, after=after, limit=query.limit + 1)
    page = found[: query.limit]
    revealed_to = call.agent if query.reveal else None
    items = [views.request_out(call.unit, request, revealed_to) for request in page]
    return m.RequestPage(items=items, next=make_cursor(page[-1]) if len(found) > len(page) else None)


def _filter(services: Services, query: m.RequestQuery) -> RequestFilter:
    words = query.q.strip()
    is_address = "@" in words
    return RequestFilter(
        status=query.status,
        right=query.right,
        due_before=query.due_before,
        reference="" if is_address else parse_reference(words) or words.upper(),
        contact_hash=services.keyring.keyed_hash(normal_address(words)) if is_address else "",
        client_hash=client_hash(services.keyring, words) if words and not is_address else "",
    )


def make_cursor(request: PrivacyRequest) -> str:
    """Name the place after a request in the order of due dates."""
    return base64.urlsafe_b64encode(f"{request.due_on}|{request.ref}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[date, str]:
    """Read such a name; raises Invalid for anything else."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        due_on, ref = text.split("|")
        if not is_storable(ref):
            raise ValueError("no reference")  # noqa: TRY301 - one way to be no cursor
        return date.fromisoformat(due_on), ref
    except (ValueError, binascii.Error):
        raise Invalid("cursor: take it from `next` of the page before, or leave it out.") from None


def show_request(call: Call) -> m.RequestDetail:
    """Show one request."""
    return _detail(call, call.agent if call.query.reveal else None)


def _detail(call: Call, revealed_to: Principal | None = None) -> m.RequestDetail:
    request = get_request(call.unit.session, call.ident)
    return views.request_detail(call.unit, request, revealed_to)


def show_timeline(call: Call) -> m.Timeline:
    """Show everything that happened about one request."""
    request = get_request(call.unit.session, call.ident)
    if call.query.reveal:
        reveal(call.unit, request, call.agent)
    return views.timeline(call.unit, request, revealed=call.query.reveal)


def extend(call: Call) -> m.RequestDetail:
    """Extend by two months and tell the person (GDPR 12(3))."""
    closing.extend(call.unit, call.ident, call.body.reason, call.agent)
    return _detail(call)


def refuse(call: Call) -> m.RequestDetail:
    """Refuse on a ground of the law and tell the person (GDPR 12(4))."""
    body: m.Refusal = call.body
    refusing.refuse(call.unit, call.ident, body.ground, body.reason, call.agent, body.facts)
    return _detail(call)


def decide_recipient(call: Call) -> m.RequestDetail:
    """Say of a recipient of whom nothing is recorded whether the data went there; the plan is made again."""
    body: m.HandOverDecision = call.body
    recipients.decide(call.unit, call.ident, body.recipient, call.agent, went_there=body.went_there)
    return _detail(call)


def reply(call: Call) -> m.RequestDetail:
    """Write to the person in the channel of the request."""
    conversation = get_conversation(
        call.unit.session, get_request(call.unit.session, call.ident).conversation_id
    )
    closing.reply(call.unit, conversation, call.body.text, call.agent)
    return _detail(call)


def ask(call: Call) -> m.RequestDetail:
    """Ask the person who they are or what exactly they want; in time, the clock stands still until they answer."""
    body: m.Question = call.body
    questions.ask(call.unit, call.ident, body.ground, body.text, call.agent, although_late=body.although_late)
    return _detail(call)


def note(call: Call) -> m.RequestDetail:
    """Leave a note for colleagues."""
    closing.note(call.unit, call.ident, call.body.text, call.agent)
    return _detail(call)


def settle(call: Call) -> m.RequestDetail:
    """Note that what did not arrive has been dealt with."""
    undelivered.settle(call.unit, get_request(call.unit.session, call.ident), call.agent)
    return _detail(call)


def lift(call: Call) -> m.RequestDetail:
    """Have a plan made that lifts a restriction; its approval tells the person first (GDPR 18(3))."""
    lifting.lift(call.unit, call.ident, call.body.reason, call.agent)
    return _detail(call)


def decide_t3(call: Call) -> m.RequestDetail:
    """Take a lead's word for who asks (T3); a second person approves what it unlocks."""
    body: m.Decision = call.body
    people_decide.decide_t3(
        call.unit,
        call.ident,
        body.reason,
        call.agent,
        contact=body.contact,
        client_id=body.client_id,
    )
    return _detail(call)


def assign(call: Call) -> m.RequestDetail:
    """Give a request to an agent, or to nobody."""
    assignee = call.body.assignee
    if assignee is not None and not queries.is_active_agent(call.unit.session, assignee):
        raise NotFound("Nobody of that name works here; `assistant agents list` names everybody.")
    closing.assign(call.unit, call.ident, assignee, call.agent)
    return _detail(call)


def forward(call: Call) -> m.RequestDetail:
    """Pass a request on to the owner of a hosted site (GDPR 28(3)(e))."""
    forwarding.forward(call.unit, call.ident, call.body.owner, call.agent)
    return _detail(call)


def decide_dont(call: Call) -> m.RequestDetail:
    """Let an erasure that stands still go on, or end it, where nobody answered which is meant."""
    sparing.decide(call.unit, call.ident, call.body.answer, call.agent)
    return _detail(call)


def lapse(call: Call) -> m.RequestDetail:
    """Send the letter to somebody who never proved who they are, and close (GDPR 12(4))."""
    closing.lapse(call.unit, call.ident, call.agent)
    return _detail(call)


def close(call: Call) -> m.RequestDetail:
    """Answer by hand and close."""
    closing.close(call.unit, call.ident, call.body.text, call.agent)
    return _detail(call)


# ── the queue ───────────────────────────────────────────────────────────────────────────────────────


def list_queue(call: Call) -> m.Queue:
    """List the plans that wait for approval, by legal due date."""
    query: m.QueueQuery = call.query
    waiting = queue.waiting_page(call.unit.session, query.cursor, query.limit)
    items = [
        views.queue_item(call.unit, action, get_request(call.unit.session, action.ref), call.agent)
        for action in waiting.rows
    ]
    return m.Queue(items=items, next=waiting.next or None)


def show_action(call: Call) -> m.QueueItem:
    """Show one plan, whatever became of it."""
    return views.queue_item(call.unit, *get_action(call.unit.session, call.ident), call.agent)


def approve_plan(call: Call) -> m.QueueItem:
    """Approve exactly the plan of this hash; a stale one gives 409 and the current plan."""
    try:
        approval.approve(call.unit, call.ident, call.body.plan_hash, call.agent)
    except Conflict as error:
        raise _with_current(call, error) from None
    return show_action(call)


def _with_current(call: Call, error: Conflict) -> Conflict:
    """Put the plan beside that would have to be approved instead."""
    _, request = get_action(call.unit.session, call.ident)
    waiting = queries.live_plan_of(call.unit.session, request.ref)
    if waiting is None or waiting.state != PlanState.PROPOSED or waiting.plan_hash == call.body.plan_hash:
        return error
    item = views.queue_item(call.unit, waiting, request, call.agent)
    return StalePlan(current=waiting.plan_hash, plan=item.model_dump(mode="json"))


def reject_plan(call: Call) -> m.QueueItem:
    """Reject a plan with the reason; the request stays open."""
    approval.reject(call.unit, call.ident, call.body.reason, call.agent)
    return show_action(call)


def answer_by_hand(call: Call) -> m.QueueItem:
    """Say what was found or done by hand in a system without an interface."""
    body: m.ByHand = call.body
    said = by_hand.Answer("\n".join(body.found), body.rows, body.left, body.why)
    by_hand.answer(call.unit, call.ident, body.source, said, call.agent)
    return show_action(call)


def stop_plan(call: Call) -> m.QueueItem:
    """Stop a plan that is being carried out; it can go on from the step it had reached."""
    execution.stop(call.unit, call.ident, call.agent)
    return show_action(call)


def give_up(call: Call) -> m.QueueItem:
    """Tell the person honestly what was done and what was not; the rest can still be carried out later."""
    failed.give_up(call.unit, call.ident, call.agent)
    return show_action(call)


def go_on(call: Call) -> m.QueueItem:
    """Have a plan that failed or was stopped go on."""
    failed.try_again(call.unit, call.ident, call.agent)
    return show_action(call)


# ── conversations and reports ───────────────────────────────────────────────────────────────────────


def show_conversation(call: Call) -> m.ConversationOut:
    """Show a conversation, masked."""
    return views.conversation_out(call.unit, get_conversation(call.unit.session, call.ident))


def reply_in_conversation(call: Call) -> m.ConversationOut:
    """Write to the person in a conversation."""
    conversation = get_conversation(call.unit.session, call.ident)
    closing.reply(call.unit, conversation, call.body.text, call.agent)
    return show_conversation(call)


def summary(call: Call) -> m.Summary:
    """Count how the desk stands."""
    session, today = call.unit.session, call.unit.services.local_day(call.unit.now)
    by_status = queries.count_by(session, "status")
    overdue = queries.count_open(session, due_before=today)
    return m.Summary(
        by_status=by_status,
        by_right=queries.count_by(session, "right"),
        open=sum(n for status, n in by_status.items() if status in OPEN),
        overdue=overdue,
        due_within_7_days=queries.count_open(session, due_before=today + _SOON + timedelta(days=1)) - overdue,
        attention=queries.count_open(session, attention=True),
        awaiting_approval=queue.count_waiting(session),
        wanting_a_person=queries.count_wanting_a_person(session),
    )


def suppressed(call: Call) -> m.Suppressed:
    """Say to which of your own addresses and numbers marketing must not go (GDPR 21(3))."""
    asked: list[str] = call.body.addresses
    for number, address in enumerate(asked):
        if normal_contact(address) is None:
            raise Invalid(f"addresses.{number}: is neither an e-mail address nor a telephone number.")
    call.unit.services.counts["suppression_lookups"] += 1
    call.unit.services.counts["suppression_addresses"] += len(asked)
    off = off_since(call.unit.services.keyring, call.unit.session, asked)
    return m.Suppressed(suppressed=[address for address in dict.fromkeys(asked) if address in off])


# ── the table ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the API: routes and OpenAPI are both made from it."""

    method: str
    path: str
    work: Callable[[Call], m.Out]
    answer: type[m.Out]
    scope: Scope = Scope.READ
    query: type[m.Taken] = m.Nothing
    body: type[m.Taken] | None = None
    reads: bool = False  # a POST only because what is asked may stand in no address
    a_minute: int = 0  # calls of one agent; nought means no limit

    def writes(self, query: m.Taken) -> bool:
        """Tell whether a call may change something: a revealing GET leaves its audit entry."""
        return (self.method == "POST" and not self.reads) or bool(getattr(query, "reveal", False))


def _post(
    path: str, work: Callable[[Call], m.Out], answer: type[m.Out], body: type[m.Taken], scope: Scope
) -> Endpoint:
    return Endpoint("POST", path, work, answer, scope, body=body)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/requests", list_requests, m.RequestPage, query=m.RequestQuery),
    Endpoint("GET", "/requests/{ref}", show_request, m.RequestDetail, query=m.RevealQuery),
    Endpoint("GET", "/requests/{ref}/timeline", show_timeline, m.Timeline, query=m.RevealQuery),
    _post("/requests/{ref}/extend", extend, m.RequestDetail, m.Extension, Scope.REPLY),
    _post("/requests/{ref}/refuse", refuse, m.RequestDetail, m.Refusal, Scope.REPLY),
    _post("/requests/{ref}/reply", reply, m.RequestDetail, m.Written, Scope.REPLY),
    _post("/requests/{ref}/ask", ask, m.RequestDetail, m.Question, Scope.REPLY),
    _post("/requests/{ref}/settle", settle, m.RequestDetail, m.Nothing, Scope.REPLY),
    _post("/requests/{ref}/note", note, m.RequestDetail, m.Written, Scope.REPLY),
    _post("/requests/{ref}/recipients", decide_recipient, m.RequestDetail, m.HandOverDecision, Scope.REPLY),
    _post("/requests/{ref}/lift", lift, m.RequestDetail, m.Lifting, Scope.REPLY),
    _post("/requests/{ref}/decide_t3", decide_t3, m.RequestDetail, m.Decision, Scope.REPLY),
    _post("/requests/{ref}/assign", assign, m.RequestDetail, m.Assignment, Scope.REPLY),
    _post("/requests/{ref}/forward", forward, m.RequestDetail, m.Owner, Scope.APPROVE),
    _post("/requests/{ref}/dont", decide_dont, m.RequestDetail, m.WhichIsMeant, Scope.APPROVE),
    _post("/requests/{ref}/lapse", lapse, m.RequestDetail, m.Nothing, Scope.REPLY),
    _post("/requests/{ref}/close", close, m.RequestDetail, m.Written, Scope.REPLY),
    Endpoint("GET", "/queue", list_queue, m.Queue, query=m.QueueQuery),
    Endpoint("GET", "/queue/{id}", show_action, m.QueueItem),
    _post("/queue/{id}/approve", approve_plan, m.QueueItem, m.Approval, Scope.APPROVE),
    _post("/queue/{id}/reject", reject_plan, m.QueueItem, m.Rejection, Scope.REPLY),
    _post("/queue/{id}/by_hand", answer_by_hand, m.QueueItem, m.ByHand, Scope.REPLY),
    _post("/queue/{id}/stop", stop_plan, m.QueueItem, m.Nothing, Scope.APPROVE),
    _post("/queue/{id}/give_up", give_up, m.QueueItem, m.Nothing, Scope.APPROVE),
    _post("/queue/{id}/go_on", go_on, m.QueueItem, m.Nothing, Scope.APPROVE),
    Endpoint("GET", "/conversations/{id}", show_conversation, m.ConversationOut),
    _post("/conversations/{id}/reply", reply_in_conversation, m.ConversationOut, m.Written, Scope.REPLY),
    Endpoint("GET", "/reports/summary", summary, m.Summary),
    Endpoint(
        "POST",
        "/suppressed",
        suppressed,
        m.Suppressed,
        Scope.SUPPRESSION,
        body=m.AskedAbout,
        reads=True,
        a_minute=120,
    ),
)
