"""The linear model of this package: one weight per hashed feature and output, summed by sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from intents.features import BITS, Features
from intents.labels import OUTPUTS

Matrix = npt.NDArray[np.float32]
WEIGHTS_FILE: Final = "weights.npz"
_INT8: Final = 127
_ONE: Final = np.float32(1)


def sums(weights: Matrix, found: Features) -> Matrix:
    """Add up the weights of each segment's features, divided by the root of their number."""
    added: Matrix = np.add.reduceat(weights.take(found.buckets, axis=0), found.starts, axis=0)
    added /= np.sqrt(found.sizes, dtype=np.float32)[:, None]
    return added


class Scorer:
    """Gives the probability of each output for each sentence; `weights` has a row per bucket."""

    def __init__(self, weights: Matrix, bias: npt.NDArray[np.float32]) -> None:
        self.weights = weights
        self.bias = bias

    @classmethod
    def empty(cls) -> Scorer:
        """Give a scorer that knows nothing, to be filled by training or from disk."""
        return cls(np.zeros((1 << BITS, len(OUTPUTS)), np.float32), np.zeros(len(OUTPUTS), np.float32))

    def probabilities(self, found: Features, rows: int) -> Matrix:
        """Give a row of probabilities, in the order of OUTPUTS, for each sentence."""
        logits = np.zeros((rows, len(self.bias)), np.float32)
        logits += self.bias
        if len(found.starts):
            parts = sums(self.weights, found)
            if rows == 1:
                logits += parts.sum(axis=0)
            else:
                np.add.at(logits, found.rows, parts)
        np.clip(logits, -30, 30, out=logits)
        return np.asarray(_ONE / (_ONE + np.exp(-logits)), dtype=np.float32)

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
