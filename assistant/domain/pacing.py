"""How much one socket and one address may send or try; kept in memory only, forgotten when it no longer matters."""

from __future__ import annotations

from typing import Final

_ADDRESSES: Final = 10_000  # beyond this, addresses that have been quiet are forgotten


class Bucket:
    """A token bucket: `burst` at once, refilled at `per_minute`; a rate of nought means no limit."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, per_minute: float, burst: float, now: float) -> None:
        """Start full; `now` is monotonic seconds here and in every call."""
        self._rate = per_minute / 60
        self._burst = burst
        self._left = burst
        self._at = now

    def take(self, now: float, cost: float = 1.0) -> float:
        """Take `cost` and give 0.0, or take nothing and give the seconds until it could be had."""
        if not self._rate:
            return 0.0
        self._refill(now)
        if self._left < cost:
            return (cost - self._left) / self._rate
        self._left -= cost
        return 0.0

    def give_back(self, cost: float = 1.0) -> None:
        """Take back what turned out not to count."""
        self._left = min(self._burst, self._left + cost)

    def full(self, now: float) -> bool:
        """Say whether nothing is remembered any more."""
        self._refill(now)
        return self._left >= self._burst

    def _refill(self, now: float) -> None:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now


class Buckets:
    """A bucket for each address; those that are full again are forgotten when there are many."""

    def __init__(self, per_minute: float, burst: float) -> None:
        """Take how each bucket is filled."""
        self._per_minute, self._burst = per_minute, burst
        self._buckets: dict[str, Bucket] = {}
        self._many = _ADDRESSES

    def of(self, address: str, now: float) -> Bucket:
        """Give the bucket of an address."""
        if len(self._buckets) > self._many:
            self._buckets = {known: each for known, each in self._buckets.items() if not each.full(now)}
            # Looking through them costs each address once.
            self._many = max(_ADDRESSES, 2 * len(self._buckets))
        return self._buckets.setdefault(address, Bucket(self._per_minute, self._burst, now))


class Addresses:
    """Open sockets and new hellos of each address; an IPv6 household counts as one address."""

    def __init__(self, sockets: int, hellos_per_minute: int) -> None:
        """Take both limits; nought means no limit."""
        self._sockets = sockets
        self._open: dict[str, int] = {}
        self._hellos = Buckets(hellos_per_minute, hellos_per_minute)

    def enter(self, address: str) -> bool:
        """Count one more open socket, or say that there are too many."""
        count = self._open.get(address, 0)
        if self._sockets and count >= self._sockets:
            return False
        self._open[address] = count + 1
        return True

    def leave(self, address: str) -> None:
        """Count one socket less."""
        count = self._open[address] - 1
        if count:
            self._open[address] = count
        else:
            del self._open[address]

    def hello(self, address: str, now: float) -> float:
        """Count a hello and give 0.0, or give the seconds to wait."""
        return self._hellos.of(address, now).take(now)
