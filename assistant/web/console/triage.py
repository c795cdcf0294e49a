"""A mail in doubt becomes a request by an agent's decision, as if its reader had been sure."""

from __future__ import annotations

from assistant.casework.audit import record
from assistant.casework.doubt import end_doubt, mails_in_doubt
from assistant.casework.queue import WORKERS, Principal
from assistant.casework.talking import in_triage
from assistant.conversation.desk import TalkingDesk
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store.tables import Message


def _heard(desk: TalkingDesk, message: Message | None) -> str | None:
    """Give the language in which a mail was read, where it is one of ours: it is answered in it."""
    language = message.reading.get("language") if message else None
    return language if language in desk.services.settings.controller.languages else None


def open_from_triage(desk: TalkingDesk, unit: Unit, ident: str, right: Right, agent: Principal) -> None:
    """Open the request as of the mail's receipt; acknowledgement and proof follow as always (flows.md)."""
    agent.require(*WORKERS)
    conversation = in_triage(unit.session, ident)
    message = next(iter(mails_in_doubt(unit.session, ident)), None)
    received_at = message.at if message else conversation.started_at
    end_doubt(unit, conversation)
    conversation.language = conversation.language or _heard(desk, message)
    unit.session.add(conversation)
    turn = desk.quiet_turn(unit, conversation)
    turn.state = turn.state.asking("chat_ask_right", "choice", received_at=received_at.isoformat())
    turn.kind, turn.text = "choice", f"right:{right}"
    turn.take()
    turn.store_state()
    record(unit, "", f"agent:{agent.name}", "triage_opened", conversation=ident, right=right)
