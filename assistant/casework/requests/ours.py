"""The desk's own addresses: what a stranger has written there would answer itself, or stand where agents read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.domain.mailboxes import counted_as

if TYPE_CHECKING:
    from assistant.services import Services


def is_ours(services: Services, address: str | None) -> bool:
    """Tell whether an address leads into a mailbox of ours, whatever stands behind a + (RFC 5233)."""
    settings = services.settings
    ours = (settings.email.address, settings.controller.contact_email, settings.support.forward_to)
    return address is not None and counted_as(address) in {counted_as(each) for each in ours if each}
