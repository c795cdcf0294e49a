"""A few rows of what a plan is about, for an agent who has to judge it; asked of the sources, kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

from assistant.domain.plan import Plan
from assistant.errors import AssistantError
from assistant.interfaces import ExportedTable
from assistant.services import Services

_ROWS: Final = 2  # of each table
_LONGEST: Final = 80  # characters of a cell


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of one table, as text, or why there are none."""

    source: str
    table: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    trouble: AssistantError | None = None


async def samples_of(services: Services, plan: Plan) -> list[Sample]:
    """Read the first rows of every table that a plan touches; a system that does not answer says so in its place."""
    touched = {(step.source, effect.table) for step in plan.steps for effect in step.effects if effect.rows}
    by_name = {source.name: source for source in services.sources}
    samples: list[Sample] = []
    for at in plan.located:
        source = by_name.get(at.source)
        if (
            source is None
            or at.source in services.own_sources
            or not any(name == at.source for name, _ in touched)
        ):
            continue
        try:
            async with aclosing(cast("Any", source.export(at))) as tables:
                samples += [
                    await _first(table) async for table in tables if (at.source, table.table) in touched
                ]
        except AssistantError as error:
            samples.append(Sample(at.source, "", trouble=error))
    return samples


async def _first(table: ExportedTable) -> Sample:
    rows: Sequence[tuple[Any, ...]] = ()
    async for batch in table.rows:
        rows = batch[:_ROWS]
        break
    told = tuple(tuple(_shortened(value) for value in row) for row in rows)
    return Sample(table.source, table.table, table.columns, told)


def _shortened(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} […]"
