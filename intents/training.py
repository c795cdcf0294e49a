"""Trains the pipeline from the examples, the same way every time under its seed, with numpy alone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from intents.cleaning import normalise, sentences
from intents.examples import EXAMPLES, Example, examples, variants
from intents.features import Group, features_of
from intents.labels import ANY_RIGHT, CONVERSATIONAL, LANGUAGES, OUTPUTS, RIGHTS
from intents.language import BITS as LANGUAGE_BITS
from intents.language import LANGUAGE_FILE, LanguageReader, letters, runs
from intents.pipeline import COMPONENT, PrivacyRights, blank_pipeline
from intents.reader import THRESHOLDS_FILE
from intents.scorer import Matrix

MOST_VARIANTS: Final = 24
MOST_NEGATIVES: Final = 40
EPOCHS: Final = 45
BATCH: Final = 128
RATE: Final = 0.25
DECAY: Final = 2e-5
LANGUAGE_RATE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Batch:
    """Some texts as sparse rows, sorted once by bucket so that every step only adds runs."""

    buckets: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    targets: Matrix


def batch_of(rows: Sequence[tuple[Group, ...]], targets: Matrix) -> Batch:
    """Make a batch of texts of one sentence each; features count by the root of their group's size."""
    parts = [
        (group.buckets, row) for row, groups in enumerate(rows) for group in groups if len(group.buckets)
    ]
    buckets = np.concatenate([part for part, _ in parts])
    owners = np.concatenate([np.full(len(part), row, dtype=np.int64) for part, row in parts])
    values = np.concatenate([np.full(len(part), len(part) ** -0.5, dtype=np.float32) for part, _ in parts])
    order = np.argsort(buckets, kind="stable")
    buckets, owners, values = buckets[order], owners[order], values[order]
    starts = np.flatnonzero(np.diff(buckets, prepend=-1))
    return Batch(buckets, values, owners, starts, targets)


@dataclass(slots=True)
class Learner:
    """A linear model in training: Adagrad over hashed rows, with weights that fade unless used."""

    weights: Matrix
    bias: npt.NDArray[np.float32]
    squares: Matrix
    softmax: bool = False

    @classmethod
    def sized(cls, buckets: int, outputs: int, *, softmax: bool = False) -> Learner:
        """Give an untrained learner."""
        blank = np.zeros((buckets, outputs), np.float32)
        return cls(blank, np.full(outputs, -1, np.float32), np.full_like(blank, 1e-3), softmax)

    def logits(self, batch: Batch) -> Matrix:
        """Give the sums of a batch, a row per text."""
        weighted = self.weights[batch.buckets] * batch.values[:, None]
        rows = len(batch.targets)
        added = [np.bincount(batch.owners, weighted[:, at], rows) for at in range(weighted.shape[1])]
        return np.asarray(np.stack(added, axis=1) + self.bias, dtype=np.float32)

    def step(self, batch: Batch, rate: float, decay: float) -> None:
        """Move the weights one step against the error of a batch."""
        logits = self.logits(batch)
        if self.softmax:
            grown = np.exp(logits - logits.max(axis=1, keepdims=True))
            guessed = grown / grown.sum(axis=1, keepdims=True)
        else:
            guessed = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        error = ((guessed - batch.targets) / len(batch.targets)).astype(np.float32)
        slopes = np.add.reduceat(error[batch.owners] * batch.values[:, None], batch.starts, axis=0)
        rows = batch.buckets[batch.starts]
        slopes += decay * self.weights[rows]
        self.squares[rows] += slopes**2
        self.weights[rows] -= rate * slopes / np.sqrt(self.squares[rows])
        self.bias -= rate * error.sum(axis=0)


def targets_of(labels: frozenset[str]) -> list[float]:
    """Give the wanted outputs of an utterance; `any` stands for at least one right."""
    wanted = labels | ({ANY_RIGHT} if labels & set(RIGHTS) else set())
    return [float(output in wanted) for output in OUTPUTS]


def utterances(found: Sequence[Example], seed: int) -> list[Example]:
    """Expand the examples and add messages that mix two of them, in a stable order."""
    choose = random.Random(seed)  # noqa: S311 - a stable choice is wanted, not a secret
    plain = [
        Example(text, example.language, example.labels)
        for example in found
        for text in variants(example.text, choose, MOST_VARIANTS if example.labels else MOST_NEGATIVES)
    ]
    return plain + _mixtures(plain, choose)


