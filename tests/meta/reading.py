"""What the code really reads: attributes, words and names, each with the places where it does."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("assistant", "handlers", "intents")
_WORDS = re.compile(r"[A-Za-z_]\w*")
_FILLED = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
_TEMPLATES = {".html", ".txt", ".toml"}
_CHECKS = {"model_validator", "field_validator"}  # what only refuses a value does not use it


@dataclass(frozen=True)
class Module:
    """One parsed module of the product."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def dotted(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    @cached_property
    def lines(self) -> frozenset[int]:
        """Give the lines at which what stands in no class and no function begins."""
        return frozenset(statement.lineno for statement in self.tree.body)

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


@cache
def modules() -> tuple[Module, ...]:
    """Parse the product, but for the migrations: what they name is history."""
    paths = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
    return tuple(Module(p, ast.parse(p.read_bytes())) for p in paths if "migrations" not in p.parts)


def used_nodes(module: Module, without: Collection[str] = ()) -> Iterator[ast.AST]:
    """Walk through a module, past checks of values and the functions of these names."""
    waiting: list[ast.AST] = [module.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name in without or _only_checks(node)
        ):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _only_checks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(called(d) in _CHECKS for d in function.decorator_list)


def called(node: ast.AST) -> str:
    """Name what is called, or decorates."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def attributes_read(module: Module, without: Collection[str] = ()) -> Mapping[str, list[str]]:
    """Give every attribute that is read, with the lines; a value that is set is not read."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for node in used_nodes(module, without):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            found[node.attr].append(module.at(node))
    return found


@cache
def constants() -> Mapping[str, list[str]]:
    """Give every text that stands in the code, docstrings left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                found[node.value].append(module.at(node))
    return found


@cache
def subscripts() -> frozenset[str]:
    """Give every text by which something is looked up."""
    return frozenset(
        node.slice.value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    )


@cache
def read_in_templates() -> frozenset[str]:
    """Give every name that a page or a text fills in: alone, or behind a dot."""
    paths = (p for package in PRODUCT for p in (ROOT / package).rglob("*") if p.suffix in _TEMPLATES)
    filled = (
        inner
        for path in paths
        if "examples" not in path.parts
        for inner in _FILLED.findall(path.read_text("utf-8"))
    )
    return frozenset(word for inner in filled for word in _WORDS.findall(inner))
