"""Lists page by page: each page says where the next one begins, so that nothing is cut off and none is counted through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

T = TypeVar("T")
PAGE: Final = 50  # rows of a list that people read
_COUNTED: Final = (
    1000  # beyond that a list says "more than": counting a million takes longer than showing fifty
)


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
    order: Sequence[ColumnElement[Any]],
    *,
    after: str = "",
    limit: int = PAGE,
) -> Page[T]:
    """Give the rows behind the one named; the last of the order names each row by itself, and none may be NULL.

    A row that is not there any more names no place: the list begins anew, and nothing is passed over.
    """
    count = session.exec(select(func.count()).select_from(query.limit(_COUNTED + 1).subquery())).one()
    shown = query
    if after:
        place = session.execute(select(*order).where(order[-1] == after)).first()
        shown = query.where(_behind(order, place)) if place else query
    found = session.execute(shown.add_columns(order[-1]).order_by(*order).limit(limit + 1)).all()
    behind = str(found[limit - 1][1]) if len(found) > limit else ""
    return Page([row[0] for row in found[:limit]], behind, min(count, _COUNTED), count > _COUNTED)


def _behind(order: Sequence[ColumnElement[Any]], place: Sequence[Any]) -> ColumnElement[bool]:
    """Compare column by column; the first one bounds the search by itself, which few databases see in the whole."""
    ways = [
        and_(*(column == at for column, at in zip(order[:n], place[:n], strict=True)), order[n] > place[n])
        for n in range(len(order))
    ]
    return and_(order[0] >= place[0], or_(*ways))
