"""`assistant doctor` names whom the desk cannot tell by itself."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources
from pathlib import Path

from assistant.demo.settings import lay_out
from assistant.doctor import examine


async def test_recipients_without_an_address_are_named_and_nobody_else(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=date(2026, 11, 26))
    text = (resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8")
    known = tomllib.loads(text)["recipients"]
    rows = [row for row in await examine(demo.settings_file) if row["part"] == "recipients"]
    (row,) = rows
    assert row["level"] == "warning"
    assert "authorities" in row["text"]
    assert not [name for name, each in known.items() if each.get("notify") and name in row["text"]]
