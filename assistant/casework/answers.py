"""The honest answer: what was done, what stays and why, to the channel it came by and to the verified contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any

from sqlmodel import Session

from assistant.casework import talk
from assistant.casework.audit import record
from assistant.casework.intake import local_day, move
from assistant.domain.plan import DELETED_LATER, Keep, Operation, Plan
from assistant.domain.rights import Right
from assistant.domain.status import Status
from assistant.services import Services
from assistant.store.tables import Conversation, PrivacyRequest, StepRow

_NOTHING = {
    Right.ACCESS: "answer_access_nothing",
    Right.PORTABILITY: "answer_access_nothing",
    Right.ERASURE: "answer_erasure_nothing",
}


def key_of(ref: str) -> str:
    """Give how the keys of all answers to a request begin."""
    return f"answer:{ref}:"


def give_answer(
    services: Services,
    session: Session,
    request: PrivacyRequest,
    text_name: str,
    *,
    by_rule: bool = False,
    **values: Any,
) -> None:
    """Send an answer where it belongs (flows.md, The answer), once per text and state of the request.

    `by_rule`: no person decided it, so that it answers no machine.
    """
    key = f"{key_of(request.ref)}{text_name}:{request.version}"
    conversation = session.get(Conversation, request.conversation_id)
    contact = services.keyring.unseal(request.contact) if request.contact else None
    seen = [talk.as_seen(request)]
    rendered = services.texts.render(text_name, request.language, requests=seen, **values)
    if contact:
        talk.mail(
            services,
            session,
            text_name,
            to=contact,
            language=request.language,
            ref=request.ref,
            key=f"{key}:mail",
            requests=seen,
            conversation_id=request.conversation_id,
            **values,
        )
    if conversation and (request.channel != "email" or contact is None):
        said = talk.Utterance(
            text=rendered.text,
            subject=rendered.subject,
            key=key,
            language=request.language,
            requests=seen,
            by_rule=by_rule,
        )
        talk.say_text(services, session, conversation, said)
    record(services, session, request.ref, "desk", "answered", text=text_name, to_contact=contact is not None)


def say_frozen(services: Services, session: Session, request: PrivacyRequest) -> None:
    """Say that the use is frozen at once and that a person weighs the rest; nothing is closed yet."""
    conversation = session.get(Conversation, request.conversation_id)
    seen = [talk.as_seen(request)]
    if conversation and request.channel != "email":
        talk.say(services, session, conversation, "objection_frozen", requests=seen)
    elif request.contact:
        text = services.texts.render("objection_frozen", request.language, requests=seen).text
        talk.mail(
            services,
            session,
            "mail_reply",
            to=services.keyring.unseal(request.contact),
            language=request.language,
            ref=request.ref,
            conversation_id=request.conversation_id,
            key=f"frozen:{request.ref}",
            text=text,
        )


def answer_nothing(services: Services, session: Session, request: PrivacyRequest) -> None:
    """Say that nothing is held about the proved address besides this conversation, and close."""
    name = _NOTHING.get(Right(request.right), "answer_rectification_nothing")
    values: dict[str, Any] = {"systems": systems(services)} if name != "answer_rectification_nothing" else {}
    move(services, session, request, Status.ANSWERED, "desk")
    give_answer(services, session, request, name, **values)


def answer_already(services: Services, session: Session, request: PrivacyRequest, plan: Plan) -> None:
    """Say that the records already read as the person confirmed, and close: nothing was corrected."""
    move(services, session, request, Status.ANSWERED, "desk")
    give_answer(services, session, request, "answer_rectification_already", fields=list(plan.holds))


def answer_done(
    services: Services,
    session: Session,
    request: PrivacyRequest,
    plan: Plan,
    steps: Sequence[StepRow],
    **extra: Any,
) -> None:
    """Say what a carried-out plan did, and close the request; honest about what failed."""
    failed = [step for step in steps if step.state != "done" or step.left]
    move(services, session, request, Status.PARTLY_ANSWERED if failed else Status.ANSWERED, "desk")
    name, values = _words(services, request, plan, failed)
    give_answer(services, session, request, name, **values, **extra)


def _words(
    services: Services, request: PrivacyRequest, plan: Plan, failed: Sequence[StepRow]
) -> tuple[str, dict[str, Any]]:
    told = recipients(services, plan)
    match plan.order.operation:
        case Operation.ERASE if failed:
            done = [step.source for step in failed]
            erased = erased_by_category(services, plan, request.language, without=done)
            return "answer_erasure_partly", {
                "erased": erased,
                "failed": _failed(services, failed),
                "kept": kept(services, plan, request.language),
                "recipients": told,
            }
        case Operation.ERASE:
            return "answer_erasure", {
                "erased": erased_by_category(services, plan, request.language),
                "recipients": told,
                "kept": kept(services, plan, request.language),
                "services_kept": plan.order.keep_services,
            }
        case Operation.RECTIFY:
            return "answer_rectification", {"changes": _changes(services, plan), "recipients": told}
        case Operation.RESTRICT:
            return "answer_restriction", {"recipients": told}
        case Operation.LIFT:
            notice = timedelta(days=services.settings.periods.lift_notice_days)
            return "restriction_lifting", {
                "reason": request.details.get("lift_reason", ""),
                "lifted_on": local_day(services, services.clock.now() + notice),
            }
        case _:
            withdrawn = request.right == Right.CONSENT_WITHDRAWAL
            name = "answer_consent_withdrawal" if withdrawn else "answer_objection_marketing"
            return name, {"stopped": stopped(plan), "recipients": told}


def announce(services: Services, session: Session, request: PrivacyRequest, plan: Plan) -> None:
    """Say beforehand what a plan will do; each approval is a new announcement."""
    request.version += 1
    session.add(request)
    name, values = _words(services, request, plan, ())
    give_answer(services, session, request, name, **values)


def systems(services: Services) -> list[str]:
    """Name the systems that were searched, as a person may read them."""
    titles = {source.name: source.title or source.name for source in services.settings.sources}
    return [
        titles.get(source.name, source.name) for source in services.sources if source.kind != "own_records"
    ]


def category(services: Services, name: str, language: str) -> str:
    """Give the words of the catalogue for a category of data."""
    return services.texts.label("categories", name, language)


def recipients(services: Services, plan: Plan) -> list[str]:
    """Name the recipients who are told (GDPR 19)."""
    known = services.settings.catalogue.recipients
    return [known[name].name if name in known else name for name in plan.recipients]


def erased_by_category(
    services: Services, plan: Plan, language: str, without: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Count what was erased, by category."""
    rows: Counter[str] = Counter()
    later = {(keep.source, keep.table) for keep in plan.keeps if keep.rule == DELETED_LATER}
    for step in plan.steps:
        if step.source not in without:
            for effect in step.effects:
                if (step.source, effect.table) not in later:
                    rows[effect.category] += effect.rows
    return [
        {"category": category(services, name, language), "rows": n} for name, n in sorted(rows.items()) if n
    ]


