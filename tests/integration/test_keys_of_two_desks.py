"""Two processes on one database: one changes the key that seals, and the other, which began before, goes on reading."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlmodel import SQLModel

from assistant.errors import ConfigurationError
from assistant.store.keyfiles import open_keyring, sealing_file
from assistant.store.keyring import Keyring
from assistant.store.resealing import begin

OTHER = """
import sys
from pathlib import Path
from sqlalchemy import create_engine
from assistant.errors import ConfigurationError
from assistant.store.keyfiles import open_keyring
folder = Path(sys.argv[1])
keyring = open_keyring(folder, create_engine(f"sqlite:///{folder / 'desk.db'}"))
print(keyring.current, flush=True)
for line in sys.stdin:
    try:
        print(keyring.unseal(line.strip()), keyring.current, flush=True)
    except ConfigurationError as error:
        print("refused", error.message, flush=True)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'desk.db'}")
    SQLModel.metadata.create_all(made)
    yield made
    made.dispose()


def change(engine: Engine, keyring: Keyring, folder: Path) -> None:
    with engine.begin() as connection:
        begin(connection, keyring, folder)


def test_a_desk_that_began_before_a_change_reads_what_is_sealed_with_the_new_key_and_seals_with_it(
    engine: Engine, tmp_path: Path
) -> None:
    keyring = open_keyring(tmp_path, engine)
    first = keyring.current
    command = [sys.executable, "-c", OTHER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline().split() == [first]

        def answer(sealed: str) -> list[str]:
            assert other.stdin is not None
            assert other.stdout is not None
            other.stdin.write(f"{sealed}\n")
            other.stdin.flush()
            return other.stdout.readline().split()

        before = keyring.seal("Before")
        change(engine, keyring, tmp_path)
        assert keyring.current != first
        assert answer(before) == ["Before", first]
        assert answer(keyring.seal("After")) == ["After", keyring.current]
        assert answer(before) == ["Before", keyring.current]
        unknown = "~" + "0" * 8 + before[9:]
        assert answer(unknown)[0] == "refused"
        assert answer(keyring.seal("Still")) == ["Still", keyring.current]
        other.stdin.close()
        assert other.wait(30) == 0


def test_a_file_that_holds_another_key_than_its_name_says_opens_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    older, keyring = open_keyring(tmp_path, engine), open_keyring(tmp_path, engine)
    change(engine, keyring, tmp_path)
    sealing_file(tmp_path, keyring.current).write_bytes(bytes(32))
    with pytest.raises(ConfigurationError, match="is missing"):
        older.unseal(keyring.seal("After"))
