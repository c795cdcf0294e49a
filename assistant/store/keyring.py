"""Keys of the desk: one master key on disk, never in a backup; everything else derives from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assistant.errors import ConfigurationError

_KEY_BYTES = 32
_NONCE_BYTES = 12
SEALED = b"\0sealed\1"  # before what is sealed as bytes; no mail begins with it
_OTHER_KEY = "data_dir/keys/master.key is not the key this database was written with."


class Keyring:
    """Seals personal values at rest and names people by keyed hashes."""

    def __init__(self, master: bytes) -> None:
        """Take the master key, 32 bytes."""
        self._master = master

    @classmethod
    def open(cls, data_dir: Path) -> Keyring:
        """Read the master key below data_dir/keys, or make it at the first start with mode 0600."""
        path = data_dir / "keys" / "master.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_once(path, secrets.token_bytes(_KEY_BYTES))
        master = path.read_bytes()
        if len(master) != _KEY_BYTES:
            raise ConfigurationError(
                f"{path}: the master key is damaged; restore it from where you keep it safe."
            )
        return cls(master)

    def derive(self, purpose: str) -> bytes:
        """Give a 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose.encode()).derive(self._master)

    @cached_property
    def _sealer(self) -> AESGCM:
        return AESGCM(self.derive("seal"))

    @cached_property
    def _hash_key(self) -> bytes:
        return self.derive("hash")

    def seal(self, value: str) -> str:
        """Encrypt and authenticate a personal value (AES-256-GCM)."""
        nonce = os.urandom(_NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._sealer.encrypt(nonce, value.encode(), None)).decode()

    def unseal(self, sealed: str) -> str:
        """Give the value back; raises ConfigurationError when it was sealed under another master key."""
        blob = base64.urlsafe_b64decode(sealed)
        try:
            return self._sealer.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], None).decode()
        except InvalidTag as error:
            raise ConfigurationError(_OTHER_KEY) from error

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt and authenticate a file or an original, as large as it is."""
        nonce = os.urandom(_NONCE_BYTES)
        return SEALED + nonce + self._sealer.encrypt(nonce, content, None)

    def unseal_bytes(self, sealed: bytes) -> bytes:
        """Give the content back; what was kept before originals were sealed is given as it is."""
        if not sealed.startswith(SEALED):
            return sealed
        at = len(SEALED) + _NONCE_BYTES
        try:
            return self._sealer.decrypt(sealed[len(SEALED) : at], memoryview(sealed)[at:], None)
        except InvalidTag as error:
            raise ConfigurationError(_OTHER_KEY) from error

    def keyed_hash(self, value: str, purpose: str = "subject") -> str:
        """Name a value without holding it: the same value, the same name, of no use without the key."""
        return hmac.new(self._hash_key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def _write_once(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
