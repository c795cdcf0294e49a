"""In which order rows go, so that no foreign key is left pointing at nothing."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from assistant.sources.sql.engine import ROW_BY_ROW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assistant.sources.sql.actions import Action
    from assistant.sources.sql.rows import PersonRows
    from assistant.sources.sql.schema import Reference, TableId


@dataclass(frozen=True, slots=True)
class Link:
    """A reference whose target goes before the rows that hold it."""

    action: Action  # what deletes the rows that hold it
    reference: Reference
    loose: tuple[str, ...]  # its columns that can be set to NULL first; none: the database refuses


def circles(rows: PersonRows, ordered: Sequence[Action]) -> Iterator[Link]:
    """Give what must be let go of first: in a circle of tables none comes first.

    SQLite waits for the end of the transaction, other databases for that of a statement, and MariaDB for nothing:
    there rows of one table that point to each other are a circle as well.
    """
    dialect = rows.connection.dialect.name
    gone: set[TableId] = set()
    for action in ordered:
        if action.writes:
            continue
        facts = action.mapped.facts
        linked = rows.layout.hangs_on_one_row(action.mapped)
        found_by = action.mapped.joins[0].columns if linked else ()
        for reference in facts.references:
            itself = reference.to == facts.id and dialect in ROW_BY_ROW
            if itself or reference.to in gone:
                free = (n for n in reference.columns if facts.columns[n].nullable and n not in found_by)
                yield Link(action, reference, tuple(free))
        gone.add(facts.id)


def in_order(actions: Sequence[Action]) -> list[Action]:
    """Put children before their parents, writing after deleting, and accounts last."""
    deletes = {action.mapped.facts.id: action for action in actions if not action.writes}
    writes = sorted((action for action in actions if action.writes), key=lambda a: a.mapped.map.account)
    return [*(deletes[id_] for id_ in _children_first(deletes)), *writes]


def _children_first(deletes: Mapping[TableId, Action]) -> list[TableId]:
    waits: dict[TableId, set[TableId]] = {id_: set() for id_ in deletes}
    for id_, action in deletes.items():
        for reference in action.mapped.facts.references:
            if reference.to in waits and reference.to != id_:
                waits[reference.to].add(id_)
    return _sorted(waits)


def _sorted(waits: dict[TableId, set[TableId]]) -> list[TableId]:
    try:
        return list(TopologicalSorter(waits).static_order())
    except CycleError as error:
        first, second, *_ = error.args[1]
        waits[second].discard(first)
        return _sorted(waits)
