"""The page that shows the way of a message names what is there: each function in its file, and each step leads to the next."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_PAGE: Final = (_ROOT / "CONTRIBUTING.md").read_text().split("## The way of a message")[1].split("\n## ")[0]
_STEPS: Final = re.findall(r"^\d+\. `([\w/.]+)` `(\w+)`: .+$", _PAGE, re.MULTILINE)
_LINES: Final = 10
# Which file calls a step: the one before it, unless the desk or the taking of a message stands between.
_CALLED_IN: Final = {
    "receive": "assistant/channels/webchat/socket.py",
    "read": "assistant/conversation/desk.py",
    "prepare_and_write": "assistant/conversation/desk.py",
    "store_incoming": "assistant/conversation/desk.py",
    "look": "assistant/conversation/taking.py",
    "decide": "assistant/conversation/taking.py",
    "carry_out": "assistant/conversation/taking.py",
    "say": "assistant/casework/talk/opening.py",
    "publish": "assistant/services.py",
}


def test_the_way_has_ten_steps() -> None:
    assert len(_STEPS) == _LINES


@pytest.mark.parametrize(("file", "function"), _STEPS)
def test_each_step_is_a_function_of_its_file(file: str, function: str) -> None:
    tree = ast.parse((_ROOT / file).read_text())
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert function in defined


@pytest.mark.parametrize("function", [function for _, function in _STEPS[1:]])
def test_each_step_is_called_on_the_way(function: str) -> None:
    tree = ast.parse((_ROOT / _CALLED_IN[function]).read_text())
    called = {
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
    }
    assert function in called
