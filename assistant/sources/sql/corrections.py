"""Rectification in one database: how what a person typed is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.domain.countries import code_of_country
from assistant.domain.spoken import day_in, yes_or_no
from assistant.sources.sql.schema import Kind
from assistant.sources.sql.values import assigning

if TYPE_CHECKING:
    from assistant.sources.sql.schema import TableFacts
    from assistant.sources.sql.values import Write

_CODE = 2  # characters of a country code (ISO 3166)


def correcting(facts: TableFacts, column: str, typed: str) -> Write:
    """Say how a column gets what a person typed; ValueError where it cannot hold it."""
    return assigning(facts, column, as_written(facts, column, typed))


def as_written(facts: TableFacts, column: str, typed: str) -> str:
    """Give what a person typed in the form in which the column holds such a thing."""
    about = facts.columns[column]
    if about.kind in {Kind.DATE, Kind.INSTANT} and (day := day_in(typed)):
        return day.isoformat()
    if about.kind is Kind.BOOLEAN and (answer := yes_or_no(typed)) is not None:
        return "true" if answer else "false"
    if about.kind is Kind.TEXT and about.length == _CODE:
        return code_of_country(typed) or typed
    return typed
