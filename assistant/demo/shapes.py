"""How much the sample company holds about each client: drawn at random, and fixed for the people to be."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class Draw:
    """Everything random about the sample, reproducible under its seed."""

    def __init__(self, seed: int, today: date) -> None:
        """Start a sequence that depends on the seed alone; days are counted back from `today`."""
        self.today = today
        self._noon = datetime.combine(today, time(12))
        self._random = random.Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """Take one of the options."""
        return options[int(self._random.random() * len(options))]

    def below(self, limit: int) -> int:
        """Give a whole number from 0 to `limit` - 1."""
        return int(self._random.random() * limit)

    def chance(self, percent: int) -> bool:
        """Say yes in so many cases of a hundred."""
        return self._random.random() * 100 < percent

    def instant(self, oldest: int, newest: int = 1) -> str:
        """Give an instant between `oldest` and `newest` days ago."""
        seconds = int((newest + self._random.random() * (oldest - newest)) * 86400)
        return (self._noon - timedelta(seconds=seconds)).isoformat(" ")

    def day(self, oldest: int, newest: int = 1) -> str:
        """Give a calendar day between `oldest` and `newest` days ago; negative days lie ahead."""
        return (self.today - timedelta(days=newest + self.below(oldest - newest + 1))).isoformat()

    def digits(self, count: int) -> str:
        """Give so many decimal digits."""
        return f"{self.below(10**count):0{count}d}"

    def hexadecimal(self, count: int) -> str:
        """Give so many hexadecimal digits."""
        return f"{self._random.getrandbits(4 * count):0{count}x}"

    def ip(self) -> str:
        """Give an address that RFC 5737 or RFC 3849 sets aside for examples."""
        if self.chance(20):
            return f"2001:db8:{self.hexadecimal(4)}::{self.below(4095) + 1:x}"
        return f"{self.pick(('192.0.2', '198.51.100', '203.0.113'))}.{self.below(254) + 1}"


@dataclass(frozen=True, slots=True)
class Shape:
    """How many of each thing one client has; each invoice comes with its order, two lines and a payment."""

    invoices: tuple[date, ...] = ()
    paid: int = 0  # so many of the oldest invoices
    running_services: int = 0
    ended_services: int = 0
    running_domains: int = 0
    released_domains: int = 0
    payment_methods: int = 0
    tickets: int = 0
    chats: int = 0
    calls: int = 0
    letters: int = 0
    abuse_reports: int = 0
    abuse_cases: int = 0
    identity_documents: int = 0
    fraud_checks: int = 0
    logins: int = 0
    visitors: int = 0
    page_views: int = 0
    carts: int = 0
    promos: int = 0
    newsletters: int = 0
    pushes: int = 0
    surveys: int = 0
    consents: bool = True
    closed: bool = False


def months_before(today: date, months: int) -> date:
    """Give the fifth of the month so many months ago."""
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(years, month + 1, 5)


def drawn_shape(draw: Draw) -> Shape:
    """Invent how much there is about a client of no importance."""
    closed = draw.chance(8)
    invoices = _drawn_invoices(draw, closed=closed)
    return Shape(
        invoices=invoices,
        paid=len(invoices) if closed or draw.chance(80) else max(len(invoices) - 1, 0),
        running_services=0 if closed else draw.below(3),
        ended_services=draw.below(2) + closed,
        running_domains=0 if closed else draw.below(3),
        released_domains=draw.below(2),
        payment_methods=draw.below(2) + (not closed),
        tickets=draw.below(3),
        chats=draw.chance(30),
        calls=draw.chance(20),
        letters=draw.chance(10),
        abuse_reports=draw.chance(4),
        abuse_cases=draw.chance(4),
        identity_documents=draw.chance(6),
        fraud_checks=draw.chance(15),
        logins=draw.below(6),
        visitors=draw.below(3),
        page_views=10 + draw.below(31),
        carts=draw.chance(15),
        promos=draw.chance(25),
        newsletters=draw.chance(45),
        pushes=draw.chance(12),
        surveys=draw.chance(18),
        consents=draw.chance(60),
        closed=closed,
    )


def _drawn_invoices(draw: Draw, *, closed: bool) -> tuple[date, ...]:
    newest = 14 + draw.below(80) if closed else 1
    ages = sorted((newest + 6 * step for step in range(draw.below(6))), reverse=True)
    return tuple(months_before(draw.today, age) for age in ages)


def subject_shapes(today: date) -> Mapping[str, Shape]:
    """Give the shapes of the people to be, by client number; `Subject.holds` counts what comes of them."""
    # Years ago and month: the first two are past their period.
    former = (9, 5), (8, 11), (7, 2), (3, 6), (2, 9)
    return {
        "C-10042": Shape(
            invoices=tuple(months_before(today, age) for age in (30, 18, 6, 1)),
            paid=4,
            running_services=2,
            ended_services=1,
            running_domains=1,
            released_domains=1,
            payment_methods=2,
            tickets=2,
            chats=1,
            calls=2,
            letters=1,
            abuse_reports=1,
            abuse_cases=1,
            identity_documents=1,
            fraud_checks=1,
            logins=5,
            visitors=2,
            page_views=40,
            carts=1,
            promos=1,
            newsletters=1,
            pushes=1,
            surveys=1,
        ),
        "C-10043": Shape(
            invoices=tuple(date(today.year - years, month, 15) for years, month in former),
            paid=5,
            ended_services=1,
            released_domains=1,
            payment_methods=1,
            tickets=1,
            chats=1,
            calls=1,
            letters=1,
            logins=2,
            visitors=1,
            page_views=12,
            newsletters=1,
            surveys=1,
            closed=True,
        ),
        "C-10044": Shape(
            invoices=(months_before(today, 5), months_before(today, 2)),
            paid=2,
            running_services=1,
            running_domains=1,
            payment_methods=1,
            tickets=1,
            logins=3,
            visitors=1,
            page_views=20,
        ),
        "C-10045": Shape(
            invoices=(months_before(today, 26),),
            paid=1,
            payment_methods=1,
            tickets=1,
            logins=1,
        ),
    }
