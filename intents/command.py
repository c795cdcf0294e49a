"""What the command line asks of this package, as functions of lines and paths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from intents.examples import Example
from intents.reader import Reader

_WEIGHT: Final = 4
_NO_ALTERNATIVES: Final = str.maketrans("{|}", "   ")


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


def cli_evaluate(
    path: str | Path, directory: Path | None = None, *, page_file: Path | None = None
) -> dict[str, Any]:
    """Give the figures and the worst errors of a JSONL file of labelled messages; writes them as a page too if asked."""
    from intents.evaluate import errors, figures_of, judged, rows_of
    from intents.evaluation_page import page

    reader = Reader.load(directory)
    cases = judged(reader, rows_of(Path(path)))
    figures = figures_of(cases)
    if page_file:
        page_file.write_text(page(Path(path).name, figures, cases, reader.ask), encoding="utf-8")
    worst = [f"{e.what}: {e.case.row.text[:160]!r}" for e in errors(cases)[:10]]
    return figures | {"worst": worst}


def learn(out_dir: Path, corrected: Sequence[Example]) -> dict[str, Any]:
    """Train from the examples and from messages that were read wrongly, each counted as several; gives the figures."""
    from intents.training import train

    return train(out_dir, more=[Example(_plain(c.text), c.language, c.labels) for c in corrected] * _WEIGHT)


def _plain(text: str) -> str:
    return " ".join(text.translate(_NO_ALTERNATIVES).split())


def cli_train(out_dir: str | Path, seed: int = 1) -> dict[str, Any]:
    """Train the pipeline from the examples into a folder and give its figures."""
    from intents.training import train

    return train(Path(out_dir), seed)
