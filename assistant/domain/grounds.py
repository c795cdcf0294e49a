"""On which grounds a right may be refused, and where a person may complain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from assistant.domain.law import read_law
from assistant.domain.rights import ENDING_USES, Right
from assistant.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoSuchGround(NotFound):
    """The law knows no such ground for this right; choose one of those listed."""

    code = "no_such_ground"


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason the law gives to refuse, in whole or in part; only a person decides on it."""

    name: str
    rights: frozenset[Right]
    article: str
    text: str
    text_fr: str
    requires: tuple[str, ...]  # what the lead writes down


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


@cache
def grounds_for(right: Right, *, marketing: bool = False) -> tuple[Ground, ...]:
    """List the grounds on which a right may be refused; none for marketing, withdrawals and complaints."""
    if marketing and right in ENDING_USES:
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
        Authority(key=key, **{name: value for name, value in row.items() if name != "certainty"})
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
        text_fr=row["text_fr"],
        requires=tuple(row["requires"]),
    )
