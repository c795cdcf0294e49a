"""Databases for the tests: a SQLite file, and PostgreSQL and MariaDB servers of our own on loopback."""

from __future__ import annotations

import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests.doubles.dovecot import free_port

POSTGRESQL, MARIADB, SQLITE = "postgresql", "mariadb", "sqlite"
MISSING = "needs Debian's postgresql and mariadb-server (apt-get install them)"
_BINARIES = "/usr/lib/postgresql/*/bin"
_PATIENCE = 60.0
_NO_KERNEL_AIO = "--innodb-use-native-aio=0"  # its requests are rationed over all that a machine runs
_SQLITE_ONLY = re.compile(r"PRAGMA foreign_keys = (OFF|ON);")
_ANY_TEXT = re.compile(r"\bTEXT\b")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Database:
    """One database, reached past the code under test."""

    kind: str
    url: str
    engine: sa.Engine = field(init=False, compare=False)

    def __post_init__(self) -> None:
        options: dict[str, Any] = {"client_flag": 65536} if self.kind == MARIADB else {}  # many statements
        engine = sa.create_engine(
            self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=options
        )
        object.__setattr__(self, "engine", engine)

    def run(self, script: str) -> None:
        """Run a script written for SQLite in this database's words: its tables have no text without a length in keys."""
        with self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            if self.kind == SQLITE:
                raw.executescript(script)
                return
            with raw.cursor() as cursor:
                cursor.execute(self.worded(script))
                while self.kind == MARIADB and cursor.nextset():
                    pass

    def worded(self, script: str) -> str:
        """Give a script in the words of this database."""
        if self.kind == POSTGRESQL:
            return _SQLITE_ONLY.sub(
                lambda said: f"SET session_replication_role = {'replica' if said[1] == 'OFF' else 'origin'};",
                script,
            )
        script = _SQLITE_ONLY.sub(lambda said: f"SET foreign_key_checks = {int(said[1] == 'ON')};", script)
        return _ANY_TEXT.sub("VARCHAR(250)", script)

    def spoil(self) -> None:
        """Overwrite the file with what is no database."""
        Path(str(self.engine.url.database)).write_bytes(
            b"not a database at all, only a few words that fill the first page" * 100
        )

    def insert(self, table: str, *rows: Sequence[Any]) -> None:
        """Insert rows with values that no script can hold."""
        places = ", ".join(f":v{at}" for at in range(len(rows[0])))
        values = [{f"v{at}": value for at, value in enumerate(row)} for row in rows]
        with self.engine.execution_options(isolation_level="SERIALIZABLE").begin() as connection:
            connection.execute(sa.text(f"INSERT INTO {table} VALUES ({places})"), values)

    def rows(self, query: str) -> Rows:
        """Give what a query finds, days and instants as text."""
        with self.engine.connect() as connection:
            return _found(connection, query)

    def dump(self, schema: str | None = None) -> dict[str, Rows]:
        """Give all rows of all tables."""
        quote = self.engine.dialect.identifier_preparer
        with (
            self.engine.connect() as connection
        ):  # one for all: a server takes longer to greet than to answer
            return {
                name: sorted(
                    _found(connection, f"SELECT * FROM {quote.format_table(sa.table(name, schema=schema))}"),
                    key=repr,
                )
                for name in sorted(sa.inspect(connection).get_table_names(schema))
            }


def _found(connection: sa.Connection, query: str) -> Rows:
    return [tuple(map(_plain, row)) for row in connection.exec_driver_sql(query)]


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat(*([" "] if isinstance(value, datetime) else []))
    return str(value).replace("'", '"') if isinstance(value, dict) else value


@dataclass
class Server:
    """A running server and the databases made in it."""

    kind: str
    url: str  # without a database
    _made: Iterator[int] = field(default_factory=itertools.count)

    def database(self) -> Database:
        """Make an empty database."""
        name = f"shop{next(self._made)}"
        Database(self.kind, f"{self.url}/{'postgres' if self.kind == POSTGRESQL else 'mysql'}").run(
            f"CREATE DATABASE {name}"
        )
        return Database(self.kind, f"{self.url}/{name}")


