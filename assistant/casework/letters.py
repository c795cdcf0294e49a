"""Which text answers a request, and with which values: written from results, never from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any

from assistant.casework.results import Result, StepResult, rows_by_category
from assistant.domain.data_map import TableMap
from assistant.domain.own_records import period_of
from assistant.domain.plan import DELETED_LATER, Keep, Operation, TableRows
from assistant.domain.rights import Right
from assistant.domain.uses import UNTOLD, addresses_in, part_of
from assistant.errors import Conflict
from assistant.naming import Naming
from assistant.services import Services
from assistant.store.tables import PrivacyRequest

Values = dict[str, Any]
LATE = "came_later"
_UNKNOWN = "internal"


def letter(services: Services, request: PrivacyRequest, result: Result) -> tuple[str, Values]:
    """Name the text that says what a plan came to, and give its values."""
    operation = result.plan.order.operation
    if operation is Operation.LIFT:
        return _lifting(services, request)
    if operation is Operation.STOP and request.details.get("marketing"):
        return _marketing(services, request, result)
    if operation is Operation.STOP and request.right == Right.OBJECTION:
        return "objection_frozen", {}
    if not result.steps:
        raise Conflict("Nothing was done, so no letter says that it was; answer by hand.")
    whole, partly, values = _LETTERS[operation]
    said = {
        **values(services, request, result),
        "recipients": list(result.plan.told(without=result.sources_not_done)),
    }
    if not result.is_partial:
        said.pop("nowhere", None)
        return whole, said
    for only_of_the_whole in ("services_kept", "not_in_use"):
        said.pop(only_of_the_whole, None)
    return partly, said | {"failed": _failed(services, request, result)}


def _marketing(services: Services, request: PrivacyRequest, result: Result) -> tuple[str, Values]:
    """Say that marketing is off; where no system knew the address the record of it is what keeps it off."""
    named = list(addresses_in(request.details))
    which = {"addresses": named, "part": part_of(request.details)}
    if result.left:
        return "marketing_stopped_partly", {**which, "failed": _failed(services, request, result)}
    if len(named) > 1:
        return "marketing_stopped_several", {**which, "untold": request.details.get(UNTOLD)}
    if "@" not in named[0]:
        return "marketing_stopped_number", which
    return "marketing_stopped", {**which, "untold": request.details.get(UNTOLD)}


def _lifting(services: Services, request: PrivacyRequest) -> tuple[str, Values]:
    notice = timedelta(days=services.settings.periods.lift_notice_days)
    return "restriction_lifting", {
        "reason": request.details.get("lift_reason", ""),
        "lifted_on": services.local_day(services.clock.now() + notice),
    }


# ── what was done ───────────────────────────────────────────────────────────────────────────────────


def _erased(services: Services, request: PrivacyRequest, result: Result) -> Values:
    later = {(keep.source, keep.table) for keep in result.plan.keeps if keep.rule == DELETED_LATER}
    gone = [t for step in result.done for t in step.done if (step.source, t.table) not in later]
    return {
        "erased": lines(gone),
        "kept": kept(services, result.plan.keeps, request.language),
        "services_kept": result.plan.order.keep_services,
    }


def _corrected(services: Services, _request: PrivacyRequest, result: Result) -> Values:
    fields = {
        name: value for name, value in result.plan.order.new_values.items() if name in result.plan.corrects
    }
    where: dict[str, list[str]] = {field: [] for field in fields}
    for step in result.done:
        for field in _fields_of(services, step, fields):
            where[field].append(step.source)
    return {
        "changes": [{"field": field, "where": sources} for field, sources in where.items() if sources],
        "already": list(result.plan.holds),
        "nowhere": list(result.plan.nowhere),
    }


def _fields_of(services: Services, step: StepResult, fields: Mapping[str, str]) -> Iterator[str]:
    """Give the fields that one source had: those of its map that the step wrote."""
    data_map = services.settings.maps.get(step.source)
    written = {column for effect in step.step.effects for column in effect.columns}
    tables = [table for table in (data_map.tables if data_map else ()) if isinstance(table, TableMap)]
    for field in fields:
        columns = {column for table in tables for part, column in _parts(table) if part == field}
        if (columns or {field}) & written:
            yield field


def _parts(table: TableMap) -> Iterator[tuple[str, str]]:
    for name, field in table.rectifiable.items():
        yield from field.columns(name).items()


def _restricted(_services: Services, _request: PrivacyRequest, result: Result) -> Values:
    return {"restricted": lines([table for step in result.done for table in step.done])}


def _stopped(services: Services, _request: PrivacyRequest, result: Result) -> Values:
    """Name a use as stopped where every source that has it did stop, and none where any did not."""
    left = set(chain.from_iterable(ends(services, step) for step in result.left))
    named = [purpose for purpose in result.plan.order.purposes if purpose not in left]
    ended = [purpose for purpose in named if _ended(services, result, purpose)]
    return {"stopped": ended, "not_in_use": [purpose for purpose in named if purpose not in ended]}


def _ended(services: Services, result: Result, purpose: str) -> bool:
    return any(purpose in ends(services, step) for step in result.done)


def ends(services: Services, step: StepResult) -> frozenset[str]:
    """Give the uses that a step ends where it is carried out: those its map names for the tables it touches."""
    data_map = services.settings.maps.get(step.source)
    touched = {effect.table.rpartition(".")[2] for effect in step.step.effects}
    tables = data_map.tables if data_map else ()
    return frozenset(chain.from_iterable(table.stop for table in tables if table.name in touched))


_LETTERS = {
    Operation.ERASE: ("answer_erasure", "answer_erasure_partly", _erased),
    Operation.RECTIFY: ("answer_rectification", "answer_rectification_partly", _corrected),
    Operation.RESTRICT: ("answer_restriction", "answer_restriction_partly", _restricted),
    Operation.STOP: ("answer_consent_withdrawal", "answer_consent_withdrawal_partly", _stopped),
}


# ── what was left, and what is kept ─────────────────────────────────────────────────────────────────


def _failed(services: Services, request: PrivacyRequest, result: Result) -> list[Values]:
    return [_left(services, step, request.language) for step in result.left]


def _left(services: Services, step: StepResult, language: str) -> Values:
    code = step.code or LATE
    known = services.texts.label("failures", code, language)
    reason = step.said or (known if known != code.replace("_", " ") else _reason(services, language))
    return {"system": step.source, "reason": reason, "what": lines(step.left)}


def _reason(services: Services, language: str) -> str:
    return services.texts.label("failures", _UNKNOWN, language)


def lines(tables: Sequence[TableRows]) -> list[Values]:
    """Count by category; no number where nobody could count."""
    counted = rows_by_category(tables)
    return [{"category": name, "rows": rows or None} for name, rows in counted.items()]


def kept(services: Services, keeps: Sequence[Keep], language: str) -> list[Values]:
    """Say what stays, under which law and until when, year by year; tables of one category and rule as one.

    Not what this desk keeps of its own: its end is counted from the closing, and the letter says it once for all of it.
    """
    together: dict[tuple[str, str, str], list[Keep]] = {}
    for keep in keeps:
        if period_of(keep):
            continue
        together.setdefault((keep.category, keep.rule, keep.law), []).append(keep)
    return [_kept(services, group, language) for group in together.values()]


def _kept(services: Services, keeps: Sequence[Keep], language: str) -> Values:
    first, naming = keeps[0], Naming(services.settings)
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
