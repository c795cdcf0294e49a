"""How an answer finds its conversation again: a signed name in the Reply-To address and in our Message-IDs.

A match says which conversation a mail belongs to, and nothing about who sent it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass

_MAC = 16  # base32 characters: 80 bits
_LONGEST_LOCAL_PART = 64  # octets, RFC 5321 section 4.5.3.1.1
# Nothing would leave two dots together, which is no address (RFC 5322 3.2.3); older ids have them.
_NO_THREAD = "0"
_MARK = re.compile(r"desk\.([a-z0-9]{0,40})\.([a-z0-9]+)\.([a-z0-9]+)")
_THREAD = re.compile(r"[a-z0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class OwnId:
    """One of our Message-IDs, its signature checked."""

    message_id: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads the signed names of one desk address."""

    address: str
    key: bytes

    def thread_of(self, external_id: str) -> str:
        """Name the thread that a fresh mail begins: the same mail always begins the same one."""
        return self._digest("thread", external_id, 26)

    def reply_address(self, thread: str | None) -> str:
        """Give the address whose mail comes back to a thread; the plain one where no name can be carried."""
        local, _, domain = self.address.rpartition("@")
        if thread is None or not _THREAD.fullmatch(thread):
            return self.address
        tagged = f"{local}+{thread}{self._digest('address', thread, _MAC)}"
        return f"{tagged}@{domain}" if len(tagged) <= _LONGEST_LOCAL_PART else self.address

    def thread_in_address(self, address: str) -> str | None:
        """Read the thread out of a plus-address of ours; None if it names none or is forged."""
        local, _, domain = self.address.lower().rpartition("@")
        found = re.fullmatch(rf"{re.escape(local)}\+([a-z0-9]+)@{re.escape(domain)}", address.strip().lower())
        if found is None:
            return None
        thread, mac = found[1][:-_MAC], found[1][-_MAC:]
        return thread if hmac.compare_digest(mac, self._digest("address", thread, _MAC)) else None

    def is_ours(self, address: str) -> bool:
        """Say whether mail to this address is for the desk, with or without a plus part."""
        local, _, domain = self.address.lower().rpartition("@")
        their_local, _, their_domain = address.strip().lower().rpartition("@")
        return their_domain == domain and (their_local == local or their_local.startswith(f"{local}+"))

    def message_id(self, key: str, thread: str | None) -> str:
        """Give the Message-ID of what is delivered under a key: always the same one, so twice is once."""
        return f"<{self.mark(key, thread)}@{self.address.rpartition('@')[2].lower()}>"

    def mark(self, key: str, thread: str | None) -> str:
        """Give the signed local part of such a Message-ID, which our own header repeats."""
        named = thread if thread is not None and _THREAD.fullmatch(thread) else _NO_THREAD
        body = f"{named}.{self._digest('key', key, 26)}"
        return f"desk.{body}.{self._digest('message', body, _MAC)}"

    def own(self, message_id: str) -> OwnId | None:
        """Recognise a Message-ID of ours; None for anybody else's and for forged ones."""
        local, _, domain = message_id.strip().strip("<>").lower().rpartition("@")
        found = _MARK.fullmatch(local)
        if found is None or domain != self.address.rpartition("@")[2].lower():
            return None
        if not hmac.compare_digest(found[3], self._digest("message", f"{found[1]}.{found[2]}", _MAC)):
            return None
        return OwnId(f"<{local}@{domain}>", None if found[1] in {"", _NO_THREAD} else found[1])

    def first_own(self, message_ids: Iterable[str]) -> OwnId | None:
        """Give the first of these Message-IDs that is ours."""
        return next((own for each in message_ids if (own := self.own(each)) is not None), None)

    def _digest(self, purpose: str, value: str, length: int) -> str:
        mac = hmac.new(self.key, f"{purpose}\0{value}".encode("utf-8", "surrogateescape"), hashlib.sha256)
        return b32encode(mac.digest()).decode().lower()[:length]
