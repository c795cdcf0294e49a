"""Rectification (GDPR 16): the person's own data are put right where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.config import Settings
from assistant.domain.assurance import Hold, Need
from assistant.domain.data_map import TableMap
from assistant.domain.plan import Operation, Order, Plan
from assistant.domain.postal import PARTS, as_one
from assistant.domain.rectifying import ADDRESS, SAID, Changes, correctable_in, is_harmless
from assistant.domain.results import Result, StepResult
from assistant.domain.rights import Right
from assistant.interfaces import Sources, Stored, Telling, Told
from handlers.each_right import EachRight, told


class Rectification(EachRight):
    """Needs to know which field and what is right, part by part, and a yes to exactly that before there is a plan."""

    right = Right.RECTIFICATION
    operation = Operation.RECTIFY
    takes = SAID
    nothing = "answer_rectification_nothing"

    def asks_same(self, details: Stored, others: Stored) -> bool:
        """Compare what is changed to what, where both were confirmed; what is emptied a person reads."""
        one, other = Changes.of(details), Changes.of(others)
        is_whole = all(each.confirmed and not each.to_empty for each in (one, other))
        return is_whole and one.new_values == other.new_values

    def missing(self, details: Stored) -> str | None:
        """Ask what is wrong, then for the right value of each part, then whether all is as it was meant."""
        changes = Changes.of(details)
        if changes.to_empty:
            return None  # nothing is to be put instead: a person takes it from here
        if not changes.parts:
            return "ask_rectification"
        if part := changes.unsettled:
            if part.either:
                return "ask_rectification_which"
            return "ask_rectification_part" if part.part_of else "ask_rectification_value"
        return None if changes.confirmed else "confirm_rectification"

    def need(self, details: Stored, plan: Plan | None, settings: Settings, sources: Sources) -> Need:
        """Ask for more than the mailbox where a person is reached by a field, or no map calls it harmless."""
        named = {part.field for part in Changes.of(details).parts}
        fields = named | (set(plan.order.new_values) if plan else set())
        if not is_harmless(fields, correctable_in(source.correctable() for source in sources)):
            return Need(settings.verification.contact_change, Hold.ALWAYS)
        return super().need(details, plan, settings, sources)

    def effects(self, details: Stored) -> Sequence[str]:
        """Tell what is corrected from what is emptied, which a person does."""
        changes = Changes.of(details)
        if not changes.to_empty:
            return super().effects(details)
        corrected = super().effects(details) if changes.new_values else ()
        return (*corrected, "rectification_to_empty")

    def order(self, details: Stored, sources: Sources, now: datetime) -> Order:
        """Put the new values wherever the maps have the fields."""
        values = also_as_one(Changes.of(details).new_values, sources)
        return Order(self.operation, now.date(), new_values=values)

    def answer(self, result: Result, details: Stored, telling: Telling) -> Told:
        """Say what was corrected where, and what read so already."""
        plan = result.plan
        if plan.is_already_so:
            return "answer_rectification_already", {"fields": list(plan.holds)}
        where: dict[str, list[str]] = {field: [] for field in plan.order.new_values if field in plan.corrects}
        for step in result.done:
            for field in _fields_of(telling.settings, step, where):
                where[field].append(step.source)
        changes = [{"field": field, "where": sources} for field, sources in where.items() if sources]
        said: dict[str, Any] = {"changes": changes, "already": list(plan.holds)}
        if result.is_partial:
            said["nowhere"] = list(plan.nowhere)
        return told("answer_rectification", "answer_rectification_partly", result, telling, said)


def also_as_one(values: Mapping[str, str], sources: Sources) -> Mapping[str, str]:
    """Give an address that is corrected in all its parts also in one piece, where some map has it so."""
    as_block = any(
        (known := source.correctable().get(ADDRESS)) is not None and not known.parts for source in sources
    )
    whole = all(values.get(part) for part in PARTS[:3])
    return {**values, ADDRESS: as_one(values)} if as_block and whole and ADDRESS not in values else values


def _fields_of(settings: Settings, step: StepResult, fields: Mapping[str, Any]) -> Iterator[str]:
    """Give the fields that one source had: those of its map that the step wrote."""
    data_map = settings.maps.get(step.source)
    written = {column for effect in step.step.effects for column in effect.columns}
    tables = [table for table in (data_map.tables if data_map else ()) if isinstance(table, TableMap)]
    for field in fields:
        columns = {column for table in tables for part, column in _parts(table) if part == field}
        if (columns or {field}) & written:
            yield field


def _parts(table: TableMap) -> Iterator[tuple[str, str]]:
    for name, field in table.rectifiable.items():
        yield from field.columns(name).items()
