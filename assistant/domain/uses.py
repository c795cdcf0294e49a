"""Uses of data that end together, and those that do not: marketing ends at once, others on a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.domain.addresses import normal_contact
from assistant.domain.details import Details

# Addresses of one message that a rule sees to: a household's, and no list of anybody's.
MOST_AT_ONCE: Final = 5
BY_PERSON: Final = "by_person"  # marks a request for more addresses than that
FIRST_OF_MANY: Final = "first_of_many"  # marks the one for the first of them, which a rule sees to
OWN_TOO: Final = "own_too"  # beside those named the writer's own, which is still to be named
EVERY_CONSENT: Final = "all_consents"  # the purpose of whoever takes back all that they consented to
UNNAMED: Final = "something_else"  # the purpose of whoever named none that we know
_MARKETING: Final = frozenset({"marketing", "newsletter"})


@dataclass(frozen=True, slots=True)
class EndOfUse(Details):
    """What an objection or a withdrawal of consent says: which uses end and, of marketing, for whom."""

    purpose: str | Sequence[str] | None = None
    marketing: bool | None = None
    address: str | Sequence[str] | None = None
    by_person: bool | None = None
    first_of_many: bool | None = None

    @property
    def uses(self) -> tuple[str, ...]:
        """Give the purposes that are named, one or several; marketing is one beside which none other counts."""
        if self.marketing:
            return ("marketing",)
        return _each(self.purpose)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Give the addresses and numbers that marketing is to leave alone."""
        return _each(self.address)

    @property
    def part(self) -> str | None:
        """Name which of the addresses of one message a request is for, where it is not for all: the first, or the rest."""
        if self.by_person:
            return "rest"
        return "first" if self.first_of_many else None


def lacks_use(details: Mapping[str, Any]) -> bool:
    """Tell whether an objection or a withdrawal does not say yet which use is to end: nobody knows what proof that takes."""
    said = EndOfUse.of(details)
    return not (said.purpose or said.marketing)


def _each(named: str | Sequence[str] | None) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) and named else tuple(map(str, named or ()))


def wishes_apart(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Split what one message wants ended: marketing, which needs no proof (GDPR 21(3)), and whatever else it names."""
    named = details.get("purpose")
    others = [purpose for purpose in named if purpose not in _MARKETING] if isinstance(named, list) else []
    if not details.get("marketing"):
        return [dict(details)]
    left_out = {OWN_TOO, "purpose"} if others else {OWN_TOO}
    marketing = {name: value for name, value in details.items() if name not in left_out}
    rest = {name: value for name, value in details.items() if name not in {"marketing", "address", OWN_TOO}}
    own = {name: value for name, value in marketing.items() if name != "address"}
    parts = [*_few_at_once(marketing), *([own] if details.get(OWN_TOO) else [])]
    return [*parts, *([rest | {"purpose": others}] if others else [])]


def _few_at_once(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**details, **few} for few in few_at_once(addresses_in(details))] or [dict(details)]


def few_at_once(named: Sequence[str]) -> list[dict[str, Any]]:
    """Give the details of addresses that marketing is to leave alone: of those seen to at once, and of those a person looks at."""
    if not named:
        return []
    first, rest = list(named[:MOST_AT_ONCE]), list(named[MOST_AT_ONCE:])
    at_once: dict[str, Any] = {"address": first[0] if len(first) == 1 else first}
    if not rest:
        return [at_once]
    return [{**at_once, FIRST_OF_MANY: True}, {"address": rest, BY_PERSON: True}]


def of_any_part(details: Mapping[str, Any]) -> dict[str, Any]:
    """Give details without saying which of the addresses of one message they are for."""
    return {name: value for name, value in details.items() if name not in {BY_PERSON, FIRST_OF_MANY}}


def addresses_in(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the addresses and numbers that marketing is to leave alone, one or several."""
    return EndOfUse.of(details).addresses


def each_once(named: Sequence[str]) -> list[str]:
    """Give addresses and numbers each once, as first written."""
    found: dict[str, str] = {}
    for contact in named:
        found.setdefault(normal_contact(contact) or contact, contact)
    return list(found.values())
