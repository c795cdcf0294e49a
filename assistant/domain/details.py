"""What is known of a request beside its right, kept as plain JSON with it: what was said, and what was found out since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

LIMITED: Final = "limited"  # of an erasure: not of all accounts, or not yet; a person reads to what


@dataclass(frozen=True, slots=True)
class Details:
    """Some of the JSON of a request, by the names that its fields have there; what is not said is None, and not kept."""

    @classmethod
    def names(cls) -> frozenset[str]:
        """Give the names under which they are kept."""
        return frozenset(cls.__dataclass_fields__)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Read them, and leave whatever else is kept there."""
        return cls(**{name: stored[name] for name in cls.names() if name in stored})

    def kept_in(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Give the JSON with these in place of those that it had, and whatever else is kept there."""
        others = {name: value for name, value in stored.items() if name not in self.names()}
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return others | {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class WhereTo(Details):
    """Where the person wants a document sent: on an agent's word alone (GDPR 20(2)), and theirs to do with otherwise."""

    transfer_to: str | None = None


@dataclass(frozen=True, slots=True)
class RunningServices(Details):
    """What the person says of services that still run; None where nobody asked, or nobody answered."""

    keep_services: bool | None = None


@dataclass(frozen=True, slots=True)
class FoundOut(Details):
    """What agents decided about a request, and what the desk noted of it: nothing of this did its person say."""

    not_theirs: Sequence[Sequence[str]] | None = None  # accounts that matched and are somebody else's
    handed_over: Sequence[str] | None = None  # recipients to whom the data went, although nothing records it
    not_handed_over: Sequence[str] | None = None  # and those to whom they did not
    lift_reason: str | None = None  # why a restriction ends
    joined: str | None = None  # the request of another talk that asks the very same, under which it goes on
    untold: bool | None = None  # some addresses get no notice: too many were named
