"""Whatever is wrong with the settings stops `assistant serve` with one line that names the file, the key and the mend."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from assistant.app import take_lock
from assistant.cli import main
from assistant.config import load_settings
from assistant.demo.settings import lay_out

ASSISTANT = str(Path(sys.executable).with_name("assistant"))


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, made once."""
    folder = tmp_path_factory.mktemp("settings") / "desk"
    return lay_out(folder, port=0, mail_port=0, today=date(2026, 11, 24)).settings_file


@pytest.fixture
def config(laid_out: Path, tmp_path: Path) -> Path:
    """Settings of the sample company, right in every point, and a data folder of their own."""
    own = tmp_path / "config.toml"
    text = laid_out.read_text("utf-8")
    own.write_text(text.replace(str(laid_out.parent / "data"), str(tmp_path / "data")), "utf-8")
    return own


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    returncode: int | str | None
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run the command as the program does; it must end by itself."""

    def run(config: Path, *command: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["assistant", *command, "--config", str(config)])
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the program hooks in one of its own
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def refusal(run: Callable[..., Ended]) -> Callable[[Path], str]:
    """Give the one line with which the desk refuses to start."""
    return lambda config: line_of(run(config, "serve"))


def line_of(ended: Ended) -> str:
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return lines[0]


def test_a_process_that_is_refused_says_so_in_one_line(tmp_path: Path) -> None:
    """The others run in this process, where nothing is loaded anew."""
    file = str(tmp_path / "none.toml")
    command = [ASSISTANT, "serve", "--config", file]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert file in line_of(Ended(ended.returncode, ended.stdout, ended.stderr))


WRONG = {
    "an unknown key": (
        'timezone = "Europe/Tallinn"',
        'time_zone = "Europe/Tallinn"',
        ["controller.time_zone", "unknown key", "'timezone'"],
    ),
    "an unknown section": ("[approvals]", "[aprovals]", ["aprovals", "unknown key", "'approvals'"]),
    "a wrong type": ("[server]", "[server]\nhost = 7\n", ["server.host", "string"]),
    "a port that is none": (r"re:^port = .*$", "port = 70000", ["server.port", "65535"]),
    "a web address that is none": (
        r"re:^privacy_url = .*$",
        'privacy_url = "example.test/privacy"',
        ["controller.privacy_url", "https://"],
    ),
    "a database address that is none": (
        "[server]",
        '[server]\ndatabase_url = "not an address"',
        ["server.database_url", "sqlite:///"],
    ),
    "a time zone nobody knows": (
        'timezone = "Europe/Tallinn"',
        'timezone = "Europe/Talinn"',
        ["controller.timezone", "Europe/Talinn", "Europe/Tallinn"],
    ),
    "no name of the controller": (r"re:^name = .*Kuusik.*$", 'name = ""', ["controller.name", "is required"]),
    "no TOML": ("[server]", "[server", ["is not TOML", "line"]),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_a_mistake_stops_the_start_with_one_line_that_names_it(
    config: Path, refusal: Callable[[Path], str], wrong: str
) -> None:
    old, new, named = WRONG[wrong]
    pattern = old.removeprefix("re:") if old.startswith("re:") else re.escape(old)
    text, changed = re.subn(pattern, lambda _: new, config.read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert changed
    config.write_text(text, "utf-8")

    line = refusal(config)

    assert str(config) in line
    for words in named:
        assert words in line


def test_a_secret_that_is_missing_is_named_with_its_variable(
    config: Path, refusal: Callable[[Path], str]
) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[telegram]\ntoken_env = "A_TOKEN_NOBODY_SET"\n')

    line = refusal(config)

    assert "telegram.token_env" in line
    assert "A_TOKEN_NOBODY_SET" in line


def test_a_map_that_names_no_table_of_the_source_is_told_with_the_nearest_one(
    config: Path, run: Callable[..., Ended]
) -> None:
    text = config.read_text("utf-8")
    (found,) = re.findall(r'^map = "(.*client-area\.toml)"$', text, re.MULTILINE)
    own = config.with_name("map.toml")
    own.write_text(Path(found).read_text("utf-8").replace('"invoices"', '"invoises"'), "utf-8")
    config.write_text(text.replace(found, str(own)), "utf-8")

    ended = run(config, "sources", "check")

    assert ended.returncode == 1, ended.stderr
    assert "invoises" in ended.stdout
    assert "invoices" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_named(config: Path, refusal: Callable[[Path], str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = re.sub(
            r"^port = .*$", f"port = {port}", config.read_text("utf-8"), count=1, flags=re.MULTILINE
        )
        config.write_text(text, "utf-8")

        line = refusal(config)

    assert "server.port" in line
    assert str(port) in line


def test_a_second_desk_on_the_same_database_is_refused(config: Path, refusal: Callable[[Path], str]) -> None:
    settings = load_settings(config)
    lock = take_lock(settings)
    assert lock is not None

    line = refusal(config)
    os.close(lock)

    assert str(settings.server.data_dir) in line
    assert "another desk is running" in line
