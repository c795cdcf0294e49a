"""Whose connection it is, as far as an address tells: what one household or machine holds counts as one."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def address_of(peer: str | None, forwarded_for: str | None) -> str:
    """Name the address to count by: what our own proxy appended last if there is one, IPv6 by its /64."""
    given = forwarded_for.rpartition(",")[2].strip() if forwarded_for else peer
    try:
        address = ip_address(given or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)


def is_this_machine(host: str) -> bool:
    """Tell whether an address to listen on can be reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
