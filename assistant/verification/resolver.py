"""Asks name servers where the mail of a domain goes; the one place that speaks DNS."""

from __future__ import annotations

from collections.abc import Sequence

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN

from assistant.errors import SourceUnavailable

_LONGEST_WAIT = 5.0  # seconds, over all servers


class NameServers:
    """The name servers that the settings list, and no others: what this machine would ask is not looked up."""

    def __init__(self, addresses: Sequence[str], port: int = 53) -> None:
        """Take their addresses; nothing is asked yet."""
        self._resolver = Resolver(configure=False)
        self._resolver.nameservers = list(addresses)
        self._resolver.port = port
        self._resolver.lifetime = _LONGEST_WAIT

    async def records(self, domain: str) -> Sequence[str]:
        """Give its mail servers and its name servers; none where the domain is gone. Raises SourceUnavailable."""
        try:
            mail = await self._ask(domain, "MX")
            names = await self._ask(domain, "NS")
        except NXDOMAIN:
            return ()
        except (DNSException, OSError, ValueError):
            raise SourceUnavailable(source="resolver") from None
        # Without one the domain itself takes it (RFC 5321 5.1).
        return [*(mail or [f"mail to {domain}"]), *names]

    async def _ask(self, domain: str, kind: str) -> list[str]:
        ascii_name = domain.encode("idna").decode()
        answer = await self._resolver.resolve(ascii_name, kind, raise_on_no_answer=False)
        return [f"{kind} {record.to_text()}" for record in answer.rrset or ()]
