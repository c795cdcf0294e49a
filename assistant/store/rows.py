"""The rows, by their names, for whoever reads them and passes them on; to make, change or ask for one is not theirs."""

from __future__ import annotations

from assistant.store.tables import (
    Action,
    Agent,
    AgentSession,
    AgentToken,
    Audit,
    ChallengeRow,
    Conversation,
    EvidenceRow,
    Message,
    Outbox,
    Package,
    PrivacyRequest,
    StepRow,
)

__all__ = [
    "Action",
    "Agent",
    "AgentSession",
    "AgentToken",
    "Audit",
    "ChallengeRow",
    "Conversation",
    "EvidenceRow",
    "Message",
    "Outbox",
    "Package",
    "PrivacyRequest",
    "StepRow",
]
