from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from assistant.config import Settings, load_settings, require_complete
from assistant.domain.manual_map import ManualMap
from assistant.errors import ConfigurationError

SHIPPED = Path(__file__).parents[2] / "config.toml"
_FREE = {
    "sources.values",
    "sources.secrets",
    "controller.clauses",
}  # map and topics say which names they take
_ELSEWHERE = {"catalogue", "maps", "file"}  # read from files of their own, never from config.toml


def _keys_of(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if before or name not in _ELSEWHERE:
            inner = _model_in(field.annotation)
            key = f"{before}{field.alias or name}"
            yield from _keys_of(inner, f"{key}.") if inner else [key]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in getattr(annotation, "__args__", ()) if (m := _model_in(a))), None)


def _keys_in(raw: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in raw.items():
        tables = [row for row in (value if isinstance(value, list) else [value]) if isinstance(row, dict)]
        for table in () if f"{before}{name}" in _FREE else tables:
            yield from _keys_in(table, f"{before}{name}.")
        if not tables or f"{before}{name}" in _FREE:
            yield f"{before}{name}"


def _with_examples() -> dict[str, Any]:
    """Read the file as an operator would leave it who takes every # away."""
    text = SHIPPED.read_text("utf-8").replace("authorities = []", "", 1)
    return tomllib.loads(re.sub(r'(?m)^#(?=[\w\["])', "", text))


def test_every_key_of_the_settings_stands_in_the_shipped_file_and_no_other() -> None:
    assert set(_keys_in(_with_examples())) == set(_keys_of(Settings))


def test_every_example_in_the_shipped_file_is_accepted() -> None:
    settings = Settings.model_validate(_with_examples())

    assert settings.email.imap is not None
    assert settings.email.smtp is not None
    assert [source.kind for source in settings.sources] == ["sql", "http", "manual", "own_records"]


def test_what_the_shipped_file_sets_is_the_default_except_for_its_own_records() -> None:
    shipped = Settings.model_validate(tomllib.loads(SHIPPED.read_text("utf-8")))

    assert shipped.model_copy(update={"sources": ()}) == Settings()


def test_the_shipped_file_loads_but_names_nobody() -> None:
    settings = load_settings(SHIPPED)

    with pytest.raises(ConfigurationError, match=r"controller\.name: is required and empty"):
        require_complete(settings)


def test_serve_refuses_the_shipped_file_in_one_line() -> None:
    assistant = Path(sys.executable).with_name("assistant")

    done = subprocess.run(
        [assistant, "serve", "--config", SHIPPED], capture_output=True, check=False, text=True, timeout=60
    )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{SHIPPED}: controller.name:" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[controller]\nnmae = 'x'", "controller.nmae: unknown key; did you mean 'name'?"),
        ("[contoller]\nname = 'x'", "contoller: unknown key; did you mean 'controller'?"),
        ("[email.imap]\nhots = 'x'", "email.imap.hots: unknown key; did you mean 'host'?"),
        ("[webchat.identify]\nisuer = 'x'", "webchat.identify.isuer: unknown key; did you mean 'issuer'?"),
        ("[server]\nport = 'many'", "server.port: "),
        ("[server]\nport = 70000", "server.port: "),
        ("[verification]\naccess = 'T9'", "verification.access: "),
        (
            "[controller]\ntimezone = 'Europe/Talinn'",
            "controller.timezone: there is no time zone 'Europe/Talinn'",
        ),
        ("[controller]\ntimezone = '../etc/passwd'", "controller.timezone: there is no time zone"),
        ("[controller]\nholiday_country = 'Estonia'", "controller.holiday_country: must be a country code"),
        ("[controller]\nholiday_country = 'ZZ'", "controller.holiday_country: "),
        ("[controller]\nfinancial_year_ends = '31-12'", "controller.financial_year_ends: '31-12' is no day"),
        (
            "[controller]\nfinancial_year_ends = 'December'",
            "controller.financial_year_ends: 'December' is no day",
        ),
        ("[controller]\ncontact_email = 'privacy'", "controller.contact_email: must be an e-mail address"),
        ("[controller]\nclauses = { retension = '5.4' }", "controller.clauses.retension"),
        ("[controller]\nclauses = { retention = 'five' }", "controller.clauses.retention: "),
        ("[controller]\nautomated_decisions = { en = 1 }", "controller.automated_decisions.en: "),
        (
            "[controller]\nauthorities = [{ name = 'x', adress = 'y' }]",
            "controller.authorities.x.adress: unknown key",
        ),
        ("[support]\nforward_to = 'support'", "support.forward_to: must be an e-mail address"),
        ("[periods]\nbackup_days = -1", "periods.backup_days: "),
        (
            "[server]\npublic_url = 'desk.example.test'",
            "server.public_url: must begin with http:// or https://",
        ),
        ("[server]\ndatabase_url = 'desk.db'", "server.database_url: is not an address of a database"),
        (
            "[[sources]]\nname = 'one'\nkind = 'own_records'\n[[sources]]\nname = 'one'\nkind = 'own_records'",
            "two sources have the same name",
        ),
        ("[[sources]]\nname = 'one'\nkind = 'sql'", "sources.one.map: is missing"),
        ("[maps]\nx = 1", "maps: unknown key"),
        ("[controller", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)

    assert caught.value.message.startswith(f"{file}: ")
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_there_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--config"):
        load_settings(tmp_path / "config.toml")


def test_the_map_by_hand_of_the_readme_is_one() -> None:
    readme = (SHIPPED.parent / "README.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(# paper-archive\.toml\n.*?)```", readme, re.DOTALL)

    mapped = ManualMap.model_validate(tomllib.loads(text))

    assert mapped.agent == "Tiina"
