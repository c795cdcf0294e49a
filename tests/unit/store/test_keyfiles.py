"""Keys are made once, at the very first start; whatever is not right with them later is a refusal with words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert
from sqlmodel import SQLModel

from assistant.errors import ConfigurationError
from assistant.store import resealing
from assistant.store.keyfiles import open_keyring, read_keyring
from assistant.store.keyring import Keyring
from assistant.store.sealing import give_keyring
from assistant.store.tables import Note
from assistant.store.upgrading import seal_everything
from assistant.store.writer import open_engine
from tests.doubles.schema import open_new

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTES = SQLModel.metadata.tables[str(Note.__tablename__)]


def database(folder: Path) -> Engine:
    folder.mkdir(mode=0o700, exist_ok=True)
    return open_new(folder / "desk.db")


def note(engine: Engine, keyring: Keyring, name: str) -> None:
    give_keyring(engine, keyring)
    with engine.begin() as connection:
        connection.execute(insert(NOTES).values(name=name, value="words"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def engine(folder: Path) -> Iterator[Engine]:
    """A desk that has begun, with something in it."""
    made = database(folder)
    note(made, open_keyring(folder, made), "first")
    yield made
    made.dispose()


def keys(folder: Path) -> Path:
    return folder / "keys"


def sealing(folder: Path) -> Path:
    (file,) = (keys(folder) / "sealing").iterdir()
    return file


def another_desk(folder: Path) -> Path:
    other = folder.parent / "other"
    engine = database(other)
    note(engine, open_keyring(other, engine), "theirs")
    engine.dispose()
    return other


def lose_index(folder: Path) -> None:
    (keys(folder) / "index.key").unlink()


def lose_sealing(folder: Path) -> None:
    sealing(folder).unlink()


def lose_all(folder: Path) -> None:
    shutil.rmtree(keys(folder))


def cut(folder: Path) -> None:
    file = keys(folder) / "index.key"
    file.write_bytes(file.read_bytes()[:-1])


def empty(folder: Path) -> None:
    sealing(folder).write_bytes(b"")


def swap_all(folder: Path) -> None:
    other = another_desk(folder)
    shutil.rmtree(keys(folder))
    shutil.copytree(keys(other), keys(folder))


def swap_index(folder: Path) -> None:
    shutil.copy(keys(another_desk(folder)) / "index.key", keys(folder) / "index.key")


def swap_sealing_under_its_name(folder: Path) -> None:
    shutil.copy(sealing(another_desk(folder)), sealing(folder))


def open_the_file(folder: Path) -> None:
    (keys(folder) / "index.key").chmod(0o640)


def open_the_folder(folder: Path) -> None:
    keys(folder).chmod(0o755)


def older(folder: Path) -> None:
    """The keys as they were before they were changed, which a restore of the whole disk may bring."""
    before = folder.parent / "before"
    shutil.copytree(keys(folder), before)
    engine = open_engine(f"sqlite:///{folder / 'desk.db'}", writes=True)
    keyring = open_keyring(folder, engine)
    with engine.begin() as connection:
        resealing.begin(connection, keyring, folder)
    seal_everything(engine, keyring, folder)
    engine.dispose()
    shutil.rmtree(keys(folder))
    shutil.copytree(before, keys(folder))


def link_to_nothing(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.parent / "not mounted")


def dangle_sealing(folder: Path) -> None:
    link_to_nothing(sealing(folder))


def dangle_a_spare_one(folder: Path) -> None:
    (keys(folder) / "sealing" / "12345678.key").symlink_to(folder / "not mounted")


def dangle_index(folder: Path) -> None:
    link_to_nothing(keys(folder) / "index.key")


def circle(folder: Path) -> None:
    file = keys(folder) / "index.key"
    file.unlink()
    file.symlink_to(file)


def folder_for_a_file(folder: Path) -> None:
    file = sealing(folder)
    file.unlink()
    file.mkdir(mode=0o700)


def pipe_for_a_file(folder: Path) -> None:
    file = keys(folder) / "index.key"
    file.unlink()
    os.mkfifo(file, 0o600)


def file_for_the_folder(folder: Path) -> None:
    shutil.rmtree(keys(folder))
    keys(folder).write_bytes(b"k" * 64)


def dangle_the_folder(folder: Path) -> None:
    shutil.rmtree(keys(folder))
    keys(folder).symlink_to(folder / "not mounted")


FAULTS: dict[Callable[[Path], None], str] = {
    lose_index: r"index\.key: is missing.*cannot be made anew",
    lose_sealing: r"is missing, and this database is sealed under it",
    lose_all: r"index\.key: is missing.*cannot be made anew",
    cut: r"index\.key: is damaged \(63 bytes of 64\)",
    empty: r"is damaged \(0 bytes of 32\)",
    swap_all: r"is missing, and this database is sealed under it.*of another desk",
    swap_index: r"index\.key: is of another desk or time",
    swap_sealing_under_its_name: r"holds another key than its name says",
    open_the_file: r"index\.key: others on this machine may open it; run `chmod go=",
    open_the_folder: r"keys: others on this machine may open it",
    older: r"is missing, and this database is sealed under it.*older or newer",
    dangle_sealing: r"sealing/\w+\.key: cannot be read \(No such file or directory\); put it back",
    dangle_a_spare_one: r"sealing/12345678\.key: cannot be read \(No such file or directory\); put it back",
    dangle_index: r"index\.key: is missing.*cannot be made anew",
    circle: r"index\.key: is missing.*cannot be made anew",
    folder_for_a_file: r"sealing/\w+\.key: is no file; put it back",
    pipe_for_a_file: r"index\.key: is no file; put it back",
    file_for_the_folder: r"index\.key: is missing.*cannot be made anew",
    dangle_the_folder: r"index\.key: is missing.*cannot be made anew",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_is_wrong_with_the_keys_is_a_refusal_with_words_and_makes_no_new_ones(
    engine: Engine, folder: Path, fault: Callable[[Path], None]
) -> None:
    fault(folder)
    there = sorted(path.relative_to(folder) for path in folder.rglob("*.key"))
    for opened in (open_keyring, read_keyring):
        with pytest.raises(ConfigurationError, match=FAULTS[fault]):
            opened(folder, engine)
    assert sorted(path.relative_to(folder) for path in folder.rglob("*.key")) == there


def test_a_database_with_something_in_it_and_no_keys_gets_none(folder: Path) -> None:
    engine = database(folder)
    with engine.begin() as connection:
        connection.execute(
            insert(SQLModel.metadata.tables["tally"]).values(subject_hash="x", what="sent", at=AT)
        )
    with pytest.raises(ConfigurationError, match="is missing, and this database is not empty"):
        open_keyring(folder, engine)
    assert not list(folder.rglob("*.key"))
    engine.dispose()


@pytest.mark.parametrize("left", ["nothing", "index.key", "half a key"])
def test_a_first_start_that_was_killed_is_begun_again(folder: Path, left: str) -> None:
    engine = database(folder)
    if left != "nothing":
        keys(folder).mkdir(mode=0o700)
        name, size = ("index.key", 64) if left == "index.key" else ("index.key.part", 3)
        (keys(folder) / name).write_bytes(b"k" * size)
        (keys(folder) / name).chmod(0o600)
    first = open_keyring(folder, engine)
    assert open_keyring(folder, engine).keyed_hash("x") == first.keyed_hash("x")
    assert read_keyring(folder, engine).unseal(first.seal("words")) == "words"
    engine.dispose()


def test_only_their_owner_may_open_them(engine: Engine, folder: Path) -> None:
    del engine
    modes = {path.name: path.stat().st_mode & 0o777 for path in keys(folder).rglob("*")}
    assert {mode for name, mode in modes.items() if name.endswith(".key")} == {0o600}
    assert modes["sealing"] == keys(folder).stat().st_mode & 0o777 == 0o700


def test_a_command_that_reads_makes_no_desk(folder: Path) -> None:
    engine = database(folder)
    with pytest.raises(ConfigurationError, match="no desk yet"):
        read_keyring(folder, engine)
    assert not keys(folder).exists()
    engine.dispose()


@pytest.mark.parametrize("fault", [file_for_the_folder, dangle_the_folder], ids=lambda fault: fault.__name__)
def test_a_first_start_that_cannot_keep_keys_says_where(folder: Path, fault: Callable[[Path], None]) -> None:
    engine = database(folder)
    keys(folder).mkdir(mode=0o700)
    fault(folder)
    with pytest.raises(
        ConfigurationError, match=r"keys.*: cannot be written \(.+\); let the desk's user write"
    ):
        open_keyring(folder, engine)
    engine.dispose()


def test_a_key_that_cannot_be_kept_is_a_refusal_with_words_and_nothing_turns_to_it(
    engine: Engine, folder: Path
) -> None:
    keyring = open_keyring(folder, engine)
    current = keyring.current
    (keys(folder) / "sealing").rename(keys(folder) / "before")
    (keys(folder) / "sealing").write_bytes(b"")
    with (
        pytest.raises(ConfigurationError, match=r"sealing.*: cannot be written"),
        engine.begin() as connection,
    ):
        resealing.begin(connection, keyring, folder)
    assert keyring.current == current
