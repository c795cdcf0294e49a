"""Lays out a folder for the demo: the sample database, the mailbox, and settings that name them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from assistant.config import Periods
from assistant.demo.client_area import ClientArea
from assistant.demo.company import create_company

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where everything of one demo lies."""

    settings_file: Path
    mailbox_dir: Path
    client_area_file: Path
    client_area: ClientArea
    public_url: str


def data_of(folder: Path) -> Path:
    """Give where the desk of a demo keeps its own."""
    return folder.resolve() / "data"


def lay_out(
    folder: Path,
    *,
    port: int,
    mail_port: int,
    today: date,
    hold: bool = True,
    four_eyes: bool = False,
) -> DemoFolder:
    """Make or complete a demo folder for these two ports; a sample database that is there is kept."""
    folder = folder.resolve()
    mailbox_dir = folder / "mailbox"
    mailbox_dir.mkdir(parents=True, exist_ok=True)
    database = folder / "client-area.db"
    if not database.exists():
        create_company(database, today=today)
    demo = DemoFolder(
        folder / "config.toml",
        mailbox_dir,
        database,
        ClientArea("client-area.kuusik-lierre.example", "privacy-desk", secrets.token_urlsafe(32)),
        f"http://127.0.0.1:{port}",
    )
    _write(demo, port, mail_port, Periods().hold_hours if hold else 0, four_eyes=four_eyes)
    return demo


def _write(demo: DemoFolder, port: int, mail_port: int, hold_hours: int, *, four_eyes: bool) -> None:
    package = resources.files(__package__)
    values: dict[str, object] = {
        "catalogue_file": str(package / "catalogue.toml"),
        "map_file": str(package / "client-area.toml"),
        "policy_url": f"{demo.public_url}/demo/policy",
        "public_url": demo.public_url,
        "port": port,
        "sites": [demo.public_url, f"http://localhost:{port}"],
        "data_dir": str(data_of(demo.settings_file.parent)),
        "mail_listen": f"127.0.0.1:{mail_port}",
        "mailbox_dir": str(demo.mailbox_dir),
        "issuer": demo.client_area.issuer,
        "audience": demo.client_area.audience,
        "key": demo.client_area.key,
        "login_url": f"{demo.public_url}/demo/login",
        "hold_hours": hold_hours,
        "four_eyes": four_eyes,
        "client_area_url": f"sqlite:///{demo.client_area_file}",
    }
    # A JSON string, number or list of strings is a TOML one too.
    written = {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
    text = Template((package / "controller.toml").read_text("utf-8")).substitute(written)
    demo.settings_file.touch(mode=0o600)
    demo.settings_file.write_text(text, "utf-8")
