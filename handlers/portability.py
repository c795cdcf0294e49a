"""Portability (GDPR 20): what the person gave or caused, as one JSON document that another program can read."""

from __future__ import annotations

from assistant.domain.details import WhereTo
from assistant.domain.rights import Right
from handlers.copies import Copies


class Portability(Copies):
    """Only data given or observed, held by consent or contract (20(1), WP 242): the map says which columns those are."""

    right = Right.PORTABILITY
    takes = WhereTo.names()
    portable_only = True