class NotStarted(RuntimeError):
    """A server could not be made or started; says what it said."""


def is_here(kind: str) -> bool:
    """Say whether such a server can be started here."""
    if kind == POSTGRESQL:
        return any(Path("/").glob(_BINARIES[1:]))
    return kind == SQLITE or bool(shutil.which("mariadbd") and shutil.which("mariadb-install-db"))


@contextmanager
def running(kind: str) -> Iterator[Server]:
    """Run a server of a kind while the context is open; nothing of it outlives that.

    A machine shared with others refuses a server now and then: it is asked twice, and the second refusal raises with
    what the server said.
    """
    with ExitStack() as stack:
        try:
            server = stack.enter_context(_running(kind))
        except NotStarted:
            server = stack.enter_context(_running(kind))
        yield server


@contextmanager
def _running(kind: str) -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix=f"{kind}-"))
    home.chmod(0o755)
    owner = {POSTGRESQL: "postgres", MARIADB: "mysql"}[kind] if os.geteuid() == 0 else None
    data = home / "data"
    data.mkdir()
    if owner:
        shutil.chown(home, owner)
        shutil.chown(data, owner)
    start = _postgresql if kind == POSTGRESQL else _mariadb
    try:
        with start(home, data, owner) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _postgresql(home: Path, data: Path, owner: str | None) -> Iterator[Server]:
    binaries = max(Path("/").glob(_BINARIES[1:]))
    _once(
        [binaries / "initdb", "-D", data, "-U", "desk", "-A", "trust", "-E", "UTF8", "--no-sync"], home, owner
    )
    port = free_port()
    options = f"-p {port} -h 127.0.0.1 -k {home} -c fsync=off -c full_page_writes=off".split()
    with _process([binaries / "postgres", "-D", data, *options], home, owner):
        server = Server(POSTGRESQL, f"postgresql+psycopg://desk@127.0.0.1:{port}")
        _answers(f"{server.url}/postgres", home / "log")
        yield server


@contextmanager
def _mariadb(home: Path, data: Path, owner: str | None) -> Iterator[Server]:
    _once(
        [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--force",  # names are not looked up
            _NO_KERNEL_AIO,
        ],
        home,
        owner,
    )
    port = free_port()
    options = [
        f"--datadir={data}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={home}/socket",
        f"--pid-file={home}/pid",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-flush-method=nosync",
        _NO_KERNEL_AIO,
        "--character-set-server=utf8mb4",
    ]
    with _process(["mariadbd", "--no-defaults", *options], home, owner):
        server = Server(MARIADB, f"mysql+pymysql://root@127.0.0.1:{port}")
        _answers(f"{server.url}/mysql", home / "log")
        yield server


def _once(command: Sequence[str | Path], home: Path, owner: str | None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        **_as(owner),
    )
    if done.returncode:
        raise NotStarted(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout[-4000:]}")


@contextmanager
def _process(command: Sequence[str | Path], home: Path, owner: str | None) -> Iterator[None]:
    with (home / "log").open("ab") as log:
        server = subprocess.Popen(
            [str(part) for part in command], cwd=home, stdout=log, stderr=log, **_as(owner)
        )
    try:
        yield
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing of its data is worth a clean end
        server.wait(_PATIENCE)


def _as(owner: str | None) -> dict[str, Any]:
    if owner is None:
        return {}
    who = pwd.getpwnam(owner)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _answers(url: str, log: Path) -> None:
    engine = sa.create_engine(url, poolclass=NullPool)
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError as error:
            if time.monotonic() > end:
                said = log.read_text("utf-8", "replace")[-4000:]
                raise NotStarted(f"the server answered nobody in {_PATIENCE:.0f} s:\n{said}") from error
            time.sleep(0.05)
        else:
            return
