"""What is wrong with a file of settings or a map, in one line that names the place as its reader wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

_NAMED_BY = ("name", "column", "to")  # how an entry of a list calls itself: a table, a contact, a link
_SECOND = "; or "  # a value may be one thing or another, and was neither
_Where = tuple[int | str, ...]


def one_line(error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any]) -> str:
    """Say the first mistake: the key with the names of tables and columns on the way, and what should stand there."""
    errors = error.errors(include_url=False)
    # A misspelt key is also a missing one; the spelling is what has to be mended.
    misspelt = next((e for e in errors if e["type"] == "extra_forbidden"), None)
    if misspelt:
        key = ".".join(_path(raw, misspelt["loc"])) or "the file"
        wrong = str(misspelt["loc"][-1])
        return f"{key}: unknown key{nearest(wrong, _keys_beside(model, misspelt['loc'])) or '.'}"
    # Of the forms that a value may have, the one that fits furthest is what was meant.
    first = max(
        (e for e in errors if _same_entry(e["loc"], errors[0]["loc"])), key=lambda e: _depth(raw, e["loc"])
    )
    path = _path(raw, first["loc"])
    told = [_said(e["msg"]) for e in errors if _path(raw, e["loc"]) == path]
    return f"{'.'.join(path) or 'the file'}: {_SECOND.join(dict.fromkeys(told))}."


def nearest(value: str, names: Iterable[str]) -> str:
    """Ask whether the closest of some names was meant; nothing where none is close."""
    close = difflib.get_close_matches(value, list(names), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def _same_entry(one: _Where, other: _Where) -> bool:
    """Tell whether two mistakes may be about one value: the forms of a value part behind a common beginning."""
    return one[:2] == other[:2]


def _steps(raw: Any, where: _Where) -> list[tuple[str, bool]]:
    """Walk into what was written: each step by its name, and whether it was there.

    What pydantic puts between, the name of the form that it tried, stands nowhere in the file and is left out.
    """
    steps = []
    for number, part in enumerate(where):
        if isinstance(part, int) and isinstance(raw, list) and part < len(raw):
            raw = raw[part]
            steps.append((_called(raw, part), True))
        elif isinstance(raw, Mapping) and part in raw:
            raw = raw[part]
            steps.append((str(part), True))
        elif number == len(where) - 1 and isinstance(raw, Mapping) and str(part).isidentifier():
            steps.append((str(part), False))  # what is missing
    return steps


def _called(entry: Any, number: int) -> str:
    names = (entry.get(key) for key in _NAMED_BY) if isinstance(entry, Mapping) else ()
    return next((name for name in names if isinstance(name, str) and name), f"#{number + 1}")


def _path(raw: Mapping[str, Any], where: _Where) -> list[str]:
    return [name for name, _ in _steps(raw, where)]


def _depth(raw: Mapping[str, Any], where: _Where) -> int:
    return len(_steps(raw, where))


def _keys_beside(model: type[BaseModel], where: _Where) -> list[str]:
    for part in where[:-1]:
        field = next((f for name, f in model.model_fields.items() if part in {name, f.alias}), None)
        inner = _model_of(field.annotation) if field else None
        model = inner or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in getattr(annotation, "__args__", ()) if (m := _model_of(a))), None)
