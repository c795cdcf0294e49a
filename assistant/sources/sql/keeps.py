"""What erasure leaves in place: rows whose retention period runs, and what a running service hangs on."""

from __future__ import annotations

from collections import deque
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assistant.domain.plan import RUNNING_SERVICE, Blocker, Keep
from assistant.sources.keeping import Retention
from assistant.sources.sql.layout import Mapped
from assistant.sources.sql.sets import Held, within
from assistant.sources.sql.values import NEVER, Condition, both, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assistant.domain.data_map import KeepRule
    from assistant.sources.sql.rows import PersonRows

_LABELS_SHOWN = 20


def surely(condition: Condition) -> Condition:
    """Make a condition that may be unknown false there, so that it can be negated."""
    return NEVER if condition is NEVER else sa.case((condition, 1), else_=0) == 1


def expired(mapped: Mapped, keep: KeepRule, retention: Retention, today: date) -> Condition:
    """Select the rows whose period is over; one without a readable date is never over."""
    first_kept = retention.first_kept(retention.rules[keep.rule], today)
    return surely(day_of(mapped.facts, keep.counted_from) < first_kept.isoformat())


def event_days(rows: PersonRows, mapped: Mapped, kept: Condition, column: str) -> Mapping[date | None, int]:
    """Count rows by the day of their event; None for those without a readable date."""
    day = day_of(mapped.facts, column).label("day")
    query = sa.select(day, sa.func.count()).select_from(mapped.clause).where(kept).group_by(day)
    return {_day(text): number for text, number in rows.connection.execute(query)}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def retained(
    source: str, mapped: Mapped, keep: KeepRule, retention: Retention, days: Mapping[date | None, int]
) -> Keep:
    """Say what of a table stays under its rule, and until when."""
    what = Keep(source, mapped.label, mapped.map.category, 0, keep.columns, keep.rule, "", None)
    return retention.keep(what, days)


# ── running services ────────────────────────────────────────────────────────────────────────────────


def running(mapped: Mapped, today: date) -> Condition:
    """Select the rows that are running services on a day; without an end they run on."""
    active = mapped.map.active_when
    if active is None:
        return NEVER
    conditions: list[Condition] = []
    if active.column:
        conditions.append(mapped.clause.c[active.column].in_(active.values))
    if active.until:
        day = day_of(mapped.facts, active.until)
        conditions.append(sa.or_(day.is_(None), day >= today.isoformat()))
    return surely(both(*conditions)) if conditions else NEVER


def blockers(rows: PersonRows, source: str, today: date) -> Iterator[Blocker]:
    """List the running services of the person, table by table."""
    for mapped in rows.layout:
        if active := mapped.map.active_when:
            condition = both(rows.theirs(mapped), running(mapped, today))
            if number := rows.count(mapped, condition):
                name = mapped.clause.c[active.label or mapped.map.key[0]]
                named = rows.connection.execute(
                    sa.select(name).where(condition).order_by(name).limit(_LABELS_SHOWN)
                )
                yield Blocker(source, mapped.label, number, active.what, tuple(str(row[0]) for row in named))


def still_needed(source: str, mapped: Mapped, number: int) -> Keep:
    """Say that rows stay because a running service of the person needs them (Article 6(1)(b))."""
    named = tuple(mapped.map.erase) if isinstance(mapped.map.erase, dict) else mapped.exported
    columns = needed_columns(mapped) or named
    category = mapped.map.category
    return Keep(source, mapped.label, category, number, columns, RUNNING_SERVICE, RUNNING_SERVICE, None)


def needed_columns(mapped: Mapped) -> tuple[str, ...]:
    """List the columns of a row that a running service needs; none where it needs the whole row."""
    return mapped.map.needed_by_service.columns if mapped.map.needed_by_service else ()


def hold_running(rows: PersonRows, today: date) -> Mapping[str, Held]:
    """Hold the running services and, table by table, every row of the person that they hang on or need."""
    services = [m for m in rows.layout if m.map.active_when]
    held = {m.label: rows.hold(m, both(rows.theirs(m), running(m, today))) for m in services}
    grown = deque(held)
    while grown:
        mapped = rows.layout.tables[grown.popleft()]
        for columns, needed, references in _hangs_on(rows, mapped):
            pointing = sa.select(*mapped.columns(columns)).where(held[mapped.label].rows())
            reached = both(rows.theirs(needed), within(needed, references, pointing))
            if needed.label not in held:
                held[needed.label] = rows.hold(needed, NEVER)
            if rows.sets.fill(held[needed.label], reached):
                grown.append(needed.label)
    return held


_Way = tuple[tuple[str, ...], Mapped, tuple[str, ...]]


def _hangs_on(rows: PersonRows, mapped: Mapped) -> Iterator[_Way]:
    """List the ways from a row to what it needs: what it points to, the contacts of an account, what the map adds."""
    layout = rows.layout
    needs_contacts = mapped.map.account and not mapped.map.contacts
    for join in mapped.joins:
        yield join.columns, layout.tables[join.to], join.references
    for reference in mapped.facts.references:
        if parent := layout.by_id.get(reference.to):
            yield reference.columns, parent, reference.references
    for other, join in layout.linked_to[mapped.label]:
        points_to_it = other.facts.is_unique(join.columns) and not mapped.facts.is_unique(join.references)
        if points_to_it or (needs_contacts and other.map.contacts):
            yield join.references, other, join.columns
    for other, join in layout.needed_by[mapped.label]:
        yield join.references, other, join.columns
