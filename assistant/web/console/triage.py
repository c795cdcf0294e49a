"""A mail in doubt becomes a request by an agent's decision, as if its reader had been sure."""

from __future__ import annotations

from assistant.casework.agents.talking import take_as_request
from assistant.casework.audit import record
from assistant.casework.requests.queue import Principal
from assistant.casework.talk import hiding
from assistant.casework.talk.carry_out import carry_out
from assistant.domain.moves import Open
from assistant.domain.rights import Right
from assistant.services import Unit


def open_from_triage(unit: Unit, ident: str, right: Right, agent: Principal) -> None:
    """Open the request as of the mail's receipt; acknowledgement and proof follow as always."""
    conversation, received_at = take_as_request(unit, ident, agent)
    turn = hiding.quiet_turn(unit, conversation.id)
    carry_out(turn, [Open((right,), received_at, {}, from_rest=True)])
    turn.store_state()
    record(unit, "", agent.actor, "triage_opened", conversation=ident, right=right)
