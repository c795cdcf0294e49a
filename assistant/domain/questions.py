"""What a person may be asked while the clock stands still, and on which ground of the law."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from assistant.domain.law import read_law
from assistant.domain.rights import Right
from assistant.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoGroundToAsk(Invalid):
    """The law knows no such ground to ask about this right."""

    code = "no_ground_to_ask"


@dataclass(frozen=True, slots=True)
class QuestionGround:
    """Why the person may be asked, and about which rights."""

    name: str
    article: str
    rights: frozenset[Right]


@cache
def question_grounds() -> Mapping[str, QuestionGround]:
    """Give every ground to ask, by name."""
    return MappingProxyType(
        {
            name: QuestionGround(name, row["article"], frozenset(map(Right, row["rights"])))
            for name, row in read_law("questions").items()
        }
    )


def grounds_to_ask(right: Right, *, needs_proof: bool) -> tuple[QuestionGround, ...]:
    """List the grounds for one right; whoever need not prove who they are is not asked to (GDPR 21(2))."""
    return tuple(
        ground
        for ground in question_grounds().values()
        if right in ground.rights and (needs_proof or ground.name != "identity")
    )


def ground_to_ask(name: str, right: Right, *, needs_proof: bool) -> QuestionGround:
    """Give one of them; raises NoGroundToAsk naming those there are."""
    grounds = {ground.name: ground for ground in grounds_to_ask(right, needs_proof=needs_proof)}
    if name not in grounds:
        known = ", ".join(sorted(grounds)) or "none"
        raise NoGroundToAsk(f"{name!r} is no ground to ask about {right}; there is: {known}.")
    return grounds[name]
