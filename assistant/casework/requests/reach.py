"""Where letters about a request from a chat go, where no proof is asked that would say so: to an address proved for nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from assistant.domain.assurance import Tier
from assistant.domain.lifecycle import CLOSED
from assistant.domain.talk import TO_PROVE, WAITING, RequestSeen, was_denied
from assistant.domain.uses import EndOfUse
from assistant.store.tables import EvidenceRow, PrivacyRequest

Seen = TypeVar("Seen", bound=RequestSeen)
FOR_OTHER: Final = "for_other"
MAILBOX_LOST: Final = "mailbox_lost"
_FORGETS: Final = "webchat"  # nobody can be written to there once the page is closed


def is_for_other(request: RequestSeen) -> bool:
    """Tell whether a request waits for a mandate: the proof of its writer's own mailbox would end nothing."""
    return bool(request.details.get(FOR_OTHER))


def waits_for_people(request: RequestSeen) -> bool:
    """Tell whether people find out who asks: no code and no link would say so, or none can be opened."""
    return is_for_other(request) or is_mailbox_lost(request)


def is_mailbox_lost(request: RequestSeen) -> bool:
    """Tell whether the person said that they cannot open the mailbox to which a link would go."""
    return bool(request.details.get(MAILBOX_LOST))


def lacks_address(request: RequestSeen) -> bool:
    """Tell whether nobody could be written to about a request after the chat, and no other proof will change that."""
    ends_marketing = EndOfUse.of(request.details).marketing
    unproved = is_for_other(request) or (request.tier_needed == Tier.T0 and not ends_marketing)
    return (
        unproved and request.channel == _FORGETS and request.contact is None and request.status not in CLOSED
    )


def waiting_in(own: Iterable[Seen]) -> list[Seen]:
    """List what one proof is asked for in a talk: all that waits there, is the writer's own, and was not denied."""
    return [r for r in own if r.status in WAITING and not (is_for_other(r) or was_denied(r))]


def needs_proof(request: RequestSeen) -> bool:
    """Tell whether any proof is asked for a request: what ends at once for whatever was named takes none (GDPR 21(3))."""
    return request.tier_needed > Tier.T0


def to_be_proved(own: Sequence[RequestSeen], about: Sequence[RequestSeen]) -> tuple[str, ...]:
    """Name what one proof is for: what the question is about and waits for it, else all that does, and what lacks an address."""
    waiting = [r for r in about or waiting_in(own) if r.status in TO_PROVE and not was_denied(r)]
    return tuple(dict.fromkeys(r.ref for r in [*filter(needs_proof, waiting), *filter(lacks_address, own)]))


def only_says_where(request: PrivacyRequest, evidence: EvidenceRow) -> bool:
    """Tell whether what was proved says where to write and nothing else: people decide on a mandate, no mailbox does."""
    return evidence.tier < Tier.T3 and (is_for_other(request) or lacks_address(request))


def write_to(request: PrivacyRequest, evidence: EvidenceRow) -> None:
    """Have letters about a request go to the mailbox that was proved; it opens nothing and unlocks nobody's data."""
    request.contact, request.contact_hash = evidence.contact, evidence.contact_hash
