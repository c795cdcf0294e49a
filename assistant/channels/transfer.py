"""Direct transfer: the document of a portability request is put where the person asked (GDPR 20(2)), after an agent said so."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from assistant.errors import DeliveryDelayed, DeliveryRefused
from assistant.interfaces import Desk, Finding, Outgoing, Way

CHANNEL: Final = "transfer"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, connect=15)
_PASSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_REFUSED = (
    "The address that the person gave does not take the document; ask them for another, or for the download."
)
Allows = Callable[[str], bool]


def is_public(address: str) -> bool:
    """Tell whether an internet address is open to everybody: nothing inside our own network may be reached."""
    return ipaddress.ip_address(address).is_global


class Transfer:
    """A way out only; it follows no redirect and reaches no private address, whoever names one."""

    name = CHANNEL

    def __init__(self, *, allows: Allows = is_public, scheme: str = "https") -> None:
        """Take which internet addresses may be reached."""
        self._allows, self._scheme = allows, scheme

    @asynccontextmanager
    async def listening(self, desk: Desk) -> AsyncIterator[None]:
        """Nothing comes in this way."""
        yield

    def ways(self) -> Sequence[Way]:
        """Nothing is listened to, and each address is another one."""
        return ()

    async def check(self) -> Sequence[Finding]:
        """There is nobody to sign in to."""
        return ()

    async def deliver(self, outgoing: Outgoing) -> None:
        """Put the document; raises DeliveryDelayed or DeliveryRefused."""
        url = self._checked(outgoing.recipient or "")
        # Never over something that is there.
        headers = {"Content-Type": "application/json", "Idempotency-Key": outgoing.key, "If-None-Match": "*"}
        vetted = _Vetted(self._allows)
        connector = aiohttp.TCPConnector(resolver=vetted, ssl=True)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
                ) as http,
                http.put(url, data=outgoing.raw or b"", headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            if vetted.has_refused:
                raise DeliveryRefused(_REFUSED) from None
            raise DeliveryDelayed("The address that the person gave cannot be reached.") from None
        if status in _PASSES:
            raise DeliveryDelayed(f"The address that the person gave answers {status}.")
        # 412: it is there already, put by a try whose answer was lost.
        if not (200 <= status < 300 or status == 412):  # noqa: PLR2004 - RFC 9110
            raise DeliveryRefused(_REFUSED)

    def _checked(self, address: str) -> URL:
        try:
            url = URL(address)
            host = url.host or ""
        except ValueError:
            raise DeliveryRefused(_REFUSED) from None
        if url.scheme != self._scheme or not host or url.user or url.password:
            raise DeliveryRefused(_REFUSED)
        if _is_literal(host) and not self._allows(host):  # a number is not looked up, so it is judged here
            raise DeliveryRefused(_REFUSED)
        return url


class _Vetted(AbstractResolver):
    """Looks names up, and lets through what may be reached: the connection goes to the very address that was judged."""

    def __init__(self, allows: Allows) -> None:
        self._allows, self._inner = allows, ThreadedResolver()
        self.has_refused = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [each for each in found if self._allows(each["host"])]
        if not allowed:
            self.has_refused = True
            raise OSError("The name leads to an address that may not be reached.")
        return allowed

    async def close(self) -> None:
        await self._inner.close()


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