def _mixtures(plain: Sequence[Example], choose: random.Random) -> list[Example]:
    """Join two utterances of one language: support talk with a right, or two rights, or two near-misses."""
    by_language: dict[str, list[Example]] = {}
    for example in plain:
        by_language.setdefault(example.language, []).append(example)
    mixed = []
    for group in by_language.values():
        for _ in range(len(group) // 3):
            first, second = choose.sample(group, 2)
            labels = (first.labels | second.labels) - (
                set(CONVERSATIONAL) if first.labels & set(RIGHTS) else set()
            )
            mixed.append(Example(f"{first.text.rstrip('.')}. {second.text}", first.language, labels))
    return mixed


def _learn(learner: Learner, batches: list[Batch], epochs: int, rate: float, seed: int) -> None:
    order = np.random.default_rng(seed)
    for epoch in range(epochs):
        slower = rate * (1 - 0.8 * epoch / epochs)
        for place in order.permutation(len(batches)):
            learner.step(batches[place], slower, DECAY)


def _batches(rows: list[tuple[Group, ...]], targets: Matrix, seed: int) -> list[Batch]:
    order = np.random.default_rng(seed).permutation(len(rows))
    chunks = (order[at : at + BATCH] for at in range(0, len(order), BATCH))
    return [batch_of([rows[place] for place in chunk], targets[chunk]) for chunk in chunks]


def train_rights(found: Sequence[Example], seed: int, epochs: int = EPOCHS) -> tuple[Matrix, Any]:
    """Train the rights and conversational wishes; gives weights and bias."""
    nlp = blank_pipeline()
    written = utterances(found, seed)
    rows = [features_of(nlp.make_doc(normalise(example.text))) for example in written]
    kept = [at for at, row in enumerate(rows) if any(len(group.buckets) for group in row)]
    targets = np.array([targets_of(written[at].labels) for at in kept], dtype=np.float32)
    learner = Learner.sized(1 << 18, len(OUTPUTS))
    _learn(learner, _batches([rows[at] for at in kept], targets, seed), epochs, RATE, seed)
    return learner.weights, learner.bias


def train_languages(found: Sequence[Example], seed: int, epochs: int = EPOCHS) -> LanguageReader:
    """Train the language reader on the same utterances, each sentence by itself."""
    choose = random.Random(seed)  # noqa: S311 - a stable choice is wanted, not a secret
    pairs = [
        (letters(sentence), example.language)
        for example in found
        for text in variants(example.text, choose, 3)
        for sentence in sentences(text)
    ]
    pairs = [(text, language) for text, language in pairs if text and language in LANGUAGES]
    targets = np.array([[float(language == name) for name in LANGUAGES] for _, language in pairs], np.float32)
    learner = Learner.sized(1 << LANGUAGE_BITS, len(LANGUAGES), softmax=True)
    _learn(
        learner, _batches([(runs(text),) for text, _ in pairs], targets, seed), epochs, LANGUAGE_RATE, seed
    )
    return LanguageReader(learner.weights, learner.bias)


def train(
    out_dir: Path, seed: int = 1, *, directory: Path = EXAMPLES, epochs: int = EPOCHS
) -> dict[str, Any]:
    """Train from the examples into a folder; the same seed gives the same figures."""
    found = examples(directory)
    nlp = blank_pipeline()
    component = nlp.get_pipe(COMPONENT)
    assert isinstance(component, PrivacyRights)  # noqa: S101 - tells mypy what our own factory made
    component.scorer.weights, component.scorer.bias = train_rights(found, seed, epochs)
    out_dir.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(out_dir)
    train_languages(found, seed, epochs).save(out_dir / LANGUAGE_FILE)
    shutil.copyfile(Path(__file__).parent / THRESHOLDS_FILE, out_dir / THRESHOLDS_FILE)
    checked = float(np.abs(component.scorer.weights).sum(dtype=np.float64))
    return {"examples": len(found), "seed": seed, "epochs": epochs, "weights": round(checked, 3)}
