"""A mail from somebody else in a thread: what it asks for itself begins a talk of its own, whatever else it says is read there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assistant.conversation.ourselves import FROM_US
from assistant.conversation.unread import may_be_request
from assistant.domain.addresses import normal_address
from intents.wishes import CHANGED_MIND, DENIED, DONT, KEPT_IT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.interfaces import Incoming
    from assistant.services import Services
    from assistant.store.rows import PrivacyRequest
    from intents import Reading

# What anybody in a thread may say about it.
_OF_THE_THREAD: Final = frozenset({DONT, KEPT_IT, CHANGED_MIND, DENIED})
_NO_PERSONS: Final = ("own", "bounce", FROM_US)


def begins_own_talk(
    services: Services,
    requests: Sequence[PrivacyRequest],
    incoming: Incoming,
    reading: Reading,
    *,
    was_sent_link: bool = False,
) -> bool:
    """Tell whether such a mail asks, or may ask, something for its sender: an answer to it must go to nobody else.

    `was_sent_link`: the link went to its sender, not to whoever wrote first; their answer is their own too.
    """
    if any(map(incoming.headers.get, _NO_PERSONS)):
        return False
    sender = services.keyring.keyed_hash(_named(incoming.sender))
    is_contact = any(request.contact_hash == sender for request in requests)
    return (
        not is_contact
        and not _OF_THE_THREAD.intersection(reading.wishes)
        and (may_be_request(incoming, reading) or was_sent_link)
    )


def in_own_thread(services: Services, incoming: Incoming) -> Incoming:
    """Give a mail as the first of its sender's own thread: further ones from there, written in the same place, follow it."""
    who = _named(incoming.sender) or incoming.external_id
    own = services.keyring.keyed_hash(f"{incoming.thread}\0{who}", "thread")[:26]
    return replace(incoming, thread=own)


def _named(address: str | None) -> str:
    return normal_address(address or "")
