"""The keys of the desk as files beside its data: made once, never in a backup, and refused when they are not its own.

`keys/index.key` names people and mails; `keys/sealing/<id>.key` seals. A database says with which it is written,
so a file that is missing, older or of another desk ends the start with words, and never makes a new key silently.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine, select
from sqlmodel import SQLModel

from assistant.errors import ConfigurationError
from assistant.store.keyring import INDEX_BYTES, SEALING_BYTES, Keyring, key_id
from assistant.store.tables import KeysInUse

_IN_USE = SQLModel.metadata.tables[str(KeysInUse.__tablename__)]
_ID = re.compile(r"[0-9a-f]{8}")
_OTHERS = 0o077  # what the group and everybody else may
_KEEP = "put it back from where you keep the keys"
_LET_WRITE = "let the desk's user write there, on a disk with room"
_NEVER_ANEW = (
    "it cannot be made anew, since what was hashed cannot be hashed again: nobody would be recognised, and who "
    "must get no marketing would be forgotten"
)


def open_keyring(data_dir: Path, engine: Engine) -> Keyring:
    """Give the keys of the desk that is to run, made at its very first start; raises ConfigurationError."""
    folder = data_dir / "keys"
    with engine.begin() as connection:
        if connection.execute(select(_IN_USE.c.index_keys)).first() is None:
            _begin(folder, connection)
        return _opened(folder, connection)


def read_keyring(data_dir: Path, engine: Engine) -> Keyring:
    """Give the keys of a desk for a command that only reads; makes none."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(_IN_USE.name):
            raise ConfigurationError(
                "the schema is older than this version; `assistant serve` brings it up to date."
            )
        return _opened(data_dir / "keys", connection)


def new_sealing_key(data_dir: Path) -> bytes:
    """Make one more key that seals, on disk before anything is sealed with it."""
    key = secrets.token_bytes(SEALING_BYTES)
    _write_once(sealing_file(data_dir, key_id(key)), key)
    return key


def is_whole(connection: Connection) -> bool:
    """Tell whether everything is sealed under the current key."""
    return bool(connection.execute(select(_IN_USE.c.whole)).scalar())


def lay_open(connection: Connection) -> bool:
    """Tell whether columns of this database lay open, and are being sealed for the first time."""
    return bool(connection.execute(select(_IN_USE.c.lay_open)).scalar())


def set_in_use(connection: Connection, *, sealing: str, whole: bool) -> None:
    """Note which key seals, and whether everything is sealed under it."""
    connection.execute(_IN_USE.update().values(sealing=sealing, whole=whole, lay_open=False))


def former_key(data_dir: Path) -> Path:
    """Give the file of the one key from which all were derived before; gone once everything is sealed."""
    return data_dir / "keys" / "master.key"


def sealing_file(data_dir: Path, ident: str) -> Path:
    """Give the file of a key that seals."""
    return data_dir / "keys" / "sealing" / f"{ident}.key"


def drop_sealing_keys(data_dir: Path, *, but: str) -> None:
    """Remove the files of keys under which nothing is sealed any more, once that is committed."""
    old = [file for file in _files(data_dir / "keys") if file.stem != but]
    for file in (*old, former_key(data_dir)):
        with _told(file, "removed", _LET_WRITE):
            file.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "sealing").glob("*.key"))


def _opened(folder: Path, connection: Connection) -> Keyring:
    used = connection.execute(select(_IN_USE)).first()
    if used is None:
        raise ConfigurationError(f"{folder}: there is no desk yet; start one with `assistant serve`.")
    index = _index_of(folder)
    sealing = {file.stem: _read(file, SEALING_BYTES) for file in _files(folder)}
    for ident, key in sealing.items():
        if key_id(key) != ident:
            raise ConfigurationError(
                f"{folder / 'sealing' / ident}.key: holds another key than its name says; {_KEEP}."
            )
    if used.sealing not in sealing:
        raise ConfigurationError(
            f"{folder / 'sealing' / used.sealing}.key: is missing, and this database is sealed under it (these keys "
            f"are older or newer than the database, or of another desk); {_KEEP}."
        )
    current = sealing.pop(used.sealing)
    keyring = Keyring(index, *sealing.values(), current, look_up=partial(_made_since, folder))
    if index_name(keyring) != used.index_keys:
        raise ConfigurationError(
            f"{folder / 'index.key'}: is of another desk or time than this database; {_KEEP}: {_NEVER_ANEW}."
        )
    return keyring


