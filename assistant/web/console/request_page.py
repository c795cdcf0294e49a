"""What an agent needs to decide about one request: its clock, its plan, the answer, the story so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from aiohttp import web

from assistant.casework.agents.talking import get_conversation
from assistant.casework.answers import answers, by_hand, running_services
from assistant.casework.answers.redaction import Mention, as_got, mentions_of
from assistant.casework.answers.transferring import letter_once_sent, waiting_package, where_to
from assistant.casework.answers.undelivered import Lost, is_settled_by_word, lost_letters_of
from assistant.casework.decisions import approval, four_eyes, questions
from assistant.casework.decisions.lifting import may_lift
from assistant.casework.decisions.sparing import is_paused
from assistant.casework.plans.samples import samples_of
from assistant.casework.presses import labels_of
from assistant.casework.proof.link_again import waits_for_link
from assistant.casework.proof.people_decide import TypedContact, may_decide, typed_contact
from assistant.casework.requests import named_accounts
from assistant.casework.requests.clock import waits_since
from assistant.casework.requests.evidence import answer_for, is_account_alone
from assistant.casework.requests.hidden import is_hidden
from assistant.casework.requests.intake import OTHER_SENDER, dates_of
from assistant.casework.requests.person import person_of
from assistant.casework.requests.queue import Principal, get_request
from assistant.casework.requests.whose import apart_from
from assistant.casework.uses import put_back
from assistant.domain.assurance import DENIED_BEFORE
from assistant.domain.grounds import Ground, grounds_for
from assistant.domain.lifecycle import CLOSED, PlanState, Status, StepState
from assistant.domain.masking import mask_email, mask_text
from assistant.domain.own_records import period_of
from assistant.domain.plan import Hindrance, Operation, Plan, plan_from_json
from assistant.domain.presses import PRESS
from assistant.domain.questions import QuestionGround
from assistant.domain.rectifying import Change, Changes
from assistant.domain.refusing import facts_to_write
from assistant.domain.rights import IRREVERSIBLE, Right
from assistant.errors import AssistantError
from assistant.naming import Naming
from assistant.replies import Texts
from assistant.replies.linter import Fault, Linter
from assistant.services import Rendered, Services, Unit
from assistant.store import queries
from assistant.store.rows import Action, Audit, EvidenceRow, Message, PrivacyRequest, StepRow
from assistant.web.console.access import Visit, explained, show
from assistant.web.console.files import FilesView, files_view
from assistant.web.console.lists import Row, loss_in_words, row_of
from assistant.web.console.words import Words

_SHOWN_DATA = (
    "reason",
    "recipient",
    "after",
    "rows",
    "keeps",
    "method",
    "tier",
    "flags",
    "assignee",
    "due_on",
    "not_before",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    kind: str  # you, desk, agent, note, audit, evidence
    who: str
    title: str
    text: str = ""
    message_id: int | None = None  # of a message of the person, whose reading can be corrected
    files: FilesView | None = None  # what came with it
    # Said by another at the same browser, or nobody can tell: in no copy of the person.
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """The answer as it will go out, and what the checklist says of it."""

    subject: str
    text: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class TaskView:
    """What an agent has to do by hand, and since when."""

    source: str
    title: str
    look_up: str
    is_search: bool
    since: datetime | None
    for_whom: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan with how far it has come."""

    action: Action
    plan: Plan
    steps: tuple[StepRow, ...]
    irreversible: bool
    preview: Preview | None
    tasks: tuple[TaskView, ...]
    mentions: tuple[tuple[Mention, tuple[str, ...]], ...]  # and its excerpts as the person would get them
    second_person: bool
    approved_by: tuple[str, ...]  # while it waits: who approved it before the second person
    touched_by: tuple[str, ...]
    may_approve: bool  # whoever looks at it

    @property
    def rows(self) -> int:
        """Count what it touches or copies."""
        return self.plan.rows

    @property
    def left_in(self) -> list[tuple[Mention, tuple[str, ...]]]:
        """List what names somebody else and leaves with the copy, as the person gets it."""
        return [(each, got) for each, got in self.mentions if not each.is_left_out]

    @property
    def by_category(self) -> list[tuple[str, str, int]]:
        """Count that by source and category, as somebody reads who does not know the tables."""
        rows: Counter[tuple[str, str]] = Counter()
        for step in self.plan.steps:
            for effect in step.effects:
                rows[step.source, effect.category] += effect.rows
        return [(source, category, n) for (source, category), n in rows.items() if n]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """Whether the person may be asked something, on which grounds, and whether that still stops the clock."""

    grounds: tuple[QuestionGround, ...]
    ask_by: date
    is_late: bool
    waits_since: date | None


