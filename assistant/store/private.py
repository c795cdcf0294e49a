"""Files of the desk are for its owner alone: the database and its journals, keys, packages, the lock, copies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OTHERS = 0o077  # what the group and everybody else may


def create_private(file: Path) -> None:
    """Make a file that only its owner may open, before anything is in it; one that is there stays as it is."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def make_private(data_dir: Path) -> None:
    """Take from others what they may of the desk's folder and all in it, but keys: what was open may have been read."""
    for path in opened_to_others(data_dir):
        if "keys" not in path.relative_to(data_dir).parts:
            with suppress(PermissionError):  # of another owner: `doctor` names it
                path.chmod(path.stat().st_mode & ~_OTHERS)


def opened_to_others(data_dir: Path) -> Iterator[Path]:
    """Give what below a folder others on this machine may open; nobody passes through a folder that is closed."""
    for path in (data_dir, *sorted(data_dir.rglob("*"))):
        with suppress(FileNotFoundError):
            if not path.is_symlink() and path.stat().st_mode & _OTHERS:
                yield path
