"""What the law says of each right: its articles, what a reply holds, when it may be refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from assistant.domain.law import read_law
from assistant.domain.rights import Right
from assistant.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

Certainty = Literal["read", "to_check", "choice"]


class NoSuchGround(NotFound):
    """The law knows no such ground for this right; choose one of those listed."""

    code = "no_such_ground"


@dataclass(frozen=True, slots=True)
class RightLaw:
    """What the law says of one right; marketing objections and withdrawals are rows of their own.

    `at_once` is acted on when received, `months` is the last day for the answer all the same.
    """

    right: Right
    marketing: bool
    articles: tuple[str, ...]
    policy: tuple[str, ...]
    months: int
    at_once: bool
    within_working_days: int | None
    acknowledged_within_working_days: int | None
    proof_needed: bool
    further_copies_cost: bool
    reply: tuple[str, ...]
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason the law gives to refuse, in whole or in part; only a person decides on it."""

    name: str
    rights: frozenset[Right]
    article: str
    text: str
    partial: bool  # only some of the data may be held back, the rest is done
    requires: tuple[str, ...]  # what the lead writes down
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Authority:
    """A supervisory authority to which a person may complain (GDPR 77)."""

    key: str
    name: str
    country: str
    address: str
    phone: str
    email: str
    website: str
    complaint_languages: tuple[str, ...]
    certainty: Certainty


@cache
def right_law(right: Right, *, marketing: bool = False) -> RightLaw:
    """Give what the law says of a right; `marketing` matters to objections and withdrawals only."""
    data = read_law("rights")
    own_row = marketing and right in data["marketing"]
    row = data["marketing" if own_row else "rights"][right]
    return RightLaw(
        right=right,
        marketing=own_row,
        articles=tuple(row["articles"]),
        policy=tuple(row["policy"]),
        months=read_law("periods")["response"]["months"],
        at_once=row["at_once"],
        within_working_days=row.get("within_working_days"),
        acknowledged_within_working_days=row.get("acknowledged_within_working_days"),
        proof_needed=row["proof_needed"],
        further_copies_cost=row.get("further_copies_cost", False),
        reply=tuple(row["reply"]),
        certainty=row["certainty"],
    )


@cache
def refusal_elements() -> tuple[str, ...]:
    """Name what any full or partial refusal says (GDPR 12(4))."""
    return tuple(read_law("rights")["refusal"]["reply"])


@cache
def grounds_for(right: Right, *, marketing: bool = False) -> tuple[Ground, ...]:
    """List the grounds on which a right may be refused; none for marketing, withdrawals and complaints."""
    if marketing and right_law(right, marketing=True).marketing:
        return ()
    return tuple(each for each in _grounds() if right in each.rights)


def ground(name: str, right: Right, *, marketing: bool = False) -> Ground:
    """Give a ground by its name; raises NoSuchGround where the right cannot be refused on it."""
    allowed = {each.name: each for each in grounds_for(right, marketing=marketing)}
    if name not in allowed:
        choice = f"choose one of {', '.join(allowed)}" if allowed else "it cannot be refused"
        raise NoSuchGround(f"There is no ground {name!r} for this {right}: {choice}.", allowed=list(allowed))
    return allowed[name]


@cache
def authorities() -> tuple[Authority, ...]:
    """List the supervisory authorities named in replies."""
    return tuple(
        Authority(key=key, **{name: _frozen(value) for name, value in row.items()})
        for key, row in read_law("authorities").items()
    )


@cache
def _grounds() -> tuple[Ground, ...]:
    return tuple(_ground(name, row) for name, row in read_law("grounds").items())


def _ground(name: str, row: Mapping[str, Any]) -> Ground:
    return Ground(
        name=name,
        rights=frozenset(map(Right, row["rights"])),
        article=row["article"],
        text=row["text"],
        partial=row["partial"],
        requires=tuple(row["requires"]),
        certainty=row["certainty"],
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
