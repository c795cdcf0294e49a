"""Putting a copy back: only one of a desk, opened by the keys that are here, and nothing kept before is lost."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assistant.errors import ConfigurationError, Invalid
from assistant.store.backup import back_up, restore
from assistant.store.keyfiles import open_keyring
from tests.doubles.schema import open_new


def a_desk(folder: Path) -> str:
    folder.mkdir(mode=0o700)
    url = f"sqlite:///{folder / 'desk.db'}"
    engine = open_new(folder / "desk.db")
    open_keyring(folder, engine)
    engine.dispose()
    back_up(url, folder / "copy.db")
    return url


def test_a_copy_comes_back_and_each_database_before_it_is_kept(tmp_path: Path) -> None:
    url = a_desk(tmp_path / "desk")
    kept = [restore(url, tmp_path / "desk" / "copy.db", tmp_path / "desk") for _ in range(3)]
    assert [path.name if path else "" for path in kept] == [
        "desk.db.before-restore", "desk.db.before-restore-2", "desk.db.before-restore-3",
    ]  # fmt: skip
    assert all(path and path.stat().st_size > 4096 for path in kept)


@pytest.mark.parametrize("content", ["empty", "another"])
def test_what_is_no_copy_of_a_desk_is_refused_and_nothing_is_replaced(tmp_path: Path, content: str) -> None:
    url, file = a_desk(tmp_path / "desk"), tmp_path / "file.db"
    file.touch()
    if content == "another":
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("CREATE TABLE request (id)")
    before = (tmp_path / "desk" / "desk.db").read_bytes()
    with pytest.raises(Invalid, match="not of a desk"):
        restore(url, file, tmp_path / "desk")
    assert (tmp_path / "desk" / "desk.db").read_bytes() == before


def test_a_copy_of_another_desk_is_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    url = a_desk(tmp_path / "desk")
    a_desk(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "copy.db", tmp_path / "copy.db")
    with pytest.raises(ConfigurationError):
        restore(url, tmp_path / "copy.db", tmp_path / "desk")
    assert not (tmp_path / "desk" / "desk.db.before-restore").exists()
