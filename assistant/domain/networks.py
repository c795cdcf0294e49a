"""Whose connection it is, as far as an address tells: what one household or machine holds counts as one."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address


def address_of(peer: str | None, forwarded_for: Sequence[str] = ()) -> str:
    """Name the address to count by: what our own proxy wrote last if there is one, in the last line; IPv6 by its /64."""
    last = forwarded_for[-1].rpartition(",")[2].strip() if forwarded_for else ""
    try:
        address = ip_address(_without_port(last or peer or ""))
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


def _without_port(given: str) -> str:
    """Some proxies write the port too, which is another with each connection."""
    if given.startswith("["):
        return given[1:].partition("]")[0]
    host, _, port = given.partition(":")
    return host if port.isdecimal() and host.count(".") else given


def is_this_machine(host: str) -> bool:
    """Tell whether an address to listen on can be reached from this machine alone."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
