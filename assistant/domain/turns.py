"""Whose turn it is where many wait: everybody's first before anybody's second."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """What waits, by whose it is: who brings many things waits for their own, and nobody else for them."""

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._served: str | None = None

    def __len__(self) -> int:
        """Count what waits."""
        return sum(map(len, self._waiting.values()))

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self._waiting)

    def waiting_of(self, whose: str) -> int:
        """Count what waits of one."""
        return len(self._waiting.get(whose, ()))

    def put(self, whose: str, item: T) -> None:
        """Have something wait behind all that is the same one's."""
        self._waiting.setdefault(whose, deque()).append(item)

    def put_back(self, whose: str, item: T) -> None:
        """Have what was taken wait again, before all others: what was taken last is put back first."""
        self._waiting.setdefault(whose, deque()).appendleft(item)
        self._waiting.move_to_end(whose, last=False)
        self._served = None

    def take(self) -> tuple[str, T]:
        """Take what is next; whoever was served last stands behind all who came meanwhile."""
        if self._served is not None and self._served in self._waiting:
            self._waiting.move_to_end(self._served)
        whose, own = next(iter(self._waiting.items()))
        item = own.popleft()
        if not own:
            del self._waiting[whose]
        self._served = whose
        return whose, item
