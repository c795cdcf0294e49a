"""Reading better by what agents said: train with the kept corrections, show the effect, serve it once accepted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.app import model_dir
from assistant.config import Settings
from assistant.errors import ConfigurationError
from assistant.reading_commands import list_corrections
from intents import Learned, Reader, cli_evaluate, learn

_SHOWN = (
    "missed",
    "false_opening_easy",
    "false_opening_hard",
    "needless_question_easy",
    "needless_question_hard",
    "rights_f1",
)


def learn_from_corrections(settings: Settings, on: Path | None) -> Mapping[str, Any]:
    """Train a candidate with the kept corrections, and give what it changes; serves nothing yet."""
    kept = [
        Learned(row["text"], row["language"], frozenset(row["rights"]))
        for row in list_corrections(settings, kept=True)
    ]
    if not kept:
        raise ConfigurationError(
            "No correction is kept yet; see `assistant corrections list`, then keep some."
        )
    candidate = _candidate(settings)
    shutil.rmtree(candidate, ignore_errors=True)
    figures = learn(candidate, kept)
    before, after = Reader.load(model_dir(settings)), Reader.load(candidate)
    effect: dict[str, Any] = {
        **figures,
        "corrections": len(kept),
        "read as corrected before": _right(before, kept),
        "read as corrected now": _right(after, kept),
    }
    if on:
        old, new = cli_evaluate(on, model_dir(settings)), cli_evaluate(on, candidate)
        effect[on.name] = {name: f"{old[name]} before, {new[name]} now" for name in _SHOWN}
    return {**effect, "next": "assistant train --accept, or leave it"}


def accept_learned(settings: Settings) -> Path:
    """Make the candidate the pipeline of this desk; gives its folder. Deleting it brings back the one that ships."""
    candidate = _candidate(settings)
    if not candidate.is_dir():
        raise ConfigurationError("Nothing was learned yet; run `assistant train --learn` first.")
    Reader.load(candidate)
    accepted = candidate.with_name("accepted")
    former = candidate.with_name("former")
    shutil.rmtree(former, ignore_errors=True)
    if accepted.is_dir():
        accepted.rename(former)
    return candidate.rename(accepted)


def _candidate(settings: Settings) -> Path:
    return settings.server.data_dir / "models" / "candidate"


def _right(reader: Reader, kept: Sequence[Learned]) -> int:
    return sum(reader.read(each.text).rights == each.labels for each in kept)
