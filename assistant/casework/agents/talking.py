"""An agent in the conversation: taking it over, giving it back, asking about services."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlmodel import Session

from assistant.casework import saying
from assistant.casework.answers import running_services
from assistant.casework.audit import record
from assistant.casework.requests.doubt import end_doubt, mails_in_doubt
from assistant.casework.requests.earlier import is_earlier
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import WORKERS, Principal, Scope, get_action
from assistant.domain.lifecycle import PlanState
from assistant.domain.plan import plan_from_json
from assistant.domain.presses import mark_of
from assistant.domain.talk import ASK_SERVICES, TalkState
from assistant.domain.unread import why_unread
from assistant.errors import Conflict, NotFound
from assistant.services import Unit
from assistant.store.tables import Action, Conversation, Message, PrivacyRequest


def get_conversation(session: Session, ident: str) -> Conversation:
    """Give a conversation; raises NotFound."""
    conversation = session.get(Conversation, ident)
    if conversation is None:
        raise NotFound("There is no such conversation; open it from the list again.")
    return conversation


def take_over(unit: Unit, ident: str, agent: Principal) -> Conversation:
    """Have an agent talk to the person in place of the desk; raises Conflict if a colleague does."""
    agent.require(*WORKERS)
    conversation = get_conversation(unit.session, ident)
    if conversation.taken_by == agent.name:
        return conversation
    if other := conversation.taken_by:
        raise Conflict(f"{other} talks to this person already.", taken_by=other)
    conversation.taken_by, conversation.wants_person_at = agent.name, None
    unit.session.add(conversation)
    record(unit, "", agent.actor, "conversation_taken", conversation=ident)
    saying.say(unit, conversation, "handover_joined", name=agent.name)
    return conversation


def give_back(unit: Unit, ident: str, agent: Principal) -> Conversation:
    """Hand a conversation back to the desk; a request for a person counts as answered."""
    agent.require(*WORKERS)
    conversation = get_conversation(unit.session, ident)
    other = conversation.taken_by
    if other not in {None, agent.name}:
        raise Conflict(f"{other} talks to this person; ask them.", taken_by=other)
    conversation.taken_by, conversation.wants_person_at = None, None
    unit.session.add(conversation)
    record(unit, "", agent.actor, "conversation_given_back", conversation=ident)
    if other is not None:
        saying.say(unit, conversation, "handover_ended")
    return conversation


def ask_about_services(unit: Unit, action_id: str, agent: Principal) -> PrivacyRequest:
    """Ask the person whether to end the services that block an erasure, in their channel."""
    agent.require(*WORKERS)
    action, request = get_action(unit.session, action_id)
    running = _running_services(unit.session, action, request)
    conversation = get_conversation(unit.session, request.conversation_id)
    language = conversation.language or unit.services.settings.controller.languages[0]
    seen = [saying.as_seen(request)]
    render = partial(unit.services.texts.render, requests=seen, services=running)
    letter = render("services_running", language)
    asked = letter if conversation.channel == "email" else render("ask_about_services", language)
    said = saying.Utterance(
        text=asked.text,
        subject=asked.subject,
        letter=letter,
        language=language,
        requests=seen,
        key=f"services:{action.id}:{unit.services.random(4).hex()}",
        expects="choice",
        choices=running_services.choices(
            unit.services, language, mark_of(running_services.ASK, [request.ref], None)
        ),
        unasked=True,
    )
    saying.say_text(unit, conversation, said)
    asks = TalkState.of(conversation.state).asking(ASK_SERVICES, "choice", [request.ref])
    conversation.state = asks.as_json()
    unit.session.add(conversation)
    record(unit, request.ref, agent.actor, running_services.WAIT, running=len(running))
    set_attention(unit, request, running_services.WAIT)
    return request


def _running_services(session: Session, action: Action, request: PrivacyRequest) -> list[str]:
    plan = plan_from_json(action.plan)
    if action.state != PlanState.PROPOSED or not running_services.is_held_up(plan):
        raise Conflict("No running service holds this plan up.", state=action.state)
    if running_services.to_do(session, request) == running_services.END:
        raise Conflict(running_services.why_not(session, request))
    return [label for blocker in plan.blockers for label in (blocker.labels or (blocker.what,))]


def leave_to_support(unit: Unit, ident: str, agent: Principal) -> Conversation:
    """Decide that a mail in doubt is no request; support has had it since it came, or gets now what no program read."""
    agent.require(*WORKERS, scope=Scope.REPLY)
    conversation = in_triage(unit.session, ident)
    for message in mails_in_doubt(unit.session, ident):
        if message.id and is_for_agents_alone(message):
            saying.relay(unit, conversation, message.id)
    end_doubt(unit, conversation)
    record(unit, "", agent.actor, "triage_no_request", conversation=ident)
    return conversation


def take_as_request(unit: Unit, ident: str, agent: Principal) -> tuple[Conversation, datetime]:
    """Decide that a mail in doubt is a request, as of its receipt; it is answered in the language it was read in."""
    agent.require(*WORKERS)
    conversation = in_triage(unit.session, ident)
    message = next(iter(mails_in_doubt(unit.session, ident)), None)
    read_in = message.reading.get("language") if message else None
    end_doubt(unit, conversation)
    if read_in in unit.services.settings.controller.languages:
        conversation.language = conversation.language or read_in
        unit.session.add(conversation)
    return conversation, message.at if message else conversation.started_at


def is_for_agents_alone(message: Message) -> bool:
    """Tell whether nobody has got a mail yet: what no program could read waits here for an agent."""
    written = message.sender == "you" and message.kind == "text"
    return written and not is_earlier(message) and why_unread(message.headers, message.text) is not None


def in_triage(session: Session, ident: str) -> Conversation:
    """Give a conversation that waits for an agent's decision; raises Conflict once it was made."""
    conversation = get_conversation(session, ident)
    if not conversation.triage:
        raise Conflict("Somebody decided about this mail already.")
    return conversation
