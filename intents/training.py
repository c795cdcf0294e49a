"""Trains the pipeline from the examples, the same way every time under its seed, with numpy alone."""

from __future__ import annotations

import multiprocessing
import random
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from intents.cleaning import normalise, sentences
from intents.examples import EXAMPLES, Example, examples, variants, widest
from intents.features import Features, features_of
from intents.labels import ANY_RIGHT, CONVERSATIONAL, LANGUAGES, OUTPUTS, RIGHTS
from intents.language import BITS as LANGUAGE_BITS
from intents.language import LANGUAGE_FILE, LanguageReader, letters, runs
from intents.pipeline import COMPONENT, PrivacyRights, blank_pipeline
from intents.reader import THRESHOLDS_FILE
from intents.scorer import Matrix

DRAWS: Final = 4
DRAWINGS: Final = 2
MOST_VARIANTS: Final = 40
PLAIN_COUNTS: Final = 2
EPOCHS: Final = 30
BATCH: Final = 128
RATE: Final = 0.25
DECAY: Final = 2e-5
LANGUAGE_RATE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Batch:
    """Some texts as sparse columns over the buckets they use; `cells` tells where the values stand."""

    buckets: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    targets: Matrix

    def dense(self) -> Matrix:
        """Give a row per bucket and a column per text: small enough for a batch, and quick to multiply."""
        shape = len(self.buckets), len(self.targets)
        filled = np.bincount(self.cells, self.values, shape[0] * shape[1])
        return filled.astype(np.float32).reshape(shape)


def batch_of(rows: Sequence[Features], targets: Matrix) -> Batch:
    """Make a batch of texts of one sentence each; features count by the root of their segment's size."""
    owners = np.repeat(np.arange(len(rows)), [len(row.buckets) for row in rows])
    sizes = np.concatenate([np.repeat(row.sizes, row.sizes) for row in rows])
    buckets, places = np.unique(np.concatenate([row.buckets for row in rows]), return_inverse=True)
    return Batch(buckets, places * len(rows) + owners, (sizes**-0.5).astype(np.float32), targets)


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

    def step(self, batch: Batch, rate: float, decay: float) -> None:
        """Move the weights one step against the error of a batch."""
        texts = batch.dense()
        weights = self.weights.take(batch.buckets, axis=0)
        error = (self._guessed(texts.T @ weights + self.bias) - batch.targets) / len(batch.targets)
        slopes = texts @ error + decay * weights
        squares = self.squares.take(batch.buckets, axis=0) + slopes**2
        self.squares[batch.buckets] = squares
        self.weights[batch.buckets] = weights - rate * slopes / np.sqrt(squares)
        self.bias -= rate * error.sum(axis=0)

    def _guessed(self, logits: Matrix) -> Matrix:
        if self.softmax:
            grown = np.exp(logits - logits.max(axis=1, keepdims=True))
            return np.asarray(grown / grown.sum(axis=1, keepdims=True), dtype=np.float32)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


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
        for text in _drawn(example.text, choose)
    ]
    return plain + _mixtures(plain, choose)


def _drawn(text: str, choose: random.Random) -> list[str]:
    """Expand a line by its widest choice, so that each alternative is seen; a plain line counts twice."""
    wide = widest(text)
    return variants(text, choose, min(DRAWS * wide, MOST_VARIANTS)) if wide else [text] * PLAIN_COUNTS


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


def _batches(rows: list[Features], targets: Matrix, seed: int) -> list[Batch]:
    order = np.random.default_rng(seed).permutation(len(rows))
    chunks = (order[at : at + BATCH] for at in range(0, len(order), BATCH))
    return [batch_of([rows[place] for place in chunk], targets[chunk]) for chunk in chunks]


def train_rights(found: Sequence[Example], seed: int, epochs: int = EPOCHS) -> tuple[Matrix, Any]:
    """Train the rights and conversational wishes; gives weights and bias, the mean over several draws."""
    with ProcessPoolExecutor(DRAWINGS, multiprocessing.get_context("spawn")) as workers:
        begun = [workers.submit(_trained_once, found, seed + draw, epochs) for draw in range(DRAWINGS)]
        drawn = [each.result() for each in begun]
    # The mean of linear models is one linear model, so steadier figures cost nothing when reading.
    weights: Matrix = np.stack([weights for weights, _ in drawn]).mean(axis=0, dtype=np.float32)
    return weights, np.stack([bias for _, bias in drawn]).mean(axis=0, dtype=np.float32)


def _trained_once(found: Sequence[Example], seed: int, epochs: int) -> tuple[Matrix, Any]:
    nlp = blank_pipeline()
    written = utterances(found, seed)
    lines = [normalise(example.text) for example in written]
    rows = [features_of(nlp.make_doc(line), line) for line in lines]
    kept = [at for at, row in enumerate(rows) if len(row.buckets)]
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
    _learn(learner, _batches([runs(text) for text, _ in pairs], targets, seed), epochs, LANGUAGE_RATE, seed)
    return LanguageReader(learner.weights, learner.bias)


def train(
    out_dir: Path,
    seed: int = 1,
    *,
    directory: Path = EXAMPLES,
    epochs: int = EPOCHS,
    more: Sequence[Example] = (),
) -> dict[str, Any]:
    """Train from the examples, and more of them, into a folder; the same seed gives the same figures."""
    found = [*examples(directory), *more]
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
