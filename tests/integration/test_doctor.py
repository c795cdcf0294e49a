"""`assistant doctor` names whom the desk cannot tell by itself, who is missing to approve, and what letters cannot say."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from sqlmodel import Session

from assistant.config import load_settings
from assistant.demo.settings import DemoFolder, lay_out
from assistant.doctor import examine
from assistant.store.keyfiles import open_keyring
from assistant.store.tables import Agent
from tests.doubles.schema import open_new


async def test_recipients_without_an_address_are_named_and_nobody_else(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    text = (resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8")
    known = tomllib.loads(text)["recipients"]
    rows = [row for row in await examine(demo.settings_file) if row["part"] == "recipients"]
    (row,) = rows
    assert row["level"] == "warning"
    assert "authorities" in row["text"]
    assert not [name for name, each in known.items() if each.get("notify") and name in row["text"]]


@pytest.mark.parametrize(
    ("monitor", "told"),
    [
        ("127.0.0.1:9464", 0),
        ("[::1]:9464", 0),
        ("localhost:0", 0),
        ("0.0.0.0:9464", 1),
        ("desk.example:1", 1),
    ],
)
async def test_monitoring_that_others_can_reach_is_told(tmp_path: Path, monitor: str, told: int) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    written = demo.settings_file.read_text("utf-8")
    demo.settings_file.write_text(
        written.replace('monitor = "127.0.0.1:0"', f'monitor = "{monitor}"'), "utf-8"
    )
    rows = [row for row in await examine(demo.settings_file) if row["part"] == "monitor"]
    assert len(rows) == told
    assert all(monitor in row["text"] and row["level"] == "warning" for row in rows)


async def people_told(demo: DemoFolder) -> list[str]:
    return [str(row["text"]) for row in await examine(demo.settings_file) if row["part"] == "people"]


async def test_fewer_than_two_who_could_approve_are_told_where_it_takes_two(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26), four_eyes=True)
    settings = load_settings(demo.settings_file)
    settings.server.data_dir.mkdir()
    engine = open_new(settings.server.data_dir / "desk.db")

    def add(name: str, role: str) -> None:
        with Session(engine) as session, session.begin():
            session.add(Agent(name=name, role=role, password="", totp_secret=""))

    add("Tiina", "agent")
    add("Marc", "approver")
    (text,) = await people_told(demo)
    assert "1 active" in text
    assert "agents add" in text
    add("Liis", "lead")
    assert await people_told(demo) == []
    engine.dispose()


async def unwritten(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    known = tmp_path / "catalogue.toml"
    known.write_text((resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8"), "utf-8")
    text = demo.settings_file.read_text("utf-8")
    demo.settings_file.write_text(re.sub(r"(?m)^catalogue_file = .*$", f'catalogue_file = "{known}"', text))
    for file in (known, demo.settings_file):
        text = file.read_text("utf-8")
        for old, new in changes:
            text = re.sub(rf"(?m)^{old}.*$", new, text)
        file.write_text(text, "utf-8")
    rows = await examine(demo.settings_file)
    return [row["text"] for row in rows if row["part"] == "letters" and row["level"] != "ok"]


async def test_sentences_that_the_settings_leave_unsaid_are_named_with_their_key(tmp_path: Path) -> None:
    told = await unwritten(
        tmp_path,
        ("automated_decisions.fr", ""),
        ("backup_days", ""),
        ('period_fr = "Douze mois"', ""),
        ('safeguards_en = "standard', ""),
    )
    keys = [text.partition(":")[0] for text in told]
    assert keys == [
        "recipients.*.safeguards_en",
        "controller.automated_decisions.fr",
        "categories.*.period_fr",
        "periods.backup_days",
    ]
    assert "server_logs" in told[2]
    assert "analytics_service" in told[0]


async def test_nothing_is_unwritten_where_everything_is_said(tmp_path: Path) -> None:
    assert await unwritten(tmp_path) == []


async def untitled(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    text = demo.settings_file.read_text("utf-8")
    for name in ("client-area.toml", "catalogue.toml"):
        written = (resources.files("assistant.demo") / name).read_text("utf-8")
        for old, new in changes:
            written = written.replace(old, new)
            text = text.replace(old, new)
        (tmp_path / name).write_text(written, "utf-8")
        text = re.sub(rf'"[^"\n]*{name}"', f'"{tmp_path / name}"', text)
    demo.settings_file.write_text(text, "utf-8")
    return [
        str(row["text"])
        for row in await examine(demo.settings_file)
        if "lacks" in row["text"] or "known_by" in row["text"]
    ]


async def test_what_people_would_read_as_a_bare_name_is_told_with_the_key_to_write(tmp_path: Path) -> None:
    assert await untitled(tmp_path / "whole") == []
    told = await untitled(
        tmp_path / "bare",
        ('"title@fr" = "Espace client"\n', ""),
        ('"title@fr" = "Factures"\n', ""),
        ('"paid_on@fr" = "Payée le"\n', ""),
        ('"law@fr" = "loi estonienne sur la comptabilité (Raamatupidamise seadus)"\n', ""),
        ('known_by = { push_id = "player_id" }\n', ""),
    )
    for wanted in (
        'its [[sources]] block lacks "title@fr"',
        'invoices: the map lacks "title@fr"',
        'invoices.meanings: the map lacks "paid_on@fr"',
        'retention.accounting: the catalogue lacks "law@fr"',
        "push_subscriptions: no known_by says by what push_service knows the data",
    ):
        assert any(wanted in text for text in told), (wanted, told)
    assert len(told) == 5


async def test_an_authority_that_is_not_known_is_told_before_the_desk_starts(tmp_path: Path) -> None:
    (told,) = await unwritten(tmp_path, ("authorities = ", 'authorities = ["AKI", "NOBODY"]'))
    assert "controller.authorities: 'NOBODY' is not known" in told


async def test_the_keys_and_the_modes_of_files_are_looked_at(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    settings = load_settings(demo.settings_file)
    data_dir = settings.server.data_dir
    data_dir.mkdir(mode=0o700)
    engine = open_new(settings.server.data_dir / "desk.db")

    async def told() -> tuple[str, str]:
        (row,) = [row for row in await examine(demo.settings_file) if row["part"] == "keys"]
        return row["level"], row["text"]

    assert "there is no desk yet" in (await told())[1]
    open_keyring(data_dir, engine)
    engine.dispose()
    assert (await told())[0] == "ok"
    (data_dir / "desk.db").chmod(0o644)
    level, text = await told()
    assert level == "error"
    assert re.search(r"desk\.db: others on this machine may open it.*chmod -R go=", text)
    (data_dir / "desk.db").chmod(0o600)
    (data_dir / "keys" / "index.key").unlink()
    assert "cannot be made anew" in (await told())[1]
