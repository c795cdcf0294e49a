"""Measures a reader on labelled messages, with the figures that the project promises."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from intents.examples import NotLabelled
from intents.labels import NONE, RIGHTS
from intents.reader import Reader
from intents.reading import Reading

TIMED_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled message; `labels` holds rights only, none of them when it asks for nothing."""

    text: str
    language: str
    labels: frozenset[str]
    hard: bool
    register: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what the reader made of it and how long that took."""

    row: Row
    reading: Reading
    seconds: float
    evidence: float  # how likely it uses a right at all, which the thresholds decide on

    @property
    def found(self) -> frozenset[str]:
        """The rights listed, where the decision gives them any effect."""
        return self.reading.rights


def rows_of(path: Path) -> list[Row]:
    """Read a JSONL file of labelled messages; raises NotLabelled naming the line that is not one."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                rows.append(_row(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise NotLabelled(
                    f"{path.name}, line {number}: not a row with text, lang and labels"
                ) from error
    return rows


def _row(fields: dict[str, Any]) -> Row:
    return Row(
        str(fields["text"]),
        str(fields["lang"]),
        frozenset(fields["labels"]) & set(RIGHTS),
        bool(fields.get("hard", False)),
        str(fields.get("register", "")),
        str(fields.get("source", "")),
    )


def judged(reader: Reader, rows: Iterable[Row]) -> list[Judged]:
    """Read every row, timing each."""
    result = []
    for row in rows:
        started = time.perf_counter()
        reading = reader.read(row.text)
        seconds = time.perf_counter() - started
        result.append(Judged(row, reading, seconds, reader.evidence(row.text)))
    return result


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that was read wrongly, and in which way."""

    what: str
    case: Judged


def errors(cases: Iterable[Judged]) -> list[Failure]:
    """List what was read wrongly, the worst first: missed, opened for nothing, asked for nothing, wrong rights."""
    found: dict[str, list[Judged]] = {
        "missed": [],
        "false opening": [],
        "needless question": [],
        "other rights": [],
    }
    for case in cases:
        decision = case.reading.decision
        if case.row.labels and decision == NONE:
            found["missed"].append(case)
        elif not case.row.labels and decision != NONE:
            found["false opening" if decision == "request" else "needless question"].append(case)
        elif case.found != case.row.labels:
            found["other rights"].append(case)
    found["missed"].sort(key=lambda case: case.evidence)
    for what in ("false opening", "needless question", "other rights"):
        found[what].sort(key=lambda case: -case.evidence)
    return [Failure(what, case) for what, group in found.items() for case in group]


def evaluate(reader: Reader, rows: Sequence[Row]) -> dict[str, Any]:
    """Give the figures of `intents/README.md`, all shares between 0 and 1, times in milliseconds."""
    return figures_of(judged(reader, rows))


def figures_of(cases: Sequence[Judged]) -> dict[str, Any]:
    """Give those figures for messages that are read already."""
    figures = decision_figures(cases) | rights_figures(cases) | _times(cases)
    return figures | {
        "by_language": _grouped(cases, lambda case: case.row.language),
        "by_register": _grouped(cases, lambda case: case.row.register),
        "by_source": _grouped(cases, lambda case: case.row.source),
        "language_right": share(case.reading.language == case.row.language for case in cases),
        "confusion": confusion(cases),
    }


def share(claims: Iterable[bool]) -> float | None:
    """Give the share of true claims, None where there is none to judge."""
    values = list(claims)
    return round(sum(values) / len(values), 4) if values else None


def decision_figures(cases: Sequence[Judged]) -> dict[str, Any]:
    """Give missed, false openings and needless questions, easy and hard apart."""
    none = [case for case in cases if not case.row.labels]
    figures: dict[str, Any] = {
        "rows": len(cases),
        "with_a_right": len(cases) - len(none),
        "missed": share(case.reading.decision == NONE for case in cases if case.row.labels),
    }
    for decision, name in (("request", "false_opening"), ("ask", "needless_question")):
        for hard, kind in ((False, "easy"), (True, "hard")):
            chosen = (case.reading.decision == decision for case in none if case.row.hard == hard)
            figures[f"{name}_{kind}"] = share(chosen)
    return figures


def _f1(cases: Sequence[Judged], right: str) -> float | None:
    wanted = sum(right in case.row.labels for case in cases)
    found = sum(right in case.found for case in cases)
    both = sum(right in case.row.labels and right in case.found for case in cases)
    return round(2 * both / (wanted + found), 4) if wanted else None


def rights_figures(cases: Sequence[Judged]) -> dict[str, Any]:
    """Give F1 per right, their mean and the share of exactly right label sets, on messages with a right."""
    positive = [case for case in cases if case.row.labels]
    per_right = {right: _f1(positive, right) for right in RIGHTS}
    known = [value for value in per_right.values() if value is not None]
    return {
        "rights_f1": round(statistics.fmean(known), 4) if known else None,
        "f1_by_right": per_right,
        "exact_match": share(case.found == case.row.labels for case in positive),
    }


def _times(cases: Sequence[Judged]) -> dict[str, Any]:
    times = sorted(1000 * case.seconds for case in cases if len(case.row.text) <= TIMED_CHARACTERS)
    if not times:
        return {"ms_median": None, "ms_p99": None}
    return {
        "ms_median": round(statistics.median(times), 3),
        "ms_p99": round(times[int(len(times) * 0.99)], 3),
    }


def _grouped(cases: Sequence[Judged], key: Any) -> dict[str, Any]:
    groups: dict[str, list[Judged]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return {
        name: decision_figures(group) | rights_figures(group)
        for name, group in sorted(groups.items())
        if name
    }


def confusion(cases: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Count for each true right (or none) what was found instead or besides."""
    table: dict[str, dict[str, int]] = {}
    for case in cases:
        for wanted in case.row.labels or {NONE}:
            for found in case.found or {NONE}:
                row = table.setdefault(wanted, {})
                row[found] = row.get(found, 0) + 1
    return table
