"""Lists page by page: each page says where the next one begins, so that nothing is cut off and none is counted through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

T = TypeVar("T")
PAGE: Final = 50  # rows of a list that people read
# Beyond that a list says "more than": counting a million takes longer than showing fifty.
_COUNTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list in its order, the row after which the next page begins, and how many there are in all."""

    rows: Sequence[T]
    next: str = ""
    count: int = 0
    is_more: bool = False  # than the count


def page(
    session: Session,
    query: SelectOfScalar[T],
    order: Sequence[Any],
    *,
    after: str = "",
    limit: int = PAGE,
    counts: bool = True,
    places: Any = None,
) -> Page[T]:
    """Give the rows behind the one named; the last of the order names each row by itself, and none may be NULL.

    A row keeps its place when it leaves the list; one that is gone names none: the list begins anew, and nothing is
    passed over. `places` reads the order of whatever row, where it stands in more than one table.
    """
    count = count_of(session, query, order[-1], _COUNTED + 1) if counts else 0
    shown = query
    if after:
        known: Any = select(*order) if places is None else places
        place = session.execute(known.where(order[-1] == after)).first()
        shown = query.where(_behind(order, place)) if place else query
    found = session.execute(shown.add_columns(order[-1]).order_by(*order).limit(limit + 1)).all()
    behind = str(found[limit - 1][1]) if len(found) > limit else ""
    return Page([row[0] for row in found[:limit]], behind, min(count, _COUNTED), count > _COUNTED)


def count_of(session: Session, query: SelectOfScalar[T], name: Any, most: int | None = None) -> int:
    """Count the rows of a list, by nothing but the column that names them."""
    named = query.with_only_columns(name).limit(most).subquery()
    return int(session.execute(select(func.count()).select_from(named)).scalar_one())


def _behind(order: Sequence[Any], place: Sequence[Any]) -> ColumnElement[bool]:
    """Compare column by column; the first one bounds the search by itself, which few databases see in the whole."""
    ways = [
        and_(*(column == at for column, at in zip(order[:n], place[:n], strict=True)), order[n] > place[n])
        for n in range(len(order))
    ]
    return and_(order[0] >= place[0], or_(*ways))
