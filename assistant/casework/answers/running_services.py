"""Running services hold an erasure up until the person chose: keep them, or have them ended."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session

from assistant.casework import saying
from assistant.domain.attention import Attention
from assistant.domain.details import RunningServices
from assistant.domain.lifecycle import STOPPABLE
from assistant.domain.plan import Plan
from assistant.domain.presses import mark_of, marked
from assistant.interfaces import Choice
from assistant.services import Services, Unit
from assistant.store import queries
from assistant.store.tables import Conversation, PrivacyRequest

ASK: Final = "services_running"
AGAIN: Final = "services_asked_again"
WAIT: Final = Attention.SERVICES_ASKED
END: Final = Attention.END_SERVICES
END_BY_MAIL: Final = Attention.SERVICES_END_BY_MAIL
UNCLEAR: Final = Attention.SERVICES_ANSWER_UNCLEAR
DECIDED: Final = "services"
_TOLD: Final = {
    ASK: "Services are still running; ask the person whether to end them.",
    WAIT: "Services are still running; the person was asked whether to end them and has not answered yet.",
    END_BY_MAIL: "The person answered by mail to end the services: end them in your systems, then plan again.",
    UNCLEAR: "The person answered about the services; read the answer, and ask again if it is not clear.",
    END: "The person wants the services ended: end them in your systems, then plan again.",
}


def is_held_up(plan: Plan) -> bool:
    """Tell whether a running service holds a plan up."""
    return bool(plan.blockers)


def to_do(session: Session, request: PrivacyRequest) -> str:
    """Name what comes next about services that run: ask, wait for the answer, read it, or end what is to be ended."""
    if RunningServices.of(request.details).keep_services is False:
        return END
    last = queries.last_event_of(session, request.ref, (WAIT, END_BY_MAIL, UNCLEAR, DECIDED))
    return last if last and last != DECIDED else ASK


def is_open(session: Session, request: PrivacyRequest) -> bool:
    """Tell whether the person was asked, and may still decide: whatever else was said or asked in the talk since."""
    asked = (
        queries.last_event_of(session, request.ref, (WAIT, DECIDED)) if request.status in STOPPABLE else None
    )
    return asked == WAIT


def why_not(session: Session, request: PrivacyRequest) -> str:
    """Say why a plan cannot be approved while services run, and what to do."""
    return _TOLD[to_do(session, request)]


def choices(services: Services, language: str, mark: str) -> list[Choice]:
    """Give the buttons under the question about services: keep them, end them."""
    names = ("keep", "services:keep"), ("stop_it", "services:end")
    return [
        Choice(services.texts.label("buttons", label, language), marked(value, mark))
        for label, value in names
    ]


def ask_again_below(unit: Unit, conversation: Conversation) -> None:
    """Ask once more below what a chat was told meanwhile: the buttons of a question are shown under the last message alone."""
    about = sorted(map(str, conversation.state.get("about", ())))
    is_asked = conversation.channel in saying.LIVE and conversation.state.get("question") == ASK
    asked = [r for ref in about if (r := unit.session.get(PrivacyRequest, ref))] if is_asked else []
    if any(is_open(unit.session, request) for request in asked):
        language = conversation.language or unit.services.settings.controller.languages[0]
        buttons = choices(unit.services, language, mark_of(ASK, about, None))
        saying.say(unit, conversation, AGAIN, choices=buttons, expects="choice")
