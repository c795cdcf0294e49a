"""Nothing is declared that nobody reads: settings, maps, columns, law, labels, functions; each use is named by its place.

Whoever greps for a word of the settings or of a table must find what it does, not a promise.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import SQLModel

from assistant.config import Catalogue, Settings
from assistant.domain.data_map import DataMap
from assistant.domain.http_map import HttpMap
from assistant.domain.manual_map import ManualMap
from assistant.domain.rights import Right
from assistant.store import tables
from tests.meta.reading import (
    ROOT,
    Module,
    attributes_read,
    constants,
    modules,
    read_in_templates,
    subscripts,
    used_nodes,
)

MAPS = {f"assistant/domain/{name}_map.py" for name in ("data", "http", "manual")}
# Lists the columns that a map names, to see whether they are there: that is no use of them.
LISTS = {"named_columns"}
LANGUAGES = ("en", "fr")
# Rows of these are handed whole to a text, which reads them by name.
HANDED_WHOLE = {"Authority"}
# Functions that nothing of ours calls, and who does.
CALLED_BY_OTHERS = {
    "emit": "the standard library's logging",
    "smtp_DATA": "aiosmtpd",
    "fold": "the standard library's policy of mail",
    "handle_MAIL": "aiosmtpd",
    "handle_RCPT": "aiosmtpd",
    "handle_DATA": "aiosmtpd",
    "handle_exception": "aiosmtpd",
    "connection_made": "asyncio",
    "connection_lost": "asyncio",
    "handle_error": "aiohttp",
    "log_exception": "aiohttp",
    "process_bind_param": "SQLAlchemy",
    "process_result_value": "SQLAlchemy",
    "do_GET": "the standard library's server",
    "variables": "a test holds each text against the catalogue",
    "diagram": "a test holds the diagrams of the README against the tables",
    "run_all": "tests let time pass",
    "with_parts": "tests put a part of their own in its place",
    "evaluate": "tests measure the reader",
}


@cache
def reads() -> Mapping[str, list[str]]:
    """Give every attribute that is read outside of the maps themselves, with its places."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        if module.name not in MAPS:
            for name, places in attributes_read(module, LISTS).items():
                found[name] += places
    return found


def models_in(*roots: type[BaseModel]) -> list[type[BaseModel]]:
    """List the models, and those that they hold."""
    found: dict[type[BaseModel], None] = {}
    waiting = list(roots)
    while waiting:
        model = waiting.pop()
        if model not in found:
            found[model] = None
            waiting += [m for f in model.model_fields.values() for m in _models_of(f.annotation)]
    return list(found)


def _models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_of(argument)


def where_read(model: str, key: str) -> list[str]:
    """Name the code that uses a key: by attribute, by language, or whole in a text."""
    if places := reads().get(key):
        return places
    if key in LANGUAGES:
        return reads()["own"]
    stem, _, language = key.rpartition("_")
    if language in LANGUAGES and stem in constants():
        return constants()[stem]
    if model == "Verification" and key in set(Right):
        return reads().get("needed", [])  # asked by the name of the right
    if model in HANDED_WHOLE and key in read_in_templates():
        return ["a text"]
    return []


KEYS = [
    (model.__name__, key)
    for model in models_in(Settings, Catalogue, DataMap, HttpMap, ManualMap)
    for key in model.model_fields
]


@pytest.mark.parametrize(("model", "key"), KEYS, ids=[f"{model}.{key}" for model, key in KEYS])
def test_every_key_of_the_settings_and_of_the_maps_is_used(model: str, key: str) -> None:
    assert where_read(model, key), f"{model}.{key}: no code reads it; make it true or remove it"


COLUMNS = [
    (table.__name__, column)
    for table in vars(tables).values()
    if isinstance(table, type) and issubclass(table, SQLModel) and table is not SQLModel
    for column, field in table.model_fields.items()
    if getattr(field, "primary_key", False) is not True  # by which its rows are found
]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{t}.{c}" for t, c in COLUMNS])
def test_every_column_is_read(table: str, column: str) -> None:
    shown = column in read_in_templates()
    assert reads().get(column) or shown, f"{table}.{column}: is only written; read it or drop it"


