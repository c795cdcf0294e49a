"""Every command: `--config` before and after it, `--json` wherever it prints data, and one line for whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from assistant.cli import app

PRINT_NOTHING = {("serve",), ("mail-in",)}
NEED_NO_SETTINGS = {("demo",), ("sources", "draft"), ("sources", "block")}


def commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Go through every command there is, with the words that name it."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name), command


ALL = dict(commands())


def options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def run(*words: object, stdin: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


def test_every_command_that_prints_takes_json() -> None:
    assert {name for name, c in ALL.items() if "--json" not in options(c)} == PRINT_NOTHING


def test_every_command_that_reads_settings_takes_them_after_it() -> None:
    without = {name for name, command in ALL.items() if "--config" not in options(command)}
    assert without == NEED_NO_SETTINGS


@pytest.fixture
def words_for() -> dict[str, str]:
    """Give something for each argument and required option, so that only the settings can be wrong."""
    return {
        "file": "some.file",
        "ref": "PR-1",
        "action": "1",
        "name": "Nobody",
        "email": "someone@mail.example",
        "correction": "1",
        "session": "0" * 12,
        "token": "0" * 12,
        "received_at": "2026-11-24T09:30:00+02:00",
        "--plan": "0" * 64,
        "--reason": "none",
        "--role": "agent",
    }


@pytest.mark.parametrize("name", sorted(set(ALL) - NEED_NO_SETTINGS))
def test_settings_named_before_between_or_after_are_the_ones_read(
    name: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words_for: dict[str, str]
) -> None:
    """A file that is not there is refused by its name, wherever the option stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_TOKEN", "pd_nobody")
    (tmp_path / "some.file").write_text('{"text": "Hello", "labels": []}\n', "utf-8")
    asked: list[str] = ["--accept"] if name == ("train",) else []
    for parameter in ALL[name].params:
        if parameter.required:
            option = next((o for o in parameter.opts if o.startswith("--")), None)
            asked += [option, words_for[option]] if option else [words_for[parameter.name]]
    here = ["--config", "nowhere.toml"]
    places = [[*here, *name, *asked], [*name, *asked, *here]]
    if len(name) == 2:
        places.append([name[0], *here, name[1], *asked])
    for words in places:
        ended = run(*words, stdin="")
        told = f"{ended.output}{ended.exception!s}"
        assert "nowhere.toml: cannot be read" in told, (words, told)


def test_the_settings_named_last_are_read(tmp_path: Path) -> None:
    ended = run("--config", tmp_path / "one.toml", "doctor", "--config", tmp_path / "two.toml", "--json")
    assert "two.toml" in json.loads(ended.stdout)["text"]


def test_classify_takes_json_as_every_command_does() -> None:
    ended = run("classify", "--json", stdin="Please delete my data.\n")
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["intents"][0]["name"] == "erasure"


def test_json_is_one_object_a_line_and_nothing_else(tmp_path: Path) -> None:
    ended = run("sources", "block", "--json")
    assert {"name"} == {key for line in ended.stdout.splitlines() for key in json.loads(line)}
    drafted = json.loads(run("sources", "block", "stripe", "--json").stdout)
    assert drafted["map"].startswith("#")


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    for command in ("classify", "evaluate"):
        ended = run(command, tmp_path / "none.jsonl")
        assert "none.jsonl: cannot be read" in f"{ended.exception!s}", ended.exception
