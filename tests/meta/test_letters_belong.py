"""Every call that writes a letter says to which request or talk it belongs, before any desk runs."""

from __future__ import annotations

import ast
from pathlib import Path

CASEWORK = Path(__file__).parents[2] / "assistant"
OWNERS = {"ref", "conversation_id"}


def _letters(path: Path) -> list[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return [call for call in calls if _writes_a_letter(call.func)]


def _writes_a_letter(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr == "mail" and isinstance(called.value, ast.Name) and called.value.id == "saying"
    return isinstance(called, ast.Name) and called.id == "Letter"


def test_every_letter_is_written_with_its_owner() -> None:
    paths = [
        path for path in CASEWORK.rglob("*.py") if "channels" not in path.parts
    ]  # theirs are mails, handed over
    found = {path: _letters(path) for path in paths}
    orphans = [
        f"{path.name}:{call.lineno}"
        for path, calls in found.items()
        for call in calls
        if not OWNERS & {keyword.arg for keyword in call.keywords}
    ]
    assert sum(len(calls) for calls in found.values()) > 15
    assert orphans == []


# Who writes into the outbox without asking for room: what was proved, what a person said, and what is ours.
UNLIMITED = {"flood.py", "outbox.py", "transferring.py", "unseen.py", "utterances.py"}


def test_few_places_write_letters_past_the_limits_of_a_mailbox() -> None:
    found = {
        path.name
        for path in CASEWORK.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name) and node.id == "queue_outgoing" and isinstance(node.ctx, ast.Load)
    }
    assert found == UNLIMITED
