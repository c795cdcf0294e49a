"""The zip a person downloads, written front to back into something that cannot be sought."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_READABLE = 0o644 << 16
_UNIX = 3
# Fast: most of the time goes here, and a better level saves little of what is text anyway.
_LEVEL = 4


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the package, below its folder."""

    name: str
    size: int
    sha256: str


class Archive:
    """One folder in a zip."""

    def __init__(self, target: IO[bytes], folder: str, local: datetime) -> None:
        """Take where to write, and the time on the controller's clock that every file carries."""
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._folder = folder
        self._local = local
        self._entries: list[FileEntry] = []

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """List the files so far."""
        return tuple(self._entries)

    def add(self, name: str, chunks: Iterable[bytes], size: int = 0) -> FileEntry:
        """Add a file; one that may reach 2 GiB must say its size, for then the zip needs the longer form."""
        digest, written = hashlib.sha256(), 0
        with self._zip.open(self._described(name, size), "w") as entry:
            for chunk in chunks:
                entry.write(chunk)
                digest.update(chunk)
                written += len(chunk)
        self._entries.append(FileEntry(name, written, digest.hexdigest()))
        return self._entries[-1]

    def close(self) -> None:
        """Write the directory of the zip."""
        self._zip.close()

    def _described(self, name: str, size: int) -> zipfile.ZipInfo:
        described = zipfile.ZipInfo(f"{self._folder}/{name}", self._local.timetuple()[:6])
        described.compress_type = zipfile.ZIP_DEFLATED
        described.create_system = _UNIX
        described.external_attr = _READABLE
        described.file_size = size
        return described
