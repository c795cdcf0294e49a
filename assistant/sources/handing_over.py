"""Which recipients of a table an order concerns: the same for every kind of source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.domain.plan import Operation
from assistant.domain.recipients import HandOver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assistant.domain.data_map import TableMap
    from assistant.domain.http_map import HttpTable
    from assistant.domain.manual_map import ManualMap
    from assistant.domain.plan import Order
    from assistant.domain.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Concerned:
    """A recipient whom an order concerns: `got` are columns that are written and went there, `uses` end with it."""

    recipient: Recipient
    got: frozenset[str]
    uses: tuple[str, ...] = ()

    def hand_over(self, known_by: Iterable[tuple[str, str]] = (), fields: Iterable[str] = ()) -> HandOver:
        """Say it of rows that show the hand-over, or do not tell."""
        name, sure = self.recipient.name, self.recipient.when != "unknown"
        return HandOver(name, tuple(known_by), tuple(fields), self.uses, sure)


def concerned(
    mapped: TableMap | HttpTable | ManualMap, order: Order, written: Sequence[str]
) -> Iterator[Concerned]:
    """Give whom it concerns that these columns are written (none: that rows go, or are copied or marked).

    The end of a use concerns whoever uses it for that.
    """
    ending = [purpose for purpose in order.purposes if purpose in mapped.stop]
    for recipient in mapped.recipients:
        got = frozenset(recipient.got(tuple(written)))
        if order.operation is Operation.STOP:
            if uses := tuple(p for p in ending if recipient.uses_for(p, mapped.purpose)):
                yield Concerned(recipient, got, uses)
        elif got or not written or order.operation not in {Operation.ERASE, Operation.RECTIFY}:
            yield Concerned(recipient, got)
