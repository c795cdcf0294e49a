"""A desk of before is upgraded with what it holds, on both databases it may stand on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from assistant.store import migrate
from assistant.store.keyring import INDEX_BYTES, SEALING_BYTES, Keyring
from assistant.store.sealing import give_keyring
from assistant.store.tables import AgentSession, AgentToken, Conversation, PrivacyRequest
from tests.doubles.databases import MISSING, POSTGRESQL, SQLITE, Server, is_here, running

BEFORE = "0006"
AT = "2026-11-24T09:30:00.000000Z"


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """Give a server, or None for a file."""
    if request.param == SQLITE:
        yield None
        return
    if not is_here(POSTGRESQL):
        pytest.skip(MISSING)
    with running(POSTGRESQL) as started:
        yield started


@pytest.fixture
def engine(server: Server | None, tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(server.database().url if server else f"sqlite:///{tmp_path / 'desk.db'}")
    give_keyring(made, Keyring(b"i" * INDEX_BYTES, b"s" * SEALING_BYTES))
    yield made
    made.dispose()


def upgrade_to(engine: Engine, revision: str) -> None:
    config = migrate._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def put(engine: Engine, table: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":{name}" for name in values)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


def letter(engine: Engine, key: str, **more: Any) -> None:
    put(engine, "outbox", key=key, channel="email", kind="mail", payload="x", state="waiting", attempts=0,
        due_at=AT, created_at=AT, **more)  # fmt: skip


def test_every_letter_of_before_gets_its_owner_and_none_is_lost(engine: Engine) -> None:
    upgrade_to(engine, BEFORE)
    put(engine, "conversation", id="c1", channel="email", thread="t", state="{}", started_at=AT, last_at=AT,
        answerable=True, triage=False)  # fmt: skip
    put(engine, "message", conversation_id="c1", external_id="e", sender="you", name="", text="t", kind="text",
        choices="[]", requests="[]", reading="{}", handled=True, at=AT, headers="{}")  # fmt: skip
    put(engine, "challenge", id="ab", conversation_id="c1", method="email_code", references="[]", purpose="prove",
        claimed="", claimed_kind="email", claimed_hash="", state="sent", on_file=False, attempts=0,
        asked_at=AT)  # fmt: skip
    letter(engine, "challenge:ab:2026")
    letter(engine, "remind:PR-7K4M2Q9D:2026-11-24:0123")
    letter(engine, f"ticket:{'c' * 24}:2026-11-24")
    letter(engine, "relay:1", raw_message_id=1)
    letter(engine, "relay:9", raw_message_id=9)

    migrate.migrate(engine)

    with engine.connect() as connection:
        rows = connection.execute(text("SELECT key, conversation_id, ref FROM outbox")).all()
    assert {key: (conversation, ref) for key, conversation, ref in rows} == {
        "challenge:ab:2026": ("c1", None),
        "remind:PR-7K4M2Q9D:2026-11-24:0123": (None, "PR-7K4M2Q9D"),
        f"ticket:{'c' * 24}:2026-11-24": ("c" * 24, None),
        "relay:1": ("c1", None),
        "relay:9": (None, ""),
    }
    with pytest.raises(IntegrityError):
        letter(engine, "notice:of-nobody")


def upgraded(engine: Engine, to: str) -> None:
    config = migrate._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def test_ids_of_before_move_into_their_own_space_and_stay_the_same_message(engine: Engine) -> None:
    upgraded(engine, "0010")
    put(engine, "conversation", id="c1", channel="webchat", thread="t", state="{}", started_at=AT, last_at=AT,
        triage=False)  # fmt: skip
    for ident, sender, kind in (
        ("a-1", "you", "text"), ("answer:PR-7K4M2Q9D:x:1", "assistant", "text"), ("reduced:3", "you", "reduced"),
        ("note:ab", "note", "text"),
    ):  # fmt: skip
        put(engine, "message", conversation_id="c1", external_id=ident, sender=sender, name="", text="t", kind=kind,
            choices="[]", requests="[]", reading="{}", handled=True, at=AT, headers="{}")  # fmt: skip
    put(engine, "seen", value="jti:7", until=AT)
    put(engine, "request", ref="PR-7K4M2Q9D", right="erasure", status="open", conversation_id="c1",
        channel="webchat", language="en", received_at=AT, received_on="2026-11-24", due_on="2026-12-24",
        safe_on="2026-12-20", rules="[]", extension_reason="", suspensions="[]", details="{}", tier_needed=2,
        assurance=0, version=0, dont_at="2026-11-24 09:30:00+00:00")  # fmt: skip

    migrate.migrate(engine)

    with engine.connect() as connection:
        ids = connection.execute(text("SELECT external_id FROM message ORDER BY id")).scalars().all()
        taken = connection.execute(text("SELECT value FROM seen ORDER BY value")).scalars().all()
        dont_at = connection.execute(text("SELECT dont_at FROM request")).scalar_one()
    assert ids == ["in:a-1", "answer:PR-7K4M2Q9D:x:1", "reduced:3", "note:ab"]
    assert taken == ["jti:client_area:7", "jti:page_token:7"], "used at one site or the other: nobody knows"
    assert datetime.fromisoformat(dont_at) == datetime.fromisoformat(AT)


def test_what_a_person_said_not_to_do_is_stored_on_either_database(engine: Engine) -> None:
    migrate.migrate(engine)
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    with Session(engine) as session:
        session.add(Conversation(id="c1", channel="webchat", thread="t", started_at=at, last_at=at))
        session.flush()
        session.add(
            PrivacyRequest(
                ref="PR-7K4M2Q9D", right="erasure", status="open", conversation_id="c1", channel="webchat",
                language="en", received_at=at, received_on=at.date(), due_on=at.date(), safe_on=at.date(),
                tier_needed=2, dont_at=at,
            )
        )  # fmt: skip
        session.commit()
        session.expire_all()
        assert session.get_one(PrivacyRequest, "PR-7K4M2Q9D").dont_at == at


def test_a_token_of_before_gets_an_end(engine: Engine) -> None:
    upgrade_to(engine, "0010")
    put(engine, "agent", name="Liis", role="lead", password="x", totp_secret="x", language="en", active=True,
        failures=0, last_totp=0)  # fmt: skip
    put(engine, "agent_token", token_hash="x", agent="Liis", scope="read", may_approve_irreversible=False,
        made_at=AT)  # fmt: skip
    put(engine, "agent_session", session_hash="x", agent="Liis", csrf="x", started_at=AT, last_at=AT,
        totp_at=AT)  # fmt: skip
    migrate.migrate(engine)
    with Session(engine) as session:
        left = session.get_one(AgentToken, "x").expires_at - datetime.now(UTC)
        assert timedelta(days=89) < left < timedelta(days=91)
        assert session.get_one(AgentSession, "x").wrong_codes == 0
