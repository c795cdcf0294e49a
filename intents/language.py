"""Tells the language of a message by its script and its letter runs, in a few kilobytes of weights."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from intents.features import Features, code_points, rolling, salt_of, spread
from intents.labels import LANGUAGES
from intents.scorer import Matrix, sums

BITS: Final = 15
LONGEST_RUN: Final = 4
_MASK: Final = np.uint32((1 << BITS) - 1)
_SALTS: Final = tuple(salt_of(40 + size) for size in range(LONGEST_RUN))
_FIRST: Final = np.zeros(1, np.int64)
LANGUAGE_FILE: Final = "language.npz"
FIRST_CHARACTERS: Final = 400
HINT_WEIGHT: Final = 1.0
FALLBACK: Final = "en"
_NOISE: Final = re.compile(r"URLLINK|\S+@\S+|[\d_/\\#*|<>=+~^{}\[\]\"“”«»()-]+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_SCRIPTS: Final = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("uk", re.compile("[іїєґІЇЄҐ]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)


def letters(text: str) -> str:
    """Give what tells a language: the first words in lower case, without numbers, signs and addresses."""
    return " ".join(_NOISE.sub(" ", text[:FIRST_CHARACTERS]).lower().split())


def runs(text: str) -> Features:
    """Give the hashed letter runs of 1 to 4 characters of a text."""
    hashes = rolling(code_points(f" {text} "), LONGEST_RUN)
    buckets = np.concatenate([values ^ _SALTS[size] for size, values in enumerate(hashes)])
    kept = (spread(buckets) & _MASK).astype(np.int64)
    return Features(kept, _FIRST, np.array([len(kept)], np.int64), _FIRST)


def by_script(text: str) -> str | None:
    """Give the language that most of the letters can only belong to, where their script tells."""
    count = len(_LETTER.findall(text))
    for language, script in _SCRIPTS:
        found = len(script.findall(text))
        if found and (found * 2 > count or (language in {"ja", "uk"} and found * 12 > count)):
            return language
    return None


class LanguageReader:
    """Gives the ISO 639-1 code of a text; needs no dictionary and no library."""

    def __init__(
        self, weights: Matrix, bias: npt.NDArray[np.float32], names: tuple[str, ...] = LANGUAGES
    ) -> None:
        self.weights = weights
        self.bias = bias
        self.names = names

    def read(self, text: str, hint: str | None = None) -> str:
        """Give the most likely language; the hint decides where the text says nothing."""
        text = letters(text)
        if not _LETTER.search(text):
            return hint or FALLBACK
        told = None if text.isascii() else by_script(text)
        return told or self._most_likely(text, hint)

    def _most_likely(self, text: str, hint: str | None) -> str:
        logits = self.bias + sums(self.weights, runs(text))[0]
        if hint in self.names:
            logits[self.names.index(hint)] += HINT_WEIGHT
        return self.names[int(np.argmax(logits))]

    def save(self, path: Path) -> None:
        """Write the weights in half precision."""
        np.savez_compressed(
            path, weights=self.weights.astype(np.float16), bias=self.bias, names=np.array(self.names)
        )

    @classmethod
    def load(cls, path: Path) -> LanguageReader:
        """Read what `save` wrote; raises OSError or ValueError when it is not there or not ours."""
        with np.load(path, allow_pickle=False) as stored:
            names = tuple(str(name) for name in stored["names"])
            return cls(stored["weights"].astype(np.float32), stored["bias"], names)
