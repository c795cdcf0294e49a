"""Rectification in one database: how what a person typed is written, and which fields hold it already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from assistant.domain.countries import code_of_country
from assistant.domain.plan import Operation
from assistant.domain.spoken import day_in, yes_or_no
from assistant.sources.sql_schema import Kind
from assistant.sources.sql_values import NEVER, assigning, both

if TYPE_CHECKING:
    from assistant.sources.sql_actions import Orders
    from assistant.sources.sql_schema import TableFacts
    from assistant.sources.sql_values import Write

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


def fields_in(orders: Orders) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the fields to be corrected that change here, and those that read as they should already."""
    if orders.order.operation is not Operation.RECTIFY:
        return (), ()
    corrects: dict[str, None] = {}
    holds: dict[str, None] = {}
    for mapped in orders.rows.layout:
        own = orders.rows.own(mapped)
        wanted = orders.order.new_values
        named = {name: column for name, column in mapped.map.rectified().items() if name in wanted}
        if own is NEVER or not named or not orders.rows.number(mapped):
            continue
        for name, column in named.items():
            try:
                pending = both(own, sa.not_(correcting(mapped.facts, column, wanted[name]).done))
            except ValueError:
                corrects[name] = None  # a conflict says why it cannot
                continue
            (corrects if orders.rows.count(mapped, pending) else holds)[name] = None
    return tuple(corrects), tuple(name for name in holds if name not in corrects)
