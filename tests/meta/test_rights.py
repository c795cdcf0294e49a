"""A handler owns its right: nowhere else does code name one right to do something else for it, but where the list below says why.

Rights are named by handlers, by `domain/rights.py` (facts of the law, for what lies below the handlers) and by
`intents`, whose subject is which right a message means. Whoever needs to know asks the handler, or a fact by its name.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from assistant.domain.rights import Right
from tests.meta.reading import ROOT, Module, modules

OWNERS = ("handlers/", "intents/", "assistant/domain/rights.py")
# How often a file or folder outside names a right, and why. A number only ever falls; at nought its line goes.
EXCEPTIONS: Mapping[str, tuple[int, str]] = {}

_MEMBERS = frozenset(right.name for right in Right)
_NAMES = frozenset(map(str, Right))
_ONE_OF_THEM = "|".join(sorted(_NAMES))
# What a page or a text decides: a name in a condition. What it only says, or sends, is no decision.
_DECIDED = re.compile(rf"""\{{[%{{][^%}}]*["'](?:{_ONE_OF_THEM})["'][^%}}]*[%}}]\}}""")
_COMPARED = re.compile(rf"""[!=]==?\s*["'](?:{_ONE_OF_THEM})["']|case\s+["'](?:{_ONE_OF_THEM})["']""")
_WRITTEN = {".html": _DECIDED, ".txt": _DECIDED, ".js": _COMPARED}


def named_in(tree: ast.AST) -> Iterator[ast.AST]:
    """Give where code names one right: by its member, or by the word for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in _MEMBERS and isinstance(node.value, ast.Name) and node.value.id == "Right":
                yield node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in _NAMES:
            yield node


def named_in_text(kind: str, text: str) -> list[str]:
    """Give where a page, a text or a script decides by one right."""
    return _WRITTEN[kind].findall(text)


def _places() -> Iterator[str]:
    for module in modules():
        yield from (module.name for _ in named_in(module.tree))
    for path in sorted((ROOT / "assistant").rglob("*")):
        if path.suffix in _WRITTEN:
            found = named_in_text(path.suffix, path.read_text("utf-8"))
            yield from (str(path.relative_to(ROOT)) for _ in found)


def _entry_of(place: str) -> str:
    return next((each for each in EXCEPTIONS if place == each or place.startswith(f"{each}/")), place)


def test_only_a_handler_does_something_else_for_its_right() -> None:
    found = Counter(_entry_of(place) for place in _places() if not place.startswith(OWNERS))
    allowed = {name: most for name, (most, _) in EXCEPTIONS.items()}
    assert {name: n for name, n in found.items() if n > allowed.get(name, 0)} == {}, "ask the handler instead"
    assert [name for name in EXCEPTIONS if not found[name]] == [], "no longer needed"
    too_many = [name for name, most in allowed.items() if found[name] < most]
    assert too_many == [], "fewer by now: lower the number"


def test_every_exception_says_why() -> None:
    assert [name for name, (_, why) in EXCEPTIONS.items() if len(why.split()) < 5] == []


@pytest.mark.parametrize(
    "code",
    [
        "request.right == Right.ERASURE",
        "request.right in {Right.ACCESS}",
        'request.right == "objection"',
        'LETTERS = {"access": letter}',
        "LETTERS[Right.ACCESS]",
        'match request.right:\n  case "complaint":\n    pass',
        "if right is not Right.RECTIFICATION:\n  pass",
    ],
)
def test_whoever_names_a_right_is_found_out(code: str) -> None:
    assert list(named_in(ast.parse(code)))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (".txt", '{% if request.right == "objection" %}'),
        (".html", "{{ say('a' if kind == 'access' else 'b') }}"),
        (".js", 'if (right === "erasure") {'),
        (".js", "switch (right) { case 'erasure': }"),
    ],
)
def test_whatever_decides_in_a_text_is_found_out(kind: str, text: str) -> None:
    assert named_in_text(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (".txt", "Our answer to your request for erasure ({{ requests | refs }})"),
        (".html", '<button data-starter="erasure">{{ t("starter") }}</button>'),
        (".js", 'send({right: "erasure"})'),
    ],
)
def test_what_only_says_a_right_is_left_alone(kind: str, text: str) -> None:
    assert named_in_text(kind, text) == []


def test_a_fact_of_the_law_may_be_asked_by_its_name() -> None:
    module = Module(Path(ROOT, "assistant/x.py"), ast.parse("request.right in IRREVERSIBLE"))
    assert list(named_in(module.tree)) == []
