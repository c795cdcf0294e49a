"""A mail that says it is from one of our own addresses: no person is known by it, and we never write to ourselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assistant.casework.requests.ours import is_ours

if TYPE_CHECKING:
    from assistant.interfaces import Incoming
    from assistant.services import Services

FROM_US: Final = "from_us"  # among a mail's headers: an agent decides in triage who wrote it
_DOUBT: Final = "The mail says it is from one of our own addresses."


def known_by_its_words(services: Services, incoming: Incoming) -> Incoming:
    """Give a mail without its sender where that is an address of ours, whoever put it there."""
    if incoming.channel != "email" or not is_ours(services, incoming.sender):
        return incoming
    return replace(incoming, sender=None, doubtful_sender=_DOUBT, headers={**incoming.headers, FROM_US: "1"})