@dataclass(frozen=True, slots=True)
class LossView:
    """A letter that did not arrive: what, to masked whom, when, and why in words."""

    what: str
    to: str
    at: datetime
    why: str
    proved: bool  # False where only a report without our own id says so


@dataclass(frozen=True, slots=True)
class ProvedView:
    """By what it was proved who asks, for which client number; and whether that account alone was looked at."""

    method: str
    account: str
    is_account_alone: bool


@dataclass(frozen=True, slots=True)
class UndoneView:
    """What an undone objection changed: each thing by its name in the form, in words; and for whom."""

    addresses: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    is_told: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request as its page shows it."""

    request: PrivacyRequest
    row: Row
    evidence: EvidenceRow | None
    plan: PlanView | None
    entries: tuple[Entry, ...]
    details: tuple[tuple[str, str], ...]
    from_to: tuple[Change, ...]  # what is to be corrected, for whoever decides it: as it was typed
    grounds: tuple[Ground, ...]
    facts: tuple[tuple[str, str, str], ...]
    rules: tuple[str, ...]  # how the due date was counted
    flags: tuple[str, ...]  # what puts the proof in doubt
    is_paused: bool  # told not to erase after all, and nobody has answered which is meant
    is_closed: bool
    waits_for_link: bool  # which can be sent again, with its receipt
    is_hidden: bool  # its chat, from whoever sits there now: an agent's words wait
    next_ref: str | None
    question: QuestionView
    may_lift: bool
    may_decide: bool  # a lead, who asks (T3)
    proved: ProvedView | None
    typed: TypedContact | None  # by a lead who decided, for whoever approves to look at
    # As its plan stands; None: what was proved is enough, with the hold where one waits.
    tier_missing: int | None
    about_services: str  # what comes next about services that run: ask, wait, end them; empty: none does
    # The person's words that name one of several accounts, until an agent chose.
    names_accounts: tuple[str, ...]
    lost: tuple[LossView, ...]  # letters that did not arrive
    undone: UndoneView | None
    is_settled_by_word: bool  # closed, and somebody was called all the same
    sent_letter: Rendered | None  # what the person gets once it is there
    send_to: str | None  # the host to which the person asked to have it sent, if it can be


async def show_request(visit: Visit) -> web.StreamResponse:
    """Show a request, masked."""
    return await request_page(visit, visit.ident())


async def request_page(
    visit: Visit,
    ref: str,
    *,
    revealed: bool = False,
    error: AssistantError | None = None,
    typed: str = "",
) -> web.StreamResponse:
    """Show a request; with what went wrong, and with what was typed in the form whose verb is named."""
    view = await visit.services.read(lambda unit: gather(visit, unit, ref, revealed=revealed))
    told = explained(visit.words, error) if error else ""
    waits = view.plan is not None and view.plan.action.state in {PlanState.PROPOSED, PlanState.APPROVED}
    samples = await samples_of(visit.services, view.plan.plan) if revealed and view.plan and waits else []
    return show(
        visit,
        "request.html",
        status=error.http_status if error else 200,
        view=view,
        revealed=revealed,
        error=told,
        title=f"{view.row.right}, {ref}",
        typed=lambda verb: visit.form if verb == typed else {},
        plan=view.plan,
        samples=samples,
        own_period=period_of,
        hindrance=lambda each: in_the_way(visit, each),
        may_approve=may_approve(visit, view),
        shown=str if revealed else mask_text,
    )


def in_the_way(visit: Visit, each: Hindrance) -> str:
    """Say what would make a plan fail, and what can be done; an old plan has no more than its English sentence."""
    naming, words = Naming(visit.services.settings), visit.words
    columns = [naming.column(each.source, each.table, column, words.locale) for column in each.columns]
    names = {
        "table": naming.table(each.source, each.table, words.locale),
        "columns": ", ".join(columns),
        "other": naming.table(each.source, each.other, words.locale),
        "system": naming.source(each.source, words.locale),
        "said": each.said,
    }
    key = f"hindrance.{each.kind}"
    return words.count(key, each.rows, **names) if f"{key}.one" in words.texts else words(key, **names)


def may_approve(visit: Visit, view: RequestView) -> bool:
    """Tell whether to show the button; the casework decides again when it is pressed."""
    return visit.may_work and view.plan is not None and view.plan.may_approve


def _may_approve(unit: Unit, request: PrivacyRequest, action: Action, agent: Principal) -> bool:
    """Ask what decides when the button is pressed, with the fresh code that is typed then."""
    fresh = replace(agent, may_approve_irreversible=True)
    evidence = queries.evidence_of(unit.session, request)
    try:
        approval.check_approve(unit, action.id, action.plan_hash, fresh, evidence)
    except AssistantError:
        return False
    return action.state == PlanState.PROPOSED and agent.name not in four_eyes.approved_by(action)


def gather(visit: Visit, unit: Unit, ref: str, *, revealed: bool = False) -> RequestView:
    """Collect what the page shows."""
    services, words = visit.services, visit.words
    request = get_request(unit.session, ref)
    row = row_of(unit, words, request)
    if revealed:
        row = replace(row, person=person_of(unit, request) or row.person)
    action = queries.live_plan_of(unit.session, ref) or next(iter(queries.plans_of(unit.session, ref)), None)
    shown = {
        key: _told(words, value)
        for key, value in request.details.items()
        if key not in {"changes", DENIED_BEFORE, put_back.UNDONE} and value not in (None, "", [], {})
    }
    evidence = queries.evidence_of(unit.session, request)
    sendable = waiting_package(unit, request) is not None
    grounds = grounds_for(Right(request.right), marketing=bool(request.details.get("marketing")))
    return RequestView(
        request,
        row,
        evidence,
        _plan(visit, unit, request, action),
        tuple(timeline(words, unit, request, revealed=revealed)),
        tuple(
            (words.known("details", key), value if revealed else mask_text(value))
            for key, value in shown.items()
        ),
        Changes.of(request.details).parts,
        grounds,
        _facts(grounds),
        _rules(services, words, request),
        tuple(words.attention(flag) for flag in evidence.flags) if evidence else (),
        is_paused(request),
        request.status in CLOSED,
        waits_for_link(request),
        is_hidden(get_conversation(unit.session, request.conversation_id)),
        _next_ref(unit, request),
        _question(services, request),
        may_lift(services, request),
        may_decide(request),
        _proved(unit, words, evidence, revealed=revealed),
        typed_contact(unit, request, visit.agent),
        _tier_missing(unit, request, action),
        _about_services(unit, request, action),
        _names_accounts(unit, request, action),
        losses(words, lost_letters_of(unit, request)),
        _undone(unit, words, request),
        is_settled_by_word(request),
        letter_once_sent(services, request) if sendable else None,
        where_to(request) if sendable else None,
    )


def _rules(services: Services, words: Words, request: PrivacyRequest) -> tuple[str, ...]:
    """Say how the due date was counted; as it was noted then, where it would be counted otherwise today."""
    dates = dates_of(services, request, words.locale)
    return dates.rules if dates.due_on == request.due_on else tuple(request.rules)


def _undone(unit: Unit, words: Words, request: PrivacyRequest) -> UndoneView | None:
    addresses = request.details.get(put_back.UNDONE)
    if not addresses:
        return None
    naming, traces = Naming(unit.services.settings), put_back.traces_of(unit.session, request)
    lines = [(each.ident, _changed(naming, words, each)) for each in traces.changed]
    told = [(name, words("undone.told", name=naming.recipient(name, words.locale))) for name in traces.told]
    return UndoneView(tuple(addresses), (*lines, *told), put_back.is_told(unit.services, request))


def _changed(naming: Naming, words: Words, each: put_back.Changed) -> str:
    columns = [naming.column(each.source, each.table, column, words.locale) for column in each.columns]
    where = [
        naming.source(each.source, words.locale),
        naming.table(each.source, each.table, words.locale),
    ]
    what = columns or [words("undone.deleted")]
    rows = words.count("undone.rows", each.rows) if each.rows else words("undone.rows_unknown")
    return ", ".join([*where, *what, rows])


def losses(words: Words, lost: Sequence[Lost]) -> tuple[LossView, ...]:
    """Say of each letter that did not arrive what it was, to whom, when, and why."""
    return tuple(
        LossView(
            words.known("letter", each.what),
            each.to,
            each.failed_at,
            loss_in_words(words, each),
            each.why != queries.UNPROVED,
        )
        for each in lost
    )


def _names_accounts(unit: Unit, request: PrivacyRequest, action: Action | None) -> tuple[str, ...]:
    if action is None or action.state != PlanState.PROPOSED:
        return ()
    return tuple(named_accounts.waiting_words(unit.session, request, plan_from_json(action.plan)))


def _about_services(unit: Unit, request: PrivacyRequest, action: Action | None) -> str:
    if action is None or action.state != PlanState.PROPOSED:
        return ""
    held_up = running_services.is_held_up(plan_from_json(action.plan))
    return running_services.to_do(unit.session, request) if held_up else ""


def _tier_missing(unit: Unit, request: PrivacyRequest, action: Action | None) -> int | None:
    plan = plan_from_json(action.plan) if action else None
    missing = answer_for(unit.services, request, queries.evidence_of(unit.session, request), plan).missing
    return None if missing is None else int(missing)


def _proved(unit: Unit, words: Words, evidence: EvidenceRow | None, *, revealed: bool) -> ProvedView | None:
    if evidence is None:
        return None
    account = unit.services.keyring.unseal(evidence.client_id) if evidence.client_id else ""
    return ProvedView(
        words(f"method.{evidence.method}"),
        account if revealed else mask_text(account),
        is_account_alone=is_account_alone(unit.session, evidence),
    )


def _told(words: Words, value: Any) -> str:
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if isinstance(value, list):
        return ", ".join(value) if all(isinstance(each, str) for each in value) else str(len(value))
    return str(value)


def _question(services: Services, request: PrivacyRequest) -> QuestionView:
    by = questions.ask_by(services, request)
    late = services.local_day(services.clock.now()) > by
    return QuestionView(questions.grounds_of(request), by, late, waits_since(request))


def _next_ref(unit: Unit, request: PrivacyRequest) -> str | None:
    waiting = queries.requests_by_due_date(
        unit.session, queries.RequestFilter(status=Status.AWAITING_APPROVAL), limit=2
    )
    return next((other.ref for other in waiting if other.ref != request.ref), None)


def _plan(visit: Visit, unit: Unit, request: PrivacyRequest, action: Action | None) -> PlanView | None:
    if action is None:
        return None
    words, services = visit.words, visit.services
    plan = plan_from_json(action.plan)
    preview = (
        _preview(unit, request, plan) if action.state in {PlanState.PROPOSED, PlanState.APPROVED} else None
    )
    steps = tuple(queries.steps_of(unit.session, action.id))
    tasks = tuple(_task(words, services, step) for step in steps if step.state == StepState.BY_HAND)
    found = mentions_of(services, action)
    mentions = tuple(zip(found, as_got(found), strict=True))
    held_up = action.state in {PlanState.EXECUTING, PlanState.STOPPED, PlanState.FAILED}
    second = four_eyes.needs_second_person(services, action, request)
    return PlanView(
        action,
        plan,
        steps,
        request.right in IRREVERSIBLE,
        preview,
        tasks if held_up else (),
        mentions,
        second,
        four_eyes.approved_by(action) if second else (),
        tuple(sorted(four_eyes.touched_by(unit.session, request))) if second else (),
        _may_approve(unit, request, action, visit.agent),
    )


def _task(words: Words, services: Services, step: StepRow) -> TaskView:
    mapped = by_hand.map_of(services, step.source)
    return TaskView(
        step.source,
        Naming(services.settings).source(step.source, words.locale),
        getattr(mapped.look_up, words.locale),
        step.operation == Operation.EXPORT,
        step.opened_at,
        mapped.agent,
    )


def _preview(unit: Unit, request: PrivacyRequest, plan: Plan) -> Preview | None:
    """Write the answer now; a package's own mail is written when the package is there."""
    if plan.order.operation is Operation.EXPORT:
        return None
    name, values, rendered = answers.answer_text(unit.services, unit.session, request, plan)
    faults = Linter(cast("Texts", unit.services.texts)).faults(name, request.language, rendered, values)
    return Preview(rendered.subject or "", rendered.text, faults)


