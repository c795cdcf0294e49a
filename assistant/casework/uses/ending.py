"""The uses of data that can end: those that the maps know, and those of them that rest on consent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from assistant.config import AnyMap
from assistant.domain.uses import EVERY_CONSENT
from assistant.services import Services

_CONSENT: Final = "consent"


def uses_known(services: Services) -> frozenset[str]:
    """Give the uses that some map says how to end."""
    return frozenset(chain.from_iterable(map(_ending, services.settings.maps.values())))


def _ending(data_map: AnyMap) -> Iterator[str]:
    for table in data_map.tables:
        yield from table.stop


def with_every_consent(services: Services, details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the uses where all consents are withdrawn: every one on file that rests on consent (GDPR 7(3))."""
    if details.get("purpose") != EVERY_CONSENT:
        return details
    purposes = services.settings.catalogue.purposes
    resting = [n for n in sorted(uses_known(services)) if n in purposes and purposes[n].basis == _CONSENT]
    return {**details, "purpose": resting or EVERY_CONSENT}
