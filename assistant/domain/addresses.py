"""How e-mail addresses are compared, everywhere."""

from __future__ import annotations


def normal_address(address: str) -> str:
    """Give the form of an e-mail address under which it is compared: trimmed, without regard to case.

    Letter by letter, and only where the change can be taken back: `straße` is no `strasse`, nor a Kelvin sign a k,
    or whoever owns the one mailbox would prove to be the holder of the other.
    """
    return "".join(c.lower() if c.lower().upper() == c else c for c in address.strip())
