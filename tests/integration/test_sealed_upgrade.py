"""A desk of before is sealed at its first start, on both databases, wherever that is killed; nothing is lost or left open."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, event, text
from sqlmodel import Session, SQLModel, col, select

from assistant.app import assemble
from assistant.config import load_settings
from assistant.demo.settings import lay_out
from assistant.store import migrate, resealing, upgrading
from assistant.store.keyfiles import former_key, open_keyring
from assistant.store.keyring import Keyring, client_hash, mail_name, sender_hash
from assistant.store.sealing import give_keyring
from assistant.store.tables import Audit, ChallengeRow, Conversation, EvidenceRow, Message
from assistant.store.writer import open_engine
from tests.doubles.databases import MISSING, POSTGRESQL, SQLITE, is_here, running

BEFORE = "0010"
AT = "2026-11-24T09:30:00.000000Z"
MASTER = bytes(range(32))
CANARY = "Kristiina Kanaarilind"
MAIL = "kristiina@kanaarilind.example"
LIKE_SEALED = "~deadbeef.what looks sealed and is what somebody wrote"
TALKS = 7
LONG = f" {CANARY} " * 700  # more than a page: what it lay in is only called free


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == SQLITE:
        made = open_engine(f"sqlite:///{tmp_path / 'desk.db'}", writes=True)
        event.listen(made, "connect", keep_what_is_freed)
        yield made
        made.dispose()
        return
    if not is_here(POSTGRESQL):
        pytest.skip(MISSING)
    with running(POSTGRESQL) as server:
        made = open_engine(str(server.database().url), writes=True)
        yield made
        made.dispose()


def keep_what_is_freed(connection: Any, _record: object) -> None:
    """As SQLite does by itself; some systems build it to overwrite."""
    connection.execute("PRAGMA secure_delete = OFF")


def derived(purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(MASTER)


def sealed_before(value: str) -> str:
    nonce = os.urandom(12)
    return base64.urlsafe_b64encode(
        nonce + AESGCM(derived("seal")).encrypt(nonce, value.encode(), None)
    ).decode()


def put(engine: Engine, table: str, **values: Any) -> None:
    names, places = ", ".join(f'"{name}"' for name in values), ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


@pytest.fixture
def data_dir(engine: Engine, tmp_path: Path) -> Path:
    fill(engine, tmp_path)
    return tmp_path


def fill(engine: Engine, data_dir: Path) -> None:
    """Make a desk of before: everything open that was open then."""
    config = migrate._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    put_rows(engine)
    key = former_key(data_dir)
    key.parent.mkdir(mode=0o700)
    key.write_bytes(MASTER)
    key.chmod(0o600)


def put_rows(engine: Engine, outside: str = "") -> None:
    for n in range(TALKS):
        put(engine, "conversation", id=f"c{n}", channel="email" if n else "webchat", thread=f"t{n}",
            state=f'{{"address": "{MAIL}"}}', started_at=AT, last_at=AT, triage=False,
            subject_hint=f"{n}{MAIL}")  # fmt: skip
        put(engine, "message", conversation_id=f"c{n}", external_id=f"{outside}<{n}@kanaarilind.example> ab", sender="you",
            name="", text=f"I am {CANARY} {n}." + LONG, kind="text", choices="[]", requests="[]",
            reading=f'{{"sentence": "{CANARY}"}}', handled=True, at=AT, headers="{}", subject=CANARY,
            raw=f"From: {MAIL}\r\n\r\n{CANARY}".encode())  # fmt: skip
    put(engine, "message", conversation_id="c0", external_id="u1", sender="you", name="", text=LIKE_SEALED,
        kind="text", choices="[]", requests="[]", reading="{}", handled=True, at=AT, headers="{}")  # fmt: skip
    put(engine, "challenge", id="ab", conversation_id="c1", method="email_code", references="[]", purpose="prove",
        claimed=sealed_before(MAIL), claimed_kind="email", claimed_hash="", state="sent", on_file=False, attempts=0,
        asked_at=AT)  # fmt: skip
    put(engine, "evidence", id="ev", method="email_code", tier=1, contact=sealed_before(MAIL), contact_hash="",
        client_id=sealed_before("c-4711"), conversation_id="c1", references="[]", on_file=True, fresh_login=False,
        obtained_at=AT, flags="[]")  # fmt: skip
    put(engine, "audit", chain="", ordinal=1, at=AT, actor="desk", event="extended",
        data=f'{{"reason": "{CANARY}"}}', previous="0", hash="1")  # fmt: skip


class Killed(BaseException):
    pass


def start(engine: Engine, data_dir: Path) -> Keyring:
    """What every start does before the desk runs."""
    migrate.migrate(engine)
    keyring = open_keyring(data_dir, engine)
    upgrading.seal_everything(engine, keyring, data_dir)
    return keyring


def test_everything_of_before_is_sealed_wherever_it_is_killed_and_reads_as_it_did(
    engine: Engine, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "_MOST", 2)
    monkeypatch.setattr(upgrading, "_MOST", 2)
    steps = [0]

    def dies(real: Any) -> Any:
        def step(*args: Any, **more: Any) -> Any:
            steps[0] -= 1
            if steps[0] == 0:
                raise Killed
            return real(*args, **more)

        return step

    for module, name in (
        (upgrading, "_name_senders"),
        (upgrading, "_name_mails"),
        (upgrading, "reseal_some"),
        (upgrading, "_leave_nothing_behind"),
        (upgrading, "finish"),
    ):
        monkeypatch.setattr(module, name, dies(getattr(module, name)))
    kills = 0
    keyring: Keyring | None = None
    while keyring is None:
        steps[0] = 3 if kills < 40 else -1
        with suppress(Killed):
            keyring = start(engine, data_dir)
        kills += keyring is None
    assert kills > TALKS

    assert keyring.keyed_hash("x") == hmac.new(derived("hash"), b"subject\0x", hashlib.sha256).hexdigest()
    assert keyring.mail_key == derived("mail")
    assert not former_key(data_dir).exists()
    assert [file.stem for file in (data_dir / "keys" / "sealing").iterdir()] == [keyring.current]
    assert_nothing_lies_open(engine)
    give_keyring(engine, keyring)
    with Session(engine) as session:
        messages = list(session.exec(select(Message).order_by(col(Message.id))))
        assert [m.text for m in messages] == [
            *(f"I am {CANARY} {n}." + LONG for n in range(TALKS)),
            LIKE_SEALED,
        ]
        assert messages[1].reading == {"sentence": CANARY}
        assert messages[1].subject == CANARY
        assert messages[1].external_id == "in:" + mail_name(keyring, "<1@kanaarilind.example> ab")
        assert messages[0].external_id == "in:<0@kanaarilind.example> ab", (
            "of a chat it is given back as it came"
        )
        assert messages[1].attachments is None
        assert keyring.unseal_bytes(messages[1].raw or b"").endswith(CANARY.encode())
        talk = session.get_one(Conversation, "c3")
        assert talk.state == {"address": MAIL}
        assert talk.subject_hint == f"3{MAIL}"
        assert talk.hint_hash == sender_hash(keyring, f"3{MAIL}")
        assert keyring.unseal(session.get_one(ChallengeRow, "ab").claimed) == MAIL
        assert session.get_one(EvidenceRow, "ev").client_hash == client_hash(keyring, "C-4711 ")
        assert session.exec(select(Audit)).one().data == {"reason": CANARY}


def assert_nothing_lies_open(engine: Engine) -> None:
    with engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            for row in connection.execute(text(f'SELECT * FROM "{table.name}"')):
                told = [
                    value
                    for value in row
                    if "anaarilind" in str(value) and not str(value).startswith("in:<0@")
                ]
                assert not told, table.name
    if engine.dialect.name == SQLITE:
        engine.dispose()
        file = Path(str(engine.url.database))
        for path in file.parent.glob("desk.db*"):
            assert CANARY.encode() not in path.read_bytes(), (
                f"{path.name}: in a page that is only called free"
            )


def test_a_copy_from_before_that_is_put_back_later_is_sealed_as_well(engine: Engine, data_dir: Path) -> None:
    """The one key of before is gone by then; the keys that were made of it open what it sealed."""
    start(engine, data_dir)
    with engine.begin() as connection:
        for table in ("keys_in_use", "challenge", "evidence", "message", "audit", "conversation"):
            connection.execute(text(f'DELETE FROM "{table}"'))
    put_rows(engine, "in:")  # the schema is of today already
    keyring = start(engine, data_dir)
    assert_nothing_lies_open(engine)
    with engine.connect() as connection:
        named = set(connection.execute(text("SELECT hint_hash FROM conversation")).scalars())
    assert sender_hash(keyring, f"3{MAIL}") in named
    assert None not in named


def test_a_start_of_the_desk_seals_what_lay_open(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    settings = load_settings(demo.settings_file)
    settings.server.data_dir.mkdir(mode=0o700)
    engine = open_engine(settings.database_url, writes=True)
    fill(engine, settings.server.data_dir)
    assembly = assemble(settings)
    assembly.services.store.close()
    assert_nothing_lies_open(engine)
    engine.dispose()


def test_a_desk_that_was_sealed_already_is_left_as_it_is(engine: Engine, data_dir: Path) -> None:
    start(engine, data_dir)
    rows = text("SELECT text FROM message ORDER BY id")
    with engine.connect() as connection:
        before = connection.execute(rows).all()
    start(engine, data_dir)
    with engine.connect() as connection:
        assert connection.execute(rows).all() == before
