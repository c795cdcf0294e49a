"""An id from outside that comes again with other words: another message, and a person is shown so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from assistant.services import Unit
from assistant.store.tables import Seen

if TYPE_CHECKING:
    from assistant.interfaces import Incoming

_REMEMBERED: Final = timedelta(days=400)  # longer than anything that was said under an id is kept open
_NO_ID: Final = "-"


def is_reused(unit: Unit, incoming: Incoming) -> bool:
    """Tell whether somebody said something else under this id before, and remember what was said now.

    Of mail and Telegram the id is followed by a digest of the words, so that one id never hides other words.
    """
    named, _, digest = incoming.external_id.rpartition(" ")
    if not digest or named in {"", _NO_ID}:
        return False
    was_named = _seen_before(unit, f"{incoming.channel}:{named}")
    return not _seen_before(unit, f"{incoming.channel}:{incoming.external_id}") and was_named


def _seen_before(unit: Unit, value: str) -> bool:
    key = f"said:{unit.services.keyring.keyed_hash(value, 'said')}"
    if unit.session.get(Seen, key) is not None:
        return True
    unit.session.add(Seen(value=key, until=unit.now + _REMEMBERED))
    return False
