"""The package of an access or portability request: read, explained, sealed."""

from __future__ import annotations

from assistant.disclosure.facts import Manifest, PackageFacts
from assistant.disclosure.package import write_package
from assistant.disclosure.sealing import NoRoom, PackageDamaged, PackageNotWritten, open_package

__all__ = [
    "Manifest",
    "NoRoom",
    "PackageDamaged",
    "PackageFacts",
    "PackageNotWritten",
    "open_package",
    "write_package",
]
