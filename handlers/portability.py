"""Portability (GDPR 20): what the person gave or caused, as one JSON document that another program can read."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.domain.details import Details
from assistant.domain.rights import Right
from handlers.copies import Copies


@dataclass(frozen=True, slots=True)
class WhereTo(Details):
    """Where the person wants it sent (20(2)): on an agent's word alone, and theirs to do with it otherwise."""

    transfer_to: str | None = None


class Portability(Copies):
    """Only data given or observed, held by consent or contract (20(1), WP 242): the map says which columns those are."""

    right = Right.PORTABILITY
    takes = WhereTo.names()
    portable_only = True
