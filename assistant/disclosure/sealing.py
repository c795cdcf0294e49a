"""Seals a stream so that nothing unverified ever comes back out: AES-256-GCM in segments, STREAM nonces."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import tempfile
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from _typeshed import ReadableBuffer

SEGMENT: Final = 64 * 1024
TAG: Final = 16
MAGIC: Final = b"PDSEAL1\n"
# STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): prefix, counter, flag of the last segment.
_PREFIX: Final = 7
_COUNTER: Final = 4
HEADER: Final = len(MAGIC) + _PREFIX
KEY_BYTES: Final = 32
_IN_MEMORY: Final = 1024 * 1024
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class PackageDamaged(AssistantError):
    """The package cannot be opened: its file is missing, cut off or changed. Make the package again."""

    code = "package_damaged"


class PackageNotWritten(AssistantError):
    """The package could not be written: the disk of the data folder refuses it. Mend that, then try again."""

    code = "package_not_written"


class NoRoom(PackageNotWritten):
    """No room is left for the package. Free space on the disk of the data folder, then try again."""

    code = "no_room"


class SealingWriter:
    """Takes plaintext, writes sealed segments to `target`; nothing opens them before `finish`."""

    def __init__(self, target: IO[bytes], key: bytes) -> None:
        """Take where to write and a key of 32 bytes that seals nothing else."""
        self.size = 0
        self._hash = hashlib.sha256()
        self._target = target
        self._cipher = _cipher(key)
        self._header = MAGIC + os.urandom(_PREFIX)
        self._count = 0
        self._pending = bytearray()
        self._broken = False
        self._put(self._header)

    @property
    def sha256(self) -> str:
        """Give the hash of the plaintext so far."""
        return self._hash.hexdigest()

    def write(self, data: ReadableBuffer, /) -> int:
        """Take plaintext; raises PackageNotWritten, and from then on drops what it is given."""
        view = memoryview(data).cast("B")
        self._hash.update(view)
        self.size += len(view)
        self._pending += view
        # The last segment is known only at the end, so one is always held back.
        while len(self._pending) > SEGMENT:
            self._seal(bytes(self._pending[:SEGMENT]), last=False)
            del self._pending[:SEGMENT]
        return len(view)

    def finish(self) -> None:
        """Seal what is left as the last segment."""
        self._seal(bytes(self._pending), last=True)
        self._pending.clear()

    def flush(self) -> None:
        """Do nothing: what is held back must stay so until the end is known."""

    def abandon(self) -> None:
        """Drop whatever comes from now on: zipfile tidies up after an error by writing more."""
        self._broken = True

    def _seal(self, segment: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._header, self._count, last=last), segment, self._header))
        self._count += 1

    def _put(self, sealed: bytes) -> None:
        if self._broken:
            return
        try:
            with disk_errors():
                self._target.write(sealed)
        except PackageNotWritten:
            self.abandon()
            raise


class SealedSpool:
    """Holds one file on its way into the zip: sealed in memory, beyond a megabyte on the disk."""

    def __init__(self, folder: Path) -> None:
        """Take the folder for what memory should not hold; the key lives and dies here."""
        self._key = os.urandom(KEY_BYTES)
        self._held = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder))  # noqa: SIM115 - close() does
        self._writer = SealingWriter(self._held, self._key)

    @property
    def size(self) -> int:
        """Count the bytes taken."""
        return self._writer.size

    def write(self, data: bytes) -> None:
        """Take bytes; raises PackageNotWritten."""
        self._writer.write(data)

    def read(self) -> Iterator[bytes]:
        """Give everything back, verified; nothing can be written afterwards."""
        self._writer.finish()
        with disk_errors():
            self._held.flush()
            length = self._held.seek(0, io.SEEK_END)
        return _unsealed(self._held, self._key, length, 0)

    def close(self) -> None:
        """Let go of the bytes and of the key."""
        self._held.close()


class SealedFile:
    """A sealed file (mode 0600) that is there whole once `keep` returned, or else not at all."""

    def __init__(self, file: Path, key: bytes) -> None:
        """Begin beside the place where it will stand; raises PackageNotWritten."""
        self._file = file
        self._part = file.with_name(f"{file.name}.part")
        _cipher(key)  # a wrong key is told before there is a file
        with disk_errors():
            self._part.unlink(missing_ok=True)  # of a run that was killed
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._target = os.fdopen(descriptor, "wb")
        try:
            self.writer = SealingWriter(self._target, key)
        except PackageNotWritten:
            self._let_go()
            raise

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def keep(self) -> None:
        """Seal the end and put the file in its place, on the disk and not only on its way there."""
        self.writer.finish()
        with disk_errors():
            self._target.flush()
            os.fsync(self._target.fileno())
            self._part.replace(self._file)
            _sync_folder(self._file.parent)

    def __exit__(self, *_: object) -> None:
        """Leave no half file behind."""
        self.writer.abandon()
        self._let_go()

    def _let_go(self) -> None:
        with suppress(OSError):  # what could not be written goes anyway
            self._target.close()
        self._part.unlink(missing_ok=True)


def open_package(file: Path, key: bytes, *, offset: int = 0) -> Iterator[bytes]:
    """Give the bytes of the zip from an offset, each segment verified before it is released.

    The end is verified first, so a file that was cut off fails before its first byte. Raises PackageDamaged.
    """
    with _opened(file) as (source, length):
        next(_unsealed(source, key, length, offset), None)
    return _released(file, key, offset)


def _released(file: Path, key: bytes, offset: int) -> Iterator[bytes]:
    with _opened(file) as (source, length):
        yield from _unsealed(source, key, length, offset)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[IO[bytes], int]]:
    try:
        source = file.open("rb")
    except OSError:
        raise PackageDamaged from None
    with source:
        yield source, os.fstat(source.fileno()).st_size


def _unsealed(source: IO[bytes], key: bytes, length: int, offset: int) -> Iterator[bytes]:
    """Check the header and the last segment, then give the rest as it is asked for."""
    if offset < 0:
        raise ValueError("an offset into a package is 0 or more")
    source.seek(0)
    header = source.read(HEADER)
    last, left = divmod(length - HEADER - TAG, SEGMENT + TAG)
    if not header.startswith(MAGIC) or last < 0 or left > SEGMENT:
        raise PackageDamaged
    segments = _Segments(source, _cipher(key), header, last)
    segments.read(last)
    return _from(segments, offset)


def _from(segments: _Segments, offset: int) -> Iterator[bytes]:
    first, skip = divmod(offset, SEGMENT)
    for index in range(first, segments.last + 1):
        if chunk := segments.read(index)[skip if index == first else 0 :]:
            yield chunk


class _Segments:
    """The sealed segments of one file, each verified as it is read."""

    def __init__(self, source: IO[bytes], cipher: AESGCM, header: bytes, last: int) -> None:
        self.last = last
        self._source = source
        self._cipher = cipher
        self._header = header

    def read(self, index: int) -> bytes:
        is_last = index == self.last
        try:
            self._source.seek(HEADER + index * (SEGMENT + TAG))
            sealed = self._source.read(SEGMENT + TAG)
            return self._cipher.decrypt(_nonce(self._header, index, last=is_last), sealed, self._header)
        except (InvalidTag, OSError):
            raise PackageDamaged from None


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError("a package is sealed with a key of 32 bytes")
    return AESGCM(key)


def _nonce(header: bytes, index: int, *, last: bool) -> bytes:
    return header[len(MAGIC) :] + index.to_bytes(_COUNTER, "big") + bytes([last])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Say what to do when the disk refuses, without the path of anything."""
    try:
        yield
    except OSError as error:
        raise (NoRoom if error.errno in _NO_ROOM else PackageNotWritten) from error
