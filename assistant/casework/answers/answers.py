"""The honest answer: what was done, what stays and why, to the channel it came by and to the verified contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from assistant.casework import saying
from assistant.casework.answers import running_services
from assistant.casework.answers.letters import letter
from assistant.casework.audit import record
from assistant.casework.requests.evidence import is_account_alone
from assistant.casework.requests.intake import move
from assistant.casework.saying.unwritten import written
from assistant.domain.addresses import normal_address
from assistant.domain.lifecycle import Status
from assistant.domain.messages import MESSAGES
from assistant.domain.plan import Plan
from assistant.domain.results import Result, as_planned
from assistant.domain.rights import Right
from assistant.domain.uses import EndOfUse
from assistant.replies.linter import first_sentence
from assistant.services import Services, Unit
from assistant.store.queries import evidence_of
from assistant.store.tables import Conversation, PrivacyRequest


def key_of(ref: str) -> str:
    """Give how the keys of all answers to a request begin."""
    return f"answer:{ref}:"


def give_answer(
    unit: Unit,
    request: PrivacyRequest,
    text_name: str,
    *,
    by_rule: bool = False,
    at_contact: bool = False,
    **values: Any,
) -> None:
    """Send an answer where it belongs, once per text and state of the request.

    A proved contact gets the letter; the talk, where there is one, then hears in a sentence what became of the request,
    or with `at_contact`, for what is the contact's alone, no more than where the letter went. `by_rule`: no person
    decided it, so that it answers no machine.
    """
    key = f"{key_of(request.ref)}{text_name}:{request.version}"
    conversation = unit.session.get(Conversation, request.conversation_id)
    contact = unit.services.keyring.unseal(request.contact) if request.contact else None
    seen = [saying.as_seen(request)]
    values = {**values, **_how_far(unit.session, request, text_name)}
    rendered = unit.services.texts.render(text_name, request.language, requests=seen, **values)
    if contact:
        saying.mail(
            unit,
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
        told = rendered
        if contact:  # who has the letter in their mailbox is told in the chat what became of it
            name = "answered_there" if at_contact else "answered_by_mail"
            outcome = {} if at_contact else {"outcome": first_sentence(rendered.text)}
            told = unit.services.texts.render(name, request.language, requests=seen, **outcome)
        said = saying.Utterance(
            text=told.text,
            subject=told.subject,
            key=key,
            language=request.language,
            requests=seen,
            by_rule=by_rule,
        )
        saying.say_text(unit, conversation, said)
        running_services.ask_again_below(unit, conversation)
    record(unit, request.ref, "desk", "answered", text=text_name, to_contact=contact is not None)


def _how_far(session: Session, request: PrivacyRequest, text_name: str) -> dict[str, Any]:
    """Say of an answer about what is held that no more than one account was looked at, where that is so."""
    told = "account_only" in MESSAGES[text_name].may
    return {"account_only": True} if told and is_account_alone(session, evidence_of(session, request)) else {}


def say_frozen(unit: Unit, request: PrivacyRequest) -> None:
    """Say that the use is frozen at once and that a person weighs the rest; nothing is closed yet."""
    _say_meanwhile(unit, request, "objection_frozen")


def say_a_person_reads(unit: Unit, request: PrivacyRequest) -> None:
    """Say that the desk cannot do this by itself, and by when a person answers."""
    _say_meanwhile(unit, request, "a_person_reads")


def _say_meanwhile(unit: Unit, request: PrivacyRequest, name: str) -> None:
    """Say something before the answer, where the person is."""
    conversation = unit.session.get(Conversation, request.conversation_id)
    seen = [saying.as_seen(request)]
    if conversation and request.channel != "email":
        saying.say(unit, conversation, name, requests=seen, unasked=True)
        running_services.ask_again_below(unit, conversation)
    elif request.contact:
        rendered = written(unit, name, request.language, ref=request.ref, requests=seen)
        if rendered is None:
            return
        saying.mail(
            unit,
            "mail_reply",
            to=unit.services.keyring.unseal(request.contact),
            language=request.language,
            ref=request.ref,
            conversation_id=request.conversation_id,
            key=f"{name}:{request.ref}:{request.version}",
            requests=seen,
            text=rendered.text,
        )


def answer_nothing(unit: Unit, request: PrivacyRequest) -> None:
    """Say that nothing is held about the proved address besides this conversation, and close."""
    name = unit.services.handlers[Right(request.right)].nothing
    values: dict[str, Any] = {"systems": systems(unit.services)} if "systems" in MESSAGES[name].needs else {}
    move(unit, request, Status.ANSWERED, "desk")
    give_answer(unit, request, name, **values)


def answer_already(unit: Unit, request: PrivacyRequest, plan: Plan) -> None:
    """Say that the records already read as the person confirmed, and close: nothing was corrected."""
    move(unit, request, Status.ANSWERED, "desk")
    name, values = letter(unit.services, request, as_planned(plan))
    give_answer(unit, request, name, **values)


def answer_done(unit: Unit, request: PrivacyRequest, result: Result, **extra: Any) -> None:
    """Say what a carried-out plan came to, and close the request; honest about what was left."""
    move(unit, request, Status.PARTLY_ANSWERED if result.is_partial else Status.ANSWERED, "desk")
    name, values = letter(unit.services, request, result)
    said = EndOfUse.of(request.details)
    by_rule = bool(said.marketing and not said.by_person)
    if "addresses" in values and not may_name(unit.session, request, values["addresses"]):
        values = {**values, "addresses": None}
    give_answer(unit, request, name, by_rule=by_rule, **values, **extra)


def may_name(session: Session, request: PrivacyRequest, addresses: Sequence[str]) -> bool:
    """Tell whether an answer may name what was to be left alone: a mailbox that proved nothing hears of no other."""
    if request.channel != "email" or request.contact:
        return True
    conversation = session.get(Conversation, request.conversation_id)
    hint = conversation.subject_hint if conversation else None
    return hint is not None and {normal_address(each) for each in addresses} == {normal_address(hint)}


def announce(unit: Unit, request: PrivacyRequest, plan: Plan) -> None:
    """Say beforehand what a plan will do; each approval is a new announcement."""
    request.version += 1
    unit.session.add(request)
    name, values = letter(unit.services, request, as_planned(plan))
    give_answer(unit, request, name, **values)


def systems(services: Services) -> list[str]:
    """Name the systems that were searched."""
    return [source.name for source in services.sources if source.name not in services.own_sources]


def answer_text(
    services: Services, session: Session, request: PrivacyRequest, plan: Plan
) -> tuple[str, Mapping[str, Any], Any]:
    """Write the answer that goes out if every step of a plan succeeds: its name, its values, the text."""
    name, values = letter(services, request, as_planned(plan))
    told = {"requests": [saying.as_seen(request)], **values, **_how_far(session, request, name)}
    return name, told, services.texts.render(name, request.language, **told)
