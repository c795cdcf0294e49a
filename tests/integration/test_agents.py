"""Those who work here: shut out, let in, given another role, another password, authenticator or codes, by command."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.casework.agents import colleagues, staff
from assistant.cli import app
from assistant.errors import NotAuthenticated
from tests.doubles.console_app import ConsoleSite, console_site

SETTINGS = """
[controller]
timezone = "Europe/Tallinn"
holiday_country = "EE"
languages = ["en", "fr"]

[server]
data_dir = "{folder}"
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what runs a command on a desk of its own that is not running, and reads what it prints."""
    (tmp_path / "config.toml").write_text(SETTINGS.format(folder=tmp_path / "data"), "utf-8")
    monkeypatch.chdir(tmp_path)
    # No command about agents reads a message, and the reader is slow to load.
    monkeypatch.setattr("assistant.app.Reader.load", lambda _: None)

    def runs(*words: str) -> list[dict[str, Any]]:
        ended = CliRunner().invoke(app, [*words, "--json"])
        if ended.exception:
            raise ended.exception
        return [json.loads(line) for line in ended.stdout.splitlines()]

    return runs


def test_an_agent_is_managed_from_the_first_day_to_the_last(run: Any) -> None:
    run("agents", "add", "Liis", "--role", "lead")
    first = run("agents", "add", "Marc", "--role", "agent")[0]
    assert run("agents", "role", "Marc", "--role", "approver") == [
        {"name": "Marc", "role": "approver", "active": True}
    ]
    assert run("agents", "password", "Marc")[0]["password"] != first["password"]
    assert run("agents", "reset-totp", "Marc")[0]["totp_secret"] != first["totp_secret"]
    codes = run("agents", "recovery", "Marc")[0]["codes"]
    assert (len(set(codes)), {len(code) for code in codes}) == (10, {19})
    made = run("agents", "token", "Marc", "--scope", "read", "--days", "3")[0]
    (listed,) = run("agents", "tokens", "Marc")
    assert (listed["scope"], listed["name"]) == ("read", "Marc")
    assert listed["token"] not in made["token"]
    assert run("agents", "revoke", listed["token"])[0]["ended"] is True
    run("agents", "token", "Marc")
    assert run("agents", "disable", "Marc")[0]["active"] is False
    assert run("agents", "tokens") == []
    assert run("agents", "enable", "Marc")[0]["active"] is True
    assert run("agents", "tokens") == [], "an old token does not come back"
    assert run("agents", "sessions") == []
    events = [row["event"] for row in run("audit", "export")]
    assert events == [
        "agent_added", "agent_added", "role_changed", "password_reset", "authenticator_reset",
        "recovery_codes_made", "token_made", "token_revoked", "token_made", "agent_disabled", "agent_enabled",
    ]  # fmt: skip
    assert run("audit", "verify") == []


async def test_who_is_let_in_again_signs_in_anew(site: ConsoleSite) -> None:
    services = site.services
    secret = (await _begun(site)).session
    await services.read(lambda unit: staff.session_of(unit, secret))
    await services.write(lambda unit: colleagues.disable(unit, "Marc", colleagues.OPERATOR))
    await services.write(lambda unit: colleagues.enable(unit, "Marc", colleagues.OPERATOR))
    with pytest.raises(NotAuthenticated):
        await services.read(lambda unit: staff.session_of(unit, secret))
    assert (await _begun(site)).session != secret


async def _begun(site: ConsoleSite) -> staff.Begun:
    code = site.code("Marc")
    begun = await site.services.write(lambda unit: staff.sign_in(unit, "Marc", code, password_ok=True))
    assert begun
    return begun


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("disable", "Liis"), "last lead"),
        (("role", "Liis", "--role", "auditor"), "last lead"),
        (("disable", "Nobody"), "There is no agent Nobody"),
        (("role", "Liis", "--role", "king"), "is none; choose"),
        (("end-session", "0" * 12), "no such session or token"),
        (("revoke", "0" * 12), "no such session or token"),
    ],
)
def test_what_cannot_be_done_says_so(run: Any, words: tuple[str, ...], told: str) -> None:
    run("agents", "add", "Liis", "--role", "lead")
    with pytest.raises(Exception, match=told):
        run("agents", *words)
