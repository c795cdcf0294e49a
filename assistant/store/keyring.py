"""Seals personal values at rest under a key that has an id, and names people by keyed hashes that stay the same.

Two kinds of keys: those of the index (hashes of addresses, ids of our mails) are kept for as long as the desk
lives, since nothing that was hashed can be hashed anew; those that seal are changed by `assistant keys rotate`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assistant.errors import ConfigurationError

INDEX_BYTES = 64  # of the hashes, then of the ids of our mails
SEALING_BYTES = 32
ID_LENGTH = 8
_NONCE_BYTES = 12
_NAME_LENGTH = 40  # hexadecimal digits: 160 bits
_MARK = "~"  # begins what is sealed; no letter of base64, in which values were sealed before keys had ids
SEALED = b"\0sealed\2"  # before what is sealed as bytes; no mail begins with it
_SEALED_BEFORE = b"\0sealed\1"  # without the id of a key
_OTHER_KEY = "the keys in data_dir/keys are not those that this database was written with; put those back."


class Keyring:
    """Holds the keys of one desk; seals under the current one and opens under any that is kept."""

    def __init__(
        self, index: bytes, *sealing: bytes, look_up: Callable[[str], bytes | None] = lambda _ident: None
    ) -> None:
        """Take the keys of the index, those that seal, the current one last, and where another process leaves newer ones."""
        self._look_up = look_up
        self._hash_key, self.mail_key = index[:SEALING_BYTES], index[SEALING_BYTES:]
        self._sealers: dict[str, AESGCM] = {}
        for key in sealing:
            self.turn_to(key)

    def turn_to(self, key: bytes) -> None:
        """Seal under another key from now on; what is sealed under the ones before, and on its way, is still opened."""
        ident, sealer = key_id(key), AESGCM(key)
        self._sealers[ident] = sealer
        # Together: a thread that seals meanwhile takes both or neither.
        self._now = f"{_MARK}{ident}.", sealer

    @property
    def current(self) -> str:
        """Give the id of the key that seals now."""
        return self._now[0][1:-1]

    @property
    def mark(self) -> str:
        """Give what begins a text that is sealed under the current key."""
        return self._now[0]

    @property
    def bytes_mark(self) -> bytes:
        """Give what begins a file or an original that is sealed under the current key."""
        return SEALED + self.current.encode()

    def seal(self, value: str) -> str:
        """Encrypt and authenticate a personal value (AES-256-GCM)."""
        (mark, sealer), nonce = self._now, os.urandom(_NONCE_BYTES)
        content = nonce + sealer.encrypt(nonce, value.encode(), None)
        return mark + b2a_base64(content, newline=False).decode()

    def unseal(self, sealed: str) -> str:
        """Give the value back; raises ConfigurationError when it was sealed under a key that is not kept."""
        try:
            if is_sealed(sealed):
                sealer = self._of(sealed[1 : ID_LENGTH + 1])
                return _opened(sealer, a2b_base64(sealed[ID_LENGTH + 2 :])).decode()
            return self._opened_by_any(urlsafe_b64decode(sealed)).decode()
        except ValueError:  # no base64
            raise ConfigurationError(_OTHER_KEY) from None

    def sealed_now(self, sealed: str) -> str:
        """Give what was sealed by hand as it is under the current key."""
        return sealed if sealed.startswith(self.mark) else self.seal(self.unseal(sealed))

    def bytes_sealed_now(self, sealed: bytes) -> bytes:
        """Give a file or an original likewise."""
        if sealed.startswith(self.bytes_mark):
            return sealed
        return self.seal_bytes(self.unseal_bytes(sealed))

    def _opened_by_any(self, blob: bytes | memoryview) -> bytes:
        """Open what was sealed before keys had ids, under whichever key it was."""
        for sealer in self._sealers.values():
            try:
                return sealer.decrypt(bytes(blob[:_NONCE_BYTES]), blob[_NONCE_BYTES:], None)
            except (InvalidTag, ValueError):  # another key, or too short to hold what it should
                continue
        raise ConfigurationError(_OTHER_KEY)

    def _of(self, ident: str) -> AESGCM:
        """Give the key of an id; one that another process made since this one began is newer, and seals from now on."""
        if ident not in self._sealers:
            key = self._look_up(ident)
            if key is None:
                raise ConfigurationError(
                    f"data_dir/keys/sealing/{ident}.key is missing, and values are sealed under it; put it back."
                )
            self.turn_to(key)
        return self._sealers[ident]

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt and authenticate a file or an original, as large as it is."""
        (mark, sealer), nonce = self._now, os.urandom(_NONCE_BYTES)
        return SEALED + mark[1:-1].encode() + nonce + sealer.encrypt(nonce, content, None)

    def unseal_bytes(self, sealed: bytes) -> bytes:
        """Give the content back; what was kept before originals were sealed is given as it is."""
        if sealed.startswith(_SEALED_BEFORE):
            return self._opened_by_any(memoryview(sealed)[len(_SEALED_BEFORE) :])
        if not sealed.startswith(SEALED):
            return sealed
        at = len(SEALED) + ID_LENGTH
        return _opened(self._of(sealed[len(SEALED) : at].decode("ascii", "replace")), memoryview(sealed)[at:])

    def keyed_hash(self, value: str, purpose: str = "subject") -> str:
        """Name a value without holding it: the same value, the same name, of no use without the key."""
        return hmac.new(self._hash_key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def sender_hash(keyring: Keyring, address: str) -> str:
    """Name the address that a mail claims to come from, letter by letter."""
    return keyring.keyed_hash(address, "sender")


def client_hash(keyring: Keyring, client_id: str) -> str:
    """Name a client number, however its letters are written."""
    return keyring.keyed_hash(client_id.strip().upper(), "client")


def mail_name(keyring: Keyring, external_id: str) -> str:
    """Name a mail without holding what it was called: the id its sender gave it and the digest of its words, each hashed.

    Where there was no id, `<>`, a stroke says so.
    """
    parts = external_id.split(" ")
    return " ".join(
        "-" if part == "<>" else keyring.keyed_hash(part, "mail")[:_NAME_LENGTH] for part in parts
    )


def key_id(key: bytes) -> str:
    """Name a sealing key by itself, so that a file that holds another one shows."""
    return hashlib.sha256(b"sealing key\0" + key).hexdigest()[:ID_LENGTH]


def is_sealed(value: str) -> bool:
    """Tell whether a text looks sealed under a key with an id; only opening it proves that it is."""
    return value.startswith(_MARK) and value[ID_LENGTH + 1 : ID_LENGTH + 2] == "."


def _opened(sealer: AESGCM, blob: bytes | memoryview) -> bytes:
    try:
        return sealer.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError):  # another key, or too short to hold what it should
        raise ConfigurationError(_OTHER_KEY) from None
