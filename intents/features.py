"""Turns a normalised text into hashed word, character and concept n-grams, with no vocabulary kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from intents.concepts import concept_of

if TYPE_CHECKING:
    from spacy.tokens import Doc

Codes = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]

BITS: Final = 18
MASK: Final = np.uint32((1 << BITS) - 1)
CHARACTER_SIZES: Final = (2, 3, 4, 5)
WORD_SIZES: Final = (1, 2, 3)
SKIP: Final = 3
_PRIME: Final = np.uint32(0x01000193)
_SPREAD: Final = np.uint32(0x2C1B3C6D)
_SPREAD_AGAIN: Final = np.uint32(0x297A2D39)
_NEWLINE: Final = 10
NO_PLACES: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Group:
    """Features of one kind: their buckets and the sentence of each, sentences in rising order."""

    buckets: Places
    owners: Places


def mixed(values: Codes, salt: int) -> Codes:
    """Spread hash values over all 32 bits; another salt gives an independent hash."""
    values = values ^ np.uint32((salt * 0x9E3779B1) & 0xFFFFFFFF)
    values = (values ^ (values >> np.uint32(15))) * _SPREAD
    values = (values ^ (values >> np.uint32(12))) * _SPREAD_AGAIN
    return values ^ (values >> np.uint32(15))


def code_points(text: str) -> Codes:
    """Give the characters of a text as numbers."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def rolling(codes: Codes, longest: int) -> list[Codes]:
    """Give the plain hashes of all runs of 1 to `longest` values."""
    hashes = [mixed(codes, 1)]
    first = hashes[0]
    for size in range(2, longest + 1):
        if len(first) < size:
            break
        hashes.append(hashes[-1][:-1] * _PRIME + first[size - 1 :])
    return hashes


def _within(values: Codes, owners: Places, size: int, salt: int) -> Group:
    starts = owners[: len(values)]
    if len(values) and owners[0] != owners[-1]:
        same = starts == owners[size - 1 : size - 1 + len(values)]
        values, starts = values[same], starts[same]
    return Group((mixed(values, salt) & MASK).astype(np.int64), starts)


def _characters(text: str) -> Group:
    codes = code_points(f" {text} ".replace("\n", " \n "))
    breaks = codes == _NEWLINE
    owners = np.cumsum(breaks, dtype=np.int64)
    kept = ~breaks
    codes, owners = codes[kept], owners[kept]
    hashes = rolling(codes, CHARACTER_SIZES[-1])
    return _joined(
        [
            _within(hashes[size - 1], owners, size, 10 + size)
            for size in CHARACTER_SIZES
            if size <= len(hashes)
        ]
    )


def _words(words: Codes, owners: Places) -> Group:
    hashes = rolling(words, WORD_SIZES[-1])
    groups = [
        _within(hashes[size - 1], owners, size, 20 + size) for size in WORD_SIZES if size <= len(hashes)
    ]
    if len(words) >= SKIP:
        groups.append(_within(hashes[0][:-2] * _PRIME ^ hashes[0][2:], owners, SKIP, 27))
    return _joined(groups)


def _concepts(words: list[list[str]]) -> Group:
    found: list[int] = []
    owners: list[int] = []
    for owner, sentence in enumerate(words):
        seen = [number for number in map(concept_of, sentence) if number]
        seen = [number for place, number in enumerate(seen) if place == 0 or number != seen[place - 1]]
        pairs = {
            1 + first * 256 + second for at, first in enumerate(seen) for second in seen[at + 1 : at + 6]
        }
        triples = {(a * 256 + b) * 256 + c for a, b, c in zip(seen, seen[1:], seen[2:], strict=False)}
        values = [*sorted(set(seen)), *sorted(pairs), *sorted(triples)]
        found.extend(values)
        owners.extend([owner] * len(values))
    hashed = mixed(np.array(found, dtype=np.uint32), 31) & MASK
    return Group(hashed.astype(np.int64), np.array(owners, dtype=np.int64))


def _joined(groups: list[Group]) -> Group:
    if not groups:
        return Group(NO_PLACES, NO_PLACES)
    buckets = np.concatenate([group.buckets for group in groups])
    owners = np.concatenate([group.owners for group in groups])
    order = np.argsort(owners, kind="stable") if len(owners) and owners[-1] else slice(None)
    return Group(buckets[order], owners[order])


def features(text: str, words: list[list[str]], orths: Codes, owners: Places) -> tuple[Group, ...]:
    """Give characters, words and concepts of a text whose sentences stand one a line."""
    return _characters(text), _words(orths, owners), _concepts(words)


def features_of(doc: Doc) -> tuple[Group, ...]:
    """Give the features of a tokenised text whose sentences stand one a line."""
    hashes = doc.to_array(["ORTH"]).reshape(-1).astype(np.uint64)
    breaks = hashes == np.uint64(doc.vocab.strings["\n"])
    owners = np.cumsum(breaks, dtype=np.int64)
    folded = (hashes ^ (hashes >> np.uint64(32))).astype(np.uint32)
    text = doc.text
    words = [line.split() for line in text.split("\n")]
    return features(text, words, folded[~breaks], owners[~breaks])