def kept(services: Services, plan: Plan, language: str) -> list[dict[str, Any]]:
    """Say what stays, under which law and until when, year by year; tables of one category and rule as one."""
    together: dict[tuple[str, str, str], list[Keep]] = {}
    for keep in plan.keeps:
        together.setdefault((keep.category, keep.rule, keep.law), []).append(keep)
    return [_kept(services, keeps, language) for keeps in together.values()]


def _kept(services: Services, keeps: Sequence[Keep], language: str) -> dict[str, Any]:
    first = keeps[0]
    rule = services.settings.catalogue.retention.get(first.rule)
    law = f"{rule.fr if language == 'fr' else rule.en} ({rule.law}, {rule.article})" if rule else first.law
    ends = [keep.until for keep in keeps]
    years: dict[int, date] = {}
    for year, _, until in chain.from_iterable(keep.by_year for keep in keeps):
        years[year] = max(until, years.get(year, until))
    return {
        "category": category(services, first.category, language),
        "rows": sum(keep.rows for keep in keeps),
        "columns": list(dict.fromkeys(name for keep in keeps for name in keep.columns)),
        "law": law,
        "until": None if None in ends else max(end for end in ends if end),
        "by_year": sorted(years.items()),
    }


def stopped(plan: Plan) -> list[str]:
    """Name the uses that ended."""
    return [plan.order.purpose]


def _changes(services: Services, plan: Plan) -> list[dict[str, Any]]:
    titles = {source.name: source.title or source.name for source in services.settings.sources}
    where = [titles.get(step.source, step.source) for step in plan.steps]
    return [{"field": field, "where": where} for field in plan.order.new_values]


def _failed(services: Services, failed: Sequence[StepRow]) -> list[dict[str, str]]:
    titles = {source.name: source.title or source.name for source in services.settings.sources}
    return [{"system": titles.get(step.source, step.source), "reason": step.error} for step in failed]


def answer_text(
    services: Services, request: PrivacyRequest, plan: Plan
) -> tuple[str, Mapping[str, Any], Any]:
    """Write the answer that goes out if every step of a plan succeeds: its name, its values, the text."""
    name, values = _words(services, request, plan, ())
    told = {"requests": [talk.as_seen(request)], **values}
    return name, told, services.texts.render(name, request.language, **told)
