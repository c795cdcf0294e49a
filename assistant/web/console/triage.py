"""A mail in doubt becomes a request by an agent's decision, as if its reader had been sure."""

from __future__ import annotations

from assistant.casework.audit import record
from assistant.casework.queue import Principal
from assistant.casework.talking import take_as_request
from assistant.conversation.desk import TalkingDesk
from assistant.domain.rights import Right
from assistant.services import Unit


def open_from_triage(desk: TalkingDesk, unit: Unit, ident: str, right: Right, agent: Principal) -> None:
    """Open the request as of the mail's receipt; acknowledgement and proof follow as always (flows.md)."""
    conversation, received_at = take_as_request(unit, ident, agent)
    turn = desk.quiet_turn(unit, conversation)
    turn.state = turn.state.asking("chat_ask_right", "choice", received_at=received_at.isoformat())
    turn.kind, turn.text = "choice", f"right:{right}"
    turn.take()
    turn.store_state()
    record(unit, "", f"agent:{agent.name}", "triage_opened", conversation=ident, right=right)
