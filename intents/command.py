"""What the command line asks of this package, as functions of lines and paths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from intents.reader import Reader


def _text_of(line: str) -> str:
    if line.lstrip().startswith("{"):
        try:
            row = json.loads(line)
        except ValueError:
            return line
        if isinstance(row, dict) and isinstance(row.get("text"), str):
            return str(row["text"])
    return line


def cli_classify(lines: Iterable[str], directory: Path | None = None) -> Iterator[dict[str, Any]]:
    """Read one message a line, bare or as a JSON object with `text`; empty lines are passed over."""
    reader = Reader.load(directory)
    for line in lines:
        if line.strip():
            yield reader.read(_text_of(line.rstrip("\r\n"))).as_dict()


def cli_evaluate(path: str | Path, directory: Path | None = None) -> dict[str, Any]:
    """Give the figures of a JSONL file of labelled messages."""
    from intents.evaluate import evaluate, rows_of

    return evaluate(Reader.load(directory), rows_of(Path(path)))


def cli_train(out_dir: str | Path, seed: int = 1) -> dict[str, Any]:
    """Train the pipeline from the examples into a folder and give its figures."""
    from intents.training import train

    return train(Path(out_dir), seed)