# ── the law ─────────────────────────────────────────────────────────────────────────────────────────

LAW = ROOT / "assistant/domain/law"
NOTES = {"certainty"}  # for whoever edits the data; a test holds its values


def fields_of_law() -> Iterator[tuple[str, str]]:
    for file in sorted(LAW.glob("*.toml")):
        waiting = [tomllib.loads(file.read_text("utf-8"))]
        while waiting:
            for key, value in waiting.pop().items():
                if isinstance(value, dict):
                    waiting.append(value)
                else:
                    yield file.stem, key


@pytest.mark.parametrize(("file", "field"), sorted(set(fields_of_law())))
def test_every_field_of_the_law_is_read(file: str, field: str) -> None:
    assert {field} & (reads().keys() | subscripts() | NOTES), f"{file}.toml: {field} is read by nothing"


# ── what is defined ─────────────────────────────────────────────────────────────────────────────────


def named_anywhere() -> set[str]:
    """Give every name the product uses: called, passed on, in a text or a page, or by a decorator that registers it."""
    names = set(constants()) | set(read_in_templates())
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                names.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                names |= {alias.name for alias in node.names if alias.asname not in {None, alias.name}}
    return names


def taken_from() -> set[tuple[str, str]]:
    """Give what is read of each module: in it by its name, elsewhere by an import of it or behind that of its module."""
    found = set()
    for module in modules():
        ours: dict[str, str] = {}  # the name of a module here, and its own
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                ours |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
                found |= {(str(node.module), alias.name) for alias in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.add((module.dotted, node.id))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add((ours.get(node.value.id, ""), node.attr))
    return found


REGISTERING = re.compile(
    r"validator|command|callback|hook|middleware|listens_for|singledispatch|register|setter|factory"
)


def defined(module: Module) -> Iterator[tuple[str, int]]:
    for node in used_nodes(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            registered = any(REGISTERING.search(ast.unparse(d)) for d in node.decorator_list)
            if not registered and not node.name.startswith("__"):
                yield node.name, node.lineno
    for statement in module.tree.body:
        targets = (
            statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        )
        for target in targets:
            if isinstance(target, ast.Name) and not target.id.startswith("__"):
                yield target.id, statement.lineno


def test_every_function_class_and_constant_is_used_by_the_product_itself() -> None:
    used, taken = named_anywhere() | CALLED_BY_OTHERS.keys(), taken_from()
    idle = [
        f"{module.name}:{line} {name}"
        for module in modules()
        for name, line in defined(module)
        if name not in used
        or (line in module.lines and (module.dotted, name) not in taken and name not in CALLED_BY_OTHERS)
    ]
    assert idle == []


def test_what_others_are_said_to_call_is_there() -> None:
    names = {name for module in modules() for name, _ in defined(module)}
    assert CALLED_BY_OTHERS.keys() - names <= {"do_GET"}


# ── labels ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_of_labels_is_asked_for(language: str) -> None:
    labels = tomllib.loads((ROOT / f"assistant/replies/{language}/labels.toml").read_text("utf-8"))
    asked = constants().keys() | read_in_templates()
    assert [table for table in labels if table not in asked] == []
    named = constants().keys() | reads().keys()
    for table in ("channels", "by_channel", "buttons"):  # of these the desk itself gives every name
        assert [name for name in labels[table] if name not in named] == [], table


@pytest.mark.parametrize(
    ("code", "reads_it"),
    [
        ("settings.periods.hold_hours", True),
        ("settings.periods.hold_hours = 3", False),
        ("@field_validator('x')\ndef f(cls, value):\n  return value.hold_hours", False),
        ("def named_columns(t):\n  return t.hold_hours", False),
    ],
)
def test_the_index_knows_a_use_from_a_mention(code: str, *, reads_it: bool) -> None:
    module = Module(ROOT / "assistant/x.py", ast.parse(code))
    assert ("hold_hours" in attributes_read(module, LISTS)) is reads_it
