"""Whether a proved mailbox still stands in the house where it stood: a domain can lapse and be registered by somebody else (A25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assistant.casework.audit import record
from assistant.casework.requests.evidence import as_evidence
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import Tier
from assistant.services import Unit
from assistant.store.tables import ContactDomain, EvidenceRow, PrivacyRequest

if TYPE_CHECKING:
    from assistant.services import Services

GONE: Final = "domain_gone"
MOVED: Final = "domain_moved"


@dataclass(frozen=True, slots=True)
class Home:
    """Where the mail of a domain goes now, by keyed hashes; no `house` where the domain is gone."""

    domain: str
    house: str | None


async def look_up(services: Services, row: EvidenceRow | None) -> Home | None:
    """Ask where the mail of a proved contact goes; None where no resolver is set up. Raises SourceUnavailable."""
    if services.resolver is None or row is None:
        return None
    domain = _domain_of(services, row)
    found = await services.resolver.records(domain)
    hashed = services.keyring.keyed_hash
    return Home(
        hashed(domain, "contact_domain"),
        hashed("\n".join(sorted(word.lower() for word in found)), "house") if found else None,
    )


def _domain_of(services: Services, row: EvidenceRow) -> str:
    return normal_address(services.keyring.unseal(row.contact)).rpartition("@")[2]


def compare(unit: Unit, request: PrivacyRequest, row: EvidenceRow, home: Home) -> None:
    """Flag a proof by a mailbox whose domain is gone, or moved since it was last trusted; trust what is new or was signed in to."""
    known = unit.session.get(ContactDomain, home.domain)
    decided = row.fresh_login or row.tier >= Tier.T3  # what a mailbox is worth does not matter then
    if home.house is None:
        flag = None if decided else GONE
    elif known is None or decided or known.house == home.house:
        _trust(unit, home.domain, home.house)
        flag = None
    else:
        known.other = home.house
        unit.session.add(known)
        flag = MOVED
    if flag and flag not in row.flags:
        row.flags = [*row.flags, flag]
        unit.session.add(row)
        record(unit, request.ref, "desk", "evidence_flagged", flag=flag)


def trust_what_moved(unit: Unit, row: EvidenceRow) -> None:
    """Take the new house for that of the domain: a lead has decided who asks."""
    domain = unit.services.keyring.keyed_hash(_domain_of(unit.services, row), "contact_domain")
    known = unit.session.get(ContactDomain, domain)
    if MOVED in as_evidence(unit.services, row).flags and known is not None and known.other:
        _trust(unit, domain, known.other)


def _trust(unit: Unit, domain: str, house: str) -> None:
    row = unit.session.get(ContactDomain, domain) or ContactDomain(
        domain=domain, house=house, seen_at=unit.now
    )
    row.house, row.other, row.seen_at = house, None, unit.now
    unit.session.add(row)
