"""Every text that the code names is in the catalogue and written in every language, and every text is said; `make lint` asks too.

A name that no catalogue holds is found out only when somebody is owed an answer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from assistant.config import Controller
from assistant.domain.messages import MESSAGES, PAGES
from tests.meta.reading import ROOT, Module, called, modules

REPLIES = ROOT / "assistant/replies"
TEXTS = MESSAGES.keys() | PAGES.keys()
LANGUAGES = sorted(path.parent.name for path in REPLIES.glob("*/labels.toml"))
# Whatever says something; the first word among its arguments is the name of a text.
SAYING = {"say", "mail", "give_answer", "render", "page", "_page"}
# Have words of their own, which tests of their own hold: the pages of the demo and those of a package.
OWN_WORDS = ("assistant/demo/", "assistant/disclosure/")
# Begins the name of a text wherever it stands, but for these.
FAMILIES = re.compile(r"(answer|ask|chat|code|confirm|handover|mail|recipient|verified|withdraw)_[a-z_]+")
NO_TEXTS = {
    "ask_by",  # a field of the API
    "ask_services",  # an address of the console
    "chat_message",  # a function of casework/saying
    "chat_messages",  # a table of the sample company
    "chat_ws",  # said by `assistant demo --json`
    "mail_in",  # likewise
    "code_wrong",  # a kind of what was refused
    "mail_listen",  # of the demo's settings
    "recipient_to_tell",  # events of the audit
    "recipient_told",
}
NAME = re.compile(r"[a-z]+(_[a-z]+)+")


def named_in_calls(module: Module) -> Iterator[tuple[str, str]]:
    """Give what is named where something is said, and each line that glues a name together."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and called(node) in SAYING:
            first = next(
                (a for a in node.args if isinstance(a, ast.Constant | ast.IfExp | ast.JoinedStr)), None
            )
            for name in _texts_of(first):
                if name is None or NAME.fullmatch(name):
                    yield name or "glued together", module.at(node)


def _texts_of(node: ast.AST | None) -> Iterator[str | None]:
    if isinstance(node, ast.IfExp):
        yield from _texts_of(node.body)
        yield from _texts_of(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield None
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def named_beside_others(module: Module) -> Iterator[tuple[str, str]]:
    """Give what stands in a list or a table of names of texts: where two are texts, all are."""
    for node in ast.walk(module.tree):
        values = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", [])
        names = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
        if len(names) == len(values) and len(set(names) & MESSAGES.keys()) > 1:
            yield from ((name, module.at(node)) for name in names)


def named_by_family(module: Module) -> Iterator[tuple[str, str]]:
    """Give what is called as texts are: a handler names the question that is missing, a method the text that carries it."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and FAMILIES.fullmatch(node.value):
            yield node.value, module.at(node)


def unknown(checked: Iterable[Module]) -> list[str]:
    named = [
        each
        for module in checked
        for find in (named_in_calls, named_beside_others, named_by_family)
        for each in find(module)
    ]
    return sorted({f"{place}: {name}" for name, place in named if name not in TEXTS | NO_TEXTS})


def test_every_text_that_the_code_names_is_in_the_catalogue() -> None:
    speaking = [m for m in modules() if not m.name.startswith((*OWN_WORDS, "assistant/domain/messages.py"))]
    assert len(speaking) > 100
    assert unknown(speaking) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_catalogue_is_written_in_every_language(language: str) -> None:
    missing = [
        name for name in MESSAGES if not (REPLIES / language / f"{name}.txt").read_text("utf-8").strip()
    ]
    assert missing == []


def test_the_desk_speaks_the_languages_that_the_settings_offer() -> None:
    assert set(LANGUAGES) == {"en", "fr"}
    assert "en" in str(Controller.model_fields["languages"].annotation)


def test_every_text_of_the_catalogue_is_said_by_the_code() -> None:
    said = {
        node.value
        for module in modules()
        if module.name != "assistant/domain/messages.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
    }
    assert sorted(TEXTS - said) == []


@pytest.mark.parametrize(
    "code",
    [
        'self.say("ask_nothing_known")',
        'saying.mail(services, session, "never_written", to=address)',
        'give_answer(services, session, request, "answer_x" if held else "package_gone")',
        'def missing(details):\n  return "ask_rectification_twice"',
        'LETTERS = {"a": "answer_erasure", "b": "answer_restriction", "c": "erased_all"}',
        'texts.render(f"answer_{right}", language)',
    ],
)
def test_a_text_that_is_nowhere_is_found_out(code: str) -> None:
    assert unknown([Module(Path(ROOT, "assistant/x.py"), ast.parse(code))])


@pytest.mark.parametrize(
    "code",
    [
        'self.say("code_not_accepted", expects="code")',
        'record(services, session, ref, "desk", "suppression_undone")',
        'KINDS = ("email", "client_id", "phone")',
        'page(http_request, "verify")',
    ],
)
def test_the_rest_is_left_alone(code: str) -> None:
    assert unknown([Module(Path(ROOT, "assistant/x.py"), ast.parse(code))]) == []
