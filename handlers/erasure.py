"""Erasure (GDPR 17): everything goes but what a law keeps, and what a running service needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

from assistant.config import Settings
from assistant.domain.assurance import Hold
from assistant.domain.details import LIMITED, RunningServices
from assistant.domain.own_records import period_of
from assistant.domain.plan import DELETED_LATER, Keep, Operation, Order
from assistant.domain.results import Result, lines
from assistant.domain.rights import Right
from assistant.interfaces import Sources, Stored, Telling, Told
from assistant.naming import Naming
from handlers.each_right import EachRight, told


class Erasure(EachRight):
    """Partial by default: the retention rules of the map say what stays, and until when (GDPR 17(3)(b))."""

    right = Right.ERASURE
    operation = Operation.ERASE
    takes = RunningServices.names() | {LIMITED}
    hold = Hold.ALWAYS  # what is gone cannot come back
    nothing = "answer_erasure_nothing"

    def effects(self, details: Stored) -> Sequence[str]:
        """Tell an erasure of all from one to which a limit was named, that a person reads first."""
        return ("erasure_limited",) if details.get(LIMITED) else super().effects(details)

    def order(self, details: Stored, sources: Sources, now: datetime) -> Order:
        """Erase every mapped row; `keep_services` leaves what running services need (Article 6(1)(b))."""
        return Order(
            self.operation, now.date(), keep_services=bool(RunningServices.of(details).keep_services)
        )

    def answer(self, result: Result, details: Stored, telling: Telling) -> Told:
        """Say what is gone, and what stays for how long under which law."""
        plan = result.plan
        later = {(keep.source, keep.table) for keep in plan.keeps if keep.rule == DELETED_LATER}
        gone = [t for step in result.done for t in step.done if (step.source, t.table) not in later]
        # Of what is kept in some columns, the rest of the row is all that went.
        in_part = {keep.category for keep in plan.keeps if keep.columns}
        said: dict[str, Any] = {
            "erased": [line | {"in_part": line["category"] in in_part} for line in lines(gone)],
            "kept": _kept(telling.settings, plan.keeps, telling.language),
        }
        if not result.is_partial:
            said["services_kept"] = plan.order.keep_services
        return told("answer_erasure", "answer_erasure_partly", result, telling, said)


def _kept(settings: Settings, keeps: Sequence[Keep], language: str) -> list[dict[str, Any]]:
    """Say what stays, under which law and until when, year by year; tables of one category and rule as one.

    Not what this desk keeps of its own: its end is counted from the closing, and the letter says it once for all of it.
    """
    together: dict[tuple[str, str, str], list[Keep]] = {}
    for keep in keeps:
        if period_of(keep):
            continue
        together.setdefault((keep.category, keep.rule, keep.law), []).append(keep)
    return [_kept_as_one(Naming(settings), group, language) for group in together.values()]


def _kept_as_one(naming: Naming, keeps: Sequence[Keep], language: str) -> dict[str, Any]:
    first = keeps[0]
    columns = [naming.columns(keep.source, keep.table, keep.columns, language) for keep in keeps]
    bounds = [keep.until for keep in keeps]
    years: dict[int, date] = {}
    for year, _, until in chain.from_iterable(keep.by_year for keep in keeps):
        years[year] = max(until, years.get(year, until))
    return {
        "category": first.category,
        "rows": sum(keep.rows for keep in keeps),
        "columns": list(dict.fromkeys(chain.from_iterable(columns))),
        "law": naming.reason(first, language) or first.law,
        "until": None if None in bounds else max(end for end in bounds if end),
        "by_year": sorted(years.items()),
    }