def _made_since(folder: Path, ident: str) -> bytes | None:
    """Give a key that another process made after these were read; None where there is no such file, or it holds another key."""
    if not _ID.fullmatch(ident):  # it comes out of the database
        return None
    file = folder / "sealing" / f"{ident}.key"
    key = _read(file, SEALING_BYTES) if file.exists() else b""
    return key if key and key_id(key) == ident else None


def index_name(keyring: Keyring) -> str:
    """Name the keys of the index, so that a database knows them again."""
    return keyring.keyed_hash("this desk", "keys")


def _begin(folder: Path, connection: Connection) -> None:
    """Take up the keys of a database that does not name them yet: of none yet, or of a version before this."""
    used = any(_has_rows(connection, table) for table in SQLModel.metadata.sorted_tables)
    former = former_key(folder.parent)
    if not (folder / "index.key").exists() and former.exists():
        _divide(folder, _read(former, SEALING_BYTES))
    elif used:
        _index_of(folder)  # says what is missing
    else:
        _write_once(folder / "index.key", secrets.token_bytes(INDEX_BYTES))
    if not _files(folder):
        if used:
            raise ConfigurationError(
                f"{folder / 'sealing'}: holds no key, and this database is sealed; {_KEEP}."
            )
        new_sealing_key(folder.parent)
    sealing = _files(folder)[-1].stem
    keyring = Keyring(_index_of(folder))
    connection.execute(
        _IN_USE.insert().values(
            index_keys=index_name(keyring), sealing=sealing, whole=not used, lay_open=used
        )
    )


def _has_rows(connection: Connection, table: sa.Table) -> bool:
    return connection.execute(select(sa.literal(1)).select_from(table).limit(1)).first() is not None


def _divide(folder: Path, master: bytes) -> None:
    """Make the keys of a desk of before out of the one from which all derived, so that every hash stays the same."""
    derived = {
        purpose: HKDF(SHA256(), SEALING_BYTES, salt=None, info=purpose.encode()).derive(master)
        for purpose in ("hash", "mail", "seal")
    }
    _write_once(sealing_file(folder.parent, key_id(derived["seal"])), derived["seal"])
    _write_once(folder / "index.key", derived["hash"] + derived["mail"])


def _index_of(folder: Path) -> bytes:
    file = folder / "index.key"
    if not file.exists():
        raise ConfigurationError(
            f"{file}: is missing, and this database is not empty; {_KEEP}: {_NEVER_ANEW}."
        )
    return _read(file, INDEX_BYTES)


def _read(file: Path, size: int) -> bytes:
    with _told(file, "read", _KEEP):
        for path in (file.parent, file):
            if path.stat().st_mode & _OTHERS:
                raise ConfigurationError(
                    f"{path}: others on this machine may open it; run `chmod go= {path}`, and change the keys that seal "
                    "(`assistant keys rotate`) if somebody may have."
                )
        if not file.is_file():  # reading a pipe would never end
            raise ConfigurationError(f"{file}: is no file; {_KEEP}.")
        content = file.read_bytes()
    if len(content) != size:
        raise ConfigurationError(f"{file}: is damaged ({len(content)} bytes of {size}); {_KEEP}.")
    return content


def _write_once(path: Path, content: bytes) -> None:
    """Write a key, whole or not at all, and on disk when this returns; one that is there already stays."""
    with _told(path, "written", _LET_WRITE):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f"{path.name}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            part.unlink()
            return
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _told(file: Path, what: str, to_do: str) -> Iterator[None]:
    """Say with words why a key could not be got at: a link to nothing, no permission, a full disk."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be {what} ({os.strerror(error.errno or 0)}); {to_do}."
        ) from None
