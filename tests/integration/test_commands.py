"""Every command: `--config` before and after it, `--json` wherever it prints data, and one line for whatever is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from assistant import local
from assistant.app import assemble, lock_folder
from assistant.asking import run_command
from assistant.cli import app
from assistant.config import load_settings
from assistant.demo.run import DemoOptions, run_demo
from assistant.demo.settings import data_of, lay_out
from assistant.errors import AssistantError, ConfigurationError

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


WRONG: dict[tuple[str, ...], str] = {
    ("demo", "--port", "99999"): "65535",
    ("demo", "--mail-port", "99999"): "65535",
    ("demo", "--dir", "{file}"): "is a file",
    ("evaluate", "{file}"): "line 1",
    ("requests", "list", "--status", "nonsense"): "lapsed",
    ("requests", "list", "--right", "nonsense"): "erasure",
    ("sources", "locate", "not an address"): "is no e-mail address",
    ("sources", "locate", ""): "is no e-mail address",
    ("audit", "export", "--from", "2026-12-01", "--to", "2026-01-01"): "swap them",
    ("agents", "add", "Nobody\tElse", "--role", "agent"): "that can be seen",
    ("agents", "add", "Nobody", "--role", "agent", "--email", "notmail"): "This is no e-mail address",
    ("agents", "tokens", "Nobody"): "There is no agent Nobody",
    ("agents", "sessions", "Nobody"): "There is no agent Nobody",
}


@pytest.fixture(scope="module")
def a_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the settings of a desk that was started once and is not running."""
    folder = tmp_path_factory.mktemp("desk")
    demo = lay_out(folder, port=0, mail_port=0, today=date(2026, 11, 24))
    assemble(load_settings(demo.settings_file)).services.store.close()
    return demo.settings_file


@pytest.mark.parametrize("words", sorted(WRONG), ids=" ".join)
def test_what_a_command_cannot_mean_is_told_in_one_line(
    words: tuple[str, ...], tmp_path: Path, a_desk: Path
) -> None:
    """An empty list would read as *there is nothing*, a traceback as a fault of the desk."""
    file = tmp_path / "some.file"
    file.write_text("not a row\n", "utf-8")
    asked = [word.replace("{file}", str(file)) for word in words]
    ended = run("--config", a_desk, *asked)
    assert ended.stdout == ""
    assert ended.exit_code == 2 or isinstance(ended.exception, AssistantError), ended.exception
    assert WRONG[words] in " ".join(f"{ended.stderr} {ended.exception}".replace("│", " ").split())


@pytest.mark.parametrize("where", ["argument", "token"])
def test_bytes_that_are_no_text_are_refused_by_name_and_blamed_on_no_desk(where: str, a_desk: Path) -> None:
    strange = b"\xff\xfe"
    token = strange if where == "token" else b"pd_nobody"
    name = strange if where == "argument" else b"nope"
    ended = subprocess.run(
        [sys.executable, b"-m", b"assistant", b"queue", b"reject", name, b"--reason", b"", b"--config", bytes(a_desk)],
        capture_output=True, check=False, timeout=60, env={**os.environb, b"ASSISTANT_TOKEN": token},
    )  # fmt: skip
    assert ended.returncode == 2
    assert b"is not valid UTF-8" in ended.stderr


async def test_a_command_at_which_the_desk_fails_says_so_and_not_that_the_desk_ended(
    a_desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(a_desk)
    assembly = assemble(settings)
    monkeypatch.setattr(local, "COMMANDS", {"agents-list": lambda *_: 1 / 0})
    async with local.socket_of(assembly):
        with pytest.raises(AssistantError, match="its log says where"):
            await run_command(settings, "agents-list", {})
    assembly.services.store.close()


def test_the_folder_of_a_running_demo_is_left_as_it_is(a_desk: Path) -> None:
    lock = lock_folder(data_of(a_desk.parent))
    before = a_desk.read_bytes()
    try:
        with pytest.raises(ConfigurationError, match="another desk is running"):
            asyncio.run(run_demo(DemoOptions(a_desk.parent, 0, 0, None, hold=True, as_json=True), print))
    finally:
        os.close(lock)
    assert a_desk.read_bytes() == before