def timeline(words: Words, unit: Unit, request: PrivacyRequest, *, revealed: bool) -> list[Entry]:
    """Tell messages and audit as one story, in its order."""
    messages = queries.messages_about(unit.session, request)
    apart = apart_from(unit.session, unit.services.keyring, request)
    told = zip(messages, message_entries(words, messages, revealed=revealed), strict=True)
    entries = [replace(entry, is_apart=message.id in apart) for message, entry in told]
    entries += [_audit_entry(words, entry) for entry in queries.audit_of(unit.session, request.ref)]
    return sorted(entries, key=lambda entry: entry.at)


def message_entries(words: Words, messages: Sequence[Message], *, revealed: bool = False) -> list[Entry]:
    """Give all the messages and notes of a talk as lines, from its beginning: it says what a pressed button was."""
    pressed = labels_of(messages)
    said = ((each, said_in(words, each, pressed)) for each in messages)
    return [_message_entry(words, message, text, revealed=revealed) for message, text in said]


def said_in(words: Words, message: Message, pressed: Mapping[int | None, str]) -> str:
    """Give the words of a message; of a press what stood on the button, never the value behind it."""
    return (
        pressed.get(message.id) or words("timeline.unknown_button") if message.kind == PRESS else message.text
    )


def _message_entry(words: Words, message: Message, said: str, *, revealed: bool) -> Entry:
    """Give a message or a note as a line; long numbers and addresses masked unless revealed."""
    kind = {"assistant": "desk"}.get(message.sender, message.sender)
    who = message.name if message.sender in {"agent", "note"} else words(f"who.{kind}")
    title, another = words(f"timeline.{kind}"), message.headers.get(OTHER_SENDER)
    if another is not None:
        title = words("timeline.another")
        who = f"{words('who.other_sender')} ({another if revealed else mask_email(another)})"
    text = said if revealed else mask_text(said)
    correctable = message.id if kind == "you" and message.text and message.kind != PRESS else None
    files = files_view(words, message, revealed=revealed)
    return Entry(message.at, kind, who, title, text, correctable, files)


