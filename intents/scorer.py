"""The linear model of this package: one weight per hashed feature and output, summed by sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from intents.features import BITS, Group
from intents.labels import OUTPUTS

Matrix = npt.NDArray[np.float32]
WEIGHTS_FILE: Final = "weights.npz"
_INT8: Final = 127
_FIRST: Final = np.zeros(1, np.int64)


def sums(weights: Matrix, group: Group, rows: int) -> Matrix:
    """Add up the weights of each sentence's features, divided by the root of their number."""
    total = np.zeros((rows, weights.shape[1]), dtype=np.float32)
    if not len(group.buckets):
        return total
    starts = np.concatenate([_FIRST, np.flatnonzero(group.owners[1:] != group.owners[:-1]) + 1])
    counts = np.concatenate([starts[1:], [len(group.owners)]]) - starts
    added = np.add.reduceat(weights[group.buckets], starts, axis=0)
    total[group.owners[starts]] = added / np.sqrt(counts, dtype=np.float32)[:, None]
    return total


class Scorer:
    """Gives the probability of each output for each sentence; `weights` has a row per bucket."""

    def __init__(self, weights: Matrix, bias: npt.NDArray[np.float32]) -> None:
        self.weights = weights
        self.bias = bias

    @classmethod
    def empty(cls) -> Scorer:
        """Give a scorer that knows nothing, to be filled by training or from disk."""
        return cls(np.zeros((1 << BITS, len(OUTPUTS)), np.float32), np.zeros(len(OUTPUTS), np.float32))

    def probabilities(self, groups: tuple[Group, ...], rows: int) -> Matrix:
        """Give a row of probabilities, in the order of OUTPUTS, for each sentence."""
        logits = self.bias + sum(sums(self.weights, group, rows) for group in groups)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the weights as 8-bit steps of each output's largest weight."""
        steps = np.maximum(np.abs(self.weights).max(axis=0), 1e-6) / _INT8
        stored = np.rint(self.weights / steps).astype(np.int8)
        np.savez_compressed(path, weights=stored, steps=steps, bias=self.bias)

    @classmethod
    def read(cls, path: Path) -> Scorer:
        """Read what `save` wrote; raises OSError or ValueError when it is not there or not ours."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["weights"].astype(np.float32) * stored["steps"], stored["bias"])
