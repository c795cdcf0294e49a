"""To whom a person's rows went: asked of the rows while everything still stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from assistant.domain.plan import Operation
from assistant.domain.recipients import Recorded
from assistant.sources.handing_over import concerned
from assistant.sources.sql.schema import Kind
from assistant.sources.sql.sets import within
from assistant.sources.sql.values import Condition, both, converted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.domain.plan import Order
    from assistant.domain.recipients import HandOver, Recipient
    from assistant.sources.sql.layout import Mapped
    from assistant.sources.sql.rows import PersonRows


def hand_overs(
    rows: PersonRows, order: Order, mapped: Mapped, scope: Condition, written: Sequence[str] = ()
) -> Iterator[HandOver]:
    """Give to whom rows of a table went, of those that an order is about."""
    for each in concerned(mapped.map, order, written):
        recipient = each.recipient
        where, condition = _evidence(rows, mapped, recipient, scope)
        is_told = order.operation is not Operation.EXPORT
        known_by = tuple(_known_by(rows, where, condition, recipient)) if is_told else ()
        if not isinstance(recipient.when, Recorded) or known_by or rows.count(where, condition):
            fields = (field for field, column in mapped.map.rectified().items() if column in each.got)
            yield each.hand_over(known_by, (field for field in fields if field in order.new_values))


def _evidence(
    rows: PersonRows, mapped: Mapped, recipient: Recipient, scope: Condition
) -> tuple[Mapped, Condition]:
    """Select the rows that show the hand-over of those in `scope`: themselves, or where the links lead."""
    where, condition = mapped, scope
    for to, link in zip(mapped.evidence[recipient.name], recipient.link, strict=True):
        leading = sa.select(*where.columns(link.columns)).where(condition)
        where = rows.layout.tables[to]
        condition = both(rows.theirs(where), within(where, link.references, leading))
    when = recipient.when
    return where, both(condition, _shows(where, when)) if isinstance(when, Recorded) else condition


def _shows(mapped: Mapped, when: Recorded) -> Condition:
    column, kind = mapped.clause.c[when.column], mapped.facts.columns[when.column].kind
    if not when.set_:
        values = [converted(mapped.facts, when.column, v) if isinstance(v, str) else v for v in when.values]
        return column.in_(values)
    if kind is Kind.BOOLEAN:
        return column == sa.true()
    nothing = {Kind.TEXT: "", Kind.INTEGER: 0, Kind.NUMBER: 0}
    return both(column.is_not(None), column != nothing[kind]) if kind in nothing else column.is_not(None)


def _known_by(
    rows: PersonRows, where: Mapped, condition: Condition, recipient: Recipient
) -> Iterator[tuple[str, str]]:
    for kind, name in recipient.known_by.items():
        column = where.clause.c[name]
        query = sa.select(column).where(condition, column.is_not(None)).distinct().order_by(column)
        # All of them: who is told of a thousand in two thousand keeps the rest.
        yield from ((kind, str(value)) for value in rows.connection.scalars(query) if value != "")
