"""What is wrong with the map or the settings of a system reached by HTTP is said before anything runs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assistant.config import load_settings
from assistant.domain.http_map import HttpMap
from assistant.errors import ConfigurationError, NotFound
from assistant.opening import open_sources
from assistant.sources.http.blocks import block, names

DEMO = Path(__file__).parents[2] / "assistant" / "demo"
SETTINGS = """
catalogue_file = "{catalogue}"
[[sources]]
name = "payments"
kind = "http"
map = "stripe.toml"
{more}
"""


def settings(folder: Path, more: str, *, name: str = "stripe", text: str | None = None) -> Path:
    (folder / "stripe.toml").write_text(text or block(name), encoding="utf-8")
    config = folder / "config.toml"
    config.write_text(SETTINGS.format(catalogue=DEMO / "catalogue.toml", more=more), encoding="utf-8")
    return config


@pytest.mark.parametrize("name", names())
def test_ready_maps_fit_the_catalogue_of_the_demo_once_the_settings_are_complete(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    http_map = HttpMap.model_validate(tomllib.loads(block(name)))
    monkeypatch.setenv("A_SECRET", "x")
    values = ", ".join(f'{key} = "example"' for key in http_map.values)
    secrets = ", ".join(f'{key} = "A_SECRET"' for key in http_map.auth.secrets)
    config = settings(tmp_path, f"values = {{{values}}}\nsecrets = {{{secrets}}}", name=name)
    (source,) = open_sources(load_settings(config), None, None)  # type: ignore[arg-type] # no store needed
    assert source.kind == "http"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", r"sources\.payments\.secrets\.key: is missing; its map needs it"),
        ('secrets = {key = "K", kye = "K"}', r"secrets\.kye: its map knows no such name; did you mean 'key'"),
        ('secrets = {key = "K"}\nvalues = {app = "x"}', r"values\.app: its map knows no such name"),
        ('secrets = {key = "K"}\nurl = "ftp://x"', "must begin with http:// or https://"),
    ],
)
def test_settings_that_do_not_fit_the_map_are_refused_in_one_line(
    tmp_path: Path, more: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        load_settings(settings(tmp_path, more))
    assert "\n" not in refused.value.message


def test_categories_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    text = block("stripe").replace('category = "payment"', 'category = "paymant"')
    config = settings(tmp_path, 'secrets = {key = "K"}', text=text)
    with pytest.raises(ConfigurationError, match=r"paymant.*payment"):
        load_settings(config)


def test_an_empty_secret_and_an_open_line_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRIPE_KEY", raising=False)
    config = settings(tmp_path, 'secrets = {key = "STRIPE_KEY"}')
    with pytest.raises(ConfigurationError, match="STRIPE_KEY is empty"):
        open_sources(load_settings(config), None, None)  # type: ignore[arg-type]
    monkeypatch.setenv("STRIPE_KEY", "x")
    config = settings(tmp_path, 'secrets = {key = "STRIPE_KEY"}\nurl = "http://api.stripe.example"')
    with pytest.raises(ConfigurationError, match="must begin with https"):
        open_sources(load_settings(config), None, None)  # type: ignore[arg-type]


def test_a_block_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(NotFound, match="google-analytics, listmonk, mailchimp, onesignal, stripe"):
        block("strype")


FIND = {"email": {"path": "/people", "records": "data", "matches": "email"}}
TABLE: dict[str, Any] = {
    "name": "people",
    "find": FIND,
    "category": "contact",
    "purpose": "contract",
    "erase": {"method": "DELETE", "path": "/people/{record.id}"},
}


def http_map(**table: Any) -> dict[str, Any]:
    return {"address": "https://x.example", "tables": [{**TABLE, **table}]}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"erase": None}, "say how it is erased, or under which rule"),
        ({"find": {}}, "give find, or unread"),
        ({"find": {"email": {"path": "/people"}}}, "needs matches: a search may find strangers"),
        ({"find": {"parent": {"path": "/people"}}}, "records within others"),
        ({"within": "nobody", "find": {"parent": {"path": "/x"}}}, "no table before it"),
        ({"erase": {"method": "DELETE", "path": "/people/{id}"}}, r"\{id\} is unknown here"),
        ({"erase": {"method": "DELETE", "path": "/people/{new}"}}, r"\{new\} is unknown here"),
        ({"erase": {"method": "DELETE", "path": "/people/{record.id|upper}"}}, "there is no filter"),
        ({"erase": {"method": "DELETE", "path": "/people/{record.id"}}, "a brace stands alone"),
        ({"erase": {"method": "DELETE", "path": "people"}}, "pattern"),
        ({"erase": "with_parent"}, "hangs on no other record"),
        ({"restrict": {"path": "/x", "becomes": {}}}, "restrict and lift belong together"),
        ({"nmae": "x"}, "Extra inputs"),
        ({"erase": {"path": "/x", "json": {}, "form": {}}}, "exclude each other"),
        (
            {"find": {"email": FIND["email"] | {"paging": {"kind": "cursor", "parameter": "page"}}}},
            "needs cursor",
        ),
    ],
)
def test_a_map_that_cannot_work_says_why(table: dict[str, Any], said: str) -> None:
    HttpMap.model_validate(http_map())
    with pytest.raises(ValidationError, match=said):
        HttpMap.model_validate(http_map(**table))
