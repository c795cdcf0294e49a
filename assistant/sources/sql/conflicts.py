"""What would make a database refuse a step, found by asking it before anybody approves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.domain.plan import Hindrance
from assistant.sources.sql.keeps import surely
from assistant.sources.sql.order import circles, in_order
from assistant.sources.sql.sets import within
from assistant.sources.sql.values import NEVER, both, either

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assistant.sources.sql.actions import Action
    from assistant.sources.sql.order import Link
    from assistant.sources.sql.rows import PersonRows
    from assistant.sources.sql.schema import Reference, TableFacts
    from assistant.sources.sql.values import Condition, Write

_REFUSES = ("pointed_at", "still point to rows of {table} that would go, so the database refuses")
_ALONG = {
    "CASCADE": ("goes_along", "would be deleted along with rows of {table}"),
    "SET NULL": ("loses_link", "would lose what they point to in {table}"),
}


def refusals(rows: PersonRows, actions: Sequence[Action]) -> Iterator[Hindrance]:
    """Give every foreign key and every unique value that stands in the way of these actions."""
    going: dict[tuple[str | None, str], Condition] = {}
    for action in actions:
        if not action.writes:
            id_ = action.mapped.facts.id
            going[id_] = either(going.get(id_, NEVER), action.scope)
    yield from _entangled(rows, actions)
    for action in actions:
        if action.writes:
            yield from _clashes(rows, action)
        elif rows.count(action.mapped, action.scope):
            for child, reference in rows.layout.schema.pointing_at(action.mapped.facts.id):
                yield from _stranded(rows, action, child, reference, going)


def _entangled(rows: PersonRows, actions: Sequence[Action]) -> Iterator[Hindrance]:
    """Find rows that would have to go before each other, where the database does not wait for the end."""
    if rows.connection.dialect.name == "sqlite":
        return
    by_table = {action.mapped.facts.id: action for action in actions if not action.writes}
    for link in circles(rows, in_order(actions)):
        target = by_table[link.reference.to]
        if not link.loose and (number := rows.count(link.action.mapped, _pointing(rows, link, target))):
            names = ", ".join(link.reference.columns)
            said = (
                f"{number} rows of {link.action.mapped.title} point to rows of {target.mapped.title} that would go "
                f"before them, and {names} is NOT NULL; overwrite one of the tables instead of deleting it."
            )
            table, other = link.action.mapped.label, target.mapped.label
            yield Hindrance("circle", said, table, link.reference.columns, other, number)


def _pointing(rows: PersonRows, link: Link, target: Action) -> Condition:
    gone = rows.selected(target.mapped, link.reference.references, target.scope)
    return both(link.action.scope, within(link.action.mapped, link.reference.columns, gone))


def _stranded(
    rows: PersonRows, action: Action, child: TableFacts, reference: Reference, going: Mapping[Any, Condition]
) -> Iterator[Hindrance]:
    gone = rows.selected(action.mapped, reference.references, action.scope)
    columns = [child.clause.c[name] for name in reference.columns]
    points = columns[0].in_(gone) if len(columns) == 1 else sa.tuple_(*columns).in_(gone)
    stays = sa.not_(surely(going.get(child.id, NEVER)))
    query = sa.select(sa.func.count()).select_from(child.clause).where(points, stays)
    if number := rows.connection.execute(query).scalar_one():
        kind, words = _ALONG.get(reference.on_delete, _REFUSES)
        how = words.format(table=action.mapped.title)
        mend = f"map {child.name}, or overwrite {action.mapped.label} instead of deleting it"
        said = f"{number} rows of {child.name} that are not part of the plan {how}; {mend}."
        yield Hindrance(kind, said, child.name, reference.columns, action.mapped.label, number)


def _clashes(rows: PersonRows, action: Action) -> Iterator[Hindrance]:
    """Find unique columns that would hold the same value twice."""
    written = {write.column: write for write in action.writes}
    for unique in action.mapped.facts.uniques:
        writes = [written[name] for name in unique if name in written]
        if writes and all(w.fresh is None and w.value is not None for w in writes):
            others = sorted(unique - written.keys())
            if _meet(rows, action, others) or _taken(rows, action, writes, others):
                names = ", ".join(action.mapped.map.meanings.get(name, name) for name in sorted(unique))
                said = f"{action.mapped.title}: {names} must be unique, and another row would hold the same."
                yield Hindrance("unique", said, action.mapped.label, tuple(sorted(unique)))


def _meet(rows: PersonRows, action: Action, others: Sequence[str]) -> bool:
    if not others:
        return rows.count(action.mapped, action.pending) > 1
    columns = action.mapped.columns(others)
    query = sa.select(sa.literal(1)).select_from(action.mapped.clause).where(action.pending)
    query = (
        query.where(*(c.is_not(None) for c in columns))
        .group_by(*columns)
        .having(sa.func.count() > 1)
        .limit(1)
    )
    return rows.connection.execute(query).first() is not None


def _taken(rows: PersonRows, action: Action, writes: Sequence[Write], others: Sequence[str]) -> bool:
    mapped = action.mapped
    if not rows.count(mapped, action.pending):
        return False
    held = [mapped.clause.c[write.column] == write.value for write in writes]
    beside = (
        [within(mapped, others, sa.select(*mapped.columns(others)).where(action.pending))] if others else []
    )
    return rows.count(mapped, both(sa.not_(surely(action.pending)), *held, *beside)) > 0
