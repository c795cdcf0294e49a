"""What the first screen of the README shows is what happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from assistant.domain.lifecycle import LIVES, diagram
from tests.doubles.desk_process import Chat, DeskProcess

pytestmark = pytest.mark.xdist_group("readme")

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
# What differs from one run to the next.
_VARIES = (
    (r"PR-\w{8}", r"PR-\w{8}"),
    (r"\d{1,2} [A-Z][a-z]+ 20\d\d", r"\d{1,2} [A-Z][a-z]+ 20\d\d"),
    (r"\d\d:\d\d", r"\d\d:\d\d"),
    ("…", r"[\s\S]*"),
)
_MARK = re.compile("|".join(f"(?P<v{at}>{found})" for at, (found, _) in enumerate(_VARIES)))


def _block(kind: str) -> str:
    found = re.search(rf"(?ms)^```{kind}\n(.*?)\n```$", README)
    assert found, kind
    return found[1]


def _pattern(line: str) -> re.Pattern[str]:
    """Make a pattern of a line: references, dates and times may differ, and … stands for anything."""
    parts, at = [], 0
    for mark in _MARK.finditer(line):
        between = line[at : mark.start()]
        parts += [
            re.escape(between.strip() if "…" in line else between),
            _VARIES[int(str(mark.lastgroup)[1:])][1],
        ]
        at = mark.end()
    return re.compile(r"\s*".join([*parts, re.escape(line[at:].strip())]))


def _holds(pattern: re.Pattern[str]) -> Callable[[dict[str, Any]], bool]:
    def holds(message: dict[str, Any]) -> bool:
        return pattern.fullmatch(message["text"].strip()) is not None

    return holds


async def _say(desk: DeskProcess, chat: Chat, text: str, address: str) -> str:
    is_code = re.fullmatch(r"\d{8}", text)
    await chat.say(await desk.code(address) if is_code else text)
    return text if "@" in text else address


@pytest.mark.asyncio(loop_scope="module")
async def test_the_transcript_is_what_happens(desk: DeskProcess) -> None:
    lines = [tuple(line.split(maxsplit=1)) for line in _block("transcript").splitlines()]
    ref = address = ""
    heard = 0
    async with desk.chat("en") as chat:
        for who, text in lines:
            match who:
                case "desk":
                    pattern = _pattern(text)
                    message = await chat.until(_holds(pattern), text)
                    ref = message["requests"][0]["ref"] if message["requests"] else ref
                    heard += 1
                case "agent":
                    assert text == "approves the plan"
                    await desk.approve(ref)
                case "clock":
                    assert (await desk.request(ref))["status"] == "scheduled"
                    await desk.forward(text)
                case _:
                    assert any(s["name"].startswith(who) for s in desk.facts["subjects"])
                    address = await _say(desk, chat, text, address)
        assert heard >= 5
        assert (await desk.request(ref))["status"] == "answered"


def test_the_diagrams_are_drawn_from_the_table() -> None:
    drawn = re.findall(r"(?ms)^```mermaid\n(.*?)\n```$", README)
    assert drawn == [diagram(life) for life in LIVES]


def test_the_commands_of_the_first_screen_are_targets_of_make() -> None:
    named = re.findall(r"(?m)^make (\w+)", _block("sh"))

    assert named == ["demo", "test"]
    for target in named:
        assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text("utf-8"))


def test_every_file_and_command_that_is_named_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target
    for command in set(re.findall(r"`assistant ([a-z][a-z -]*[a-z])", README)):
        words = [word for word in command.split() if not word.startswith("-")]
        assert _help_of(words) == 0, command


def _help_of(words: list[str]) -> int:
    """Ask the command for its help; nought means that there is such a command."""
    return CliRunner().invoke(app, [*words, "--help"]).exit_code


def test_the_picture_is_small_enough_for_a_first_screen() -> None:
    assert (ROOT / "docs" / "console.png").stat().st_size < 300_000
