"""What the desk writes is its owner's alone, from the moment it is made and whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.store.backup import back_up, restore
from assistant.store.keyfiles import open_keyring
from assistant.store.migrate import migrate
from assistant.store.private import make_private, opened_to_others
from assistant.store.writer import open_engine


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def others_may(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o077}


def test_nobody_else_opens_the_database_its_journals_or_a_copy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    engine = open_engine(url, writes=True)
    migrate(engine)
    assert {path.name for path in tmp_path.iterdir()} == {"desk.db", "desk.db-wal", "desk.db-shm"}
    back_up(url, tmp_path / "copy.db")
    assert others_may(tmp_path) == set()
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "copy.db").unlink()
    open_keyring(tmp_path / "data", engine)
    back_up(url, tmp_path / "copy.db")
    engine.dispose()
    restore(url, tmp_path / "copy.db", tmp_path / "data")
    assert "desk.db.before-restore" in {path.name for path in tmp_path.iterdir()}
    assert others_may(tmp_path) == set()


def test_what_others_could_open_is_closed_but_keys_are_left_to_be_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for name in ("packages/one.sealed", "keys/index.key", "desk.db"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    make_private(folder)
    assert [path.name for path in opened_to_others(folder)] == ["keys", "index.key"]