def _audit_entry(words: Words, entry: Audit) -> Entry:
    kind, _, name = entry.actor.partition(":")
    who = name or words.known("who", kind)
    return Entry(entry.at, "audit", who, _event(words, entry), _data(words, entry.data))


def _event(words: Words, entry: Audit) -> str:
    if entry.event == "status":
        after = words.known("status", str(entry.data.get("after")))
        return words("timeline.status", after=after)
    if entry.event == "attention":
        reason = entry.data.get("reason")
        return (
            words("timeline.attention", why=words.attention(reason))
            if reason
            else words("timeline.no_attention")
        )
    return words.known("event", entry.event)


def _data(words: Words, data: dict[str, Any]) -> str:
    told = [(name, data[name]) for name in _SHOWN_DATA if data.get(name) not in (None, "", [], {})]
    if "before" in data or set(data) == {"reason"}:
        return ""
    return ", ".join(
        f"{words.known('data', name)}{words('app.colon')} {_plain(words, name, value)}"
        for name, value in told
    )


def _plain(words: Words, name: str, value: Any) -> str:
    if name == "not_before":
        return words.short_moment(datetime.fromisoformat(value))
    if name == "due_on":
        return words.short_day(date.fromisoformat(str(value)))
    if name == "flags":
        return ", ".join(words.attention(flag) for flag in value)
    if name in {"reason", "method"}:  # a code of ours, or what somebody wrote
        return words.texts.get(f"{name}.{value}") or str(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _facts(grounds: tuple[Ground, ...]) -> tuple[tuple[str, str, str], ...]:
    """List the facts that some of these grounds require: name, kind, and the articles that do."""
    named: dict[tuple[str, str], list[str]] = {}
    for each in grounds:
        for name, kind in facts_to_write(each):
            named.setdefault((name, kind), []).append(each.article)
    return tuple((name, kind, ", ".join(dict.fromkeys(articles))) for (name, kind), articles in named.items())
