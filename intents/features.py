"""Turns a normalised text into hashed word, character and concept n-grams, with no vocabulary kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

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
NEWLINE: Final = "\n"
_PRIME: Final = np.uint32(0x01000193)
_SPREAD: Final = np.uint32(0x2C1B3C6D)
_SPREAD_AGAIN: Final = np.uint32(0x297A2D39)
_SHIFT: Final = np.uint32(15)
_SHIFT_AGAIN: Final = np.uint32(12)
_FOLD: Final = np.uint64(32)
_ORTHS: Final[list[int | str]] = ["ORTH"]
_NEWLINE_CODE: Final = ord(NEWLINE)


@dataclass(frozen=True, slots=True)
class Features:
    """The buckets of a text in segments: one for each kind of feature (letters, words, concepts) and sentence.

    Segment `at` begins at `starts[at]`, holds `sizes[at]` buckets and belongs to the sentence `rows[at]`.
    """

    buckets: Places
    starts: Places
    sizes: Places
    rows: Places


class _Run(NamedTuple):
    """Hashes of one kind before they are spread: their kind, their salt and the sentence of each."""

    kind: int
    values: Codes
    salt: np.uint32
    owners: Places | None


def salt_of(number: int) -> np.uint32:
    """Give what is mixed into hashes so that each kind of feature is spread by itself."""
    return np.uint32((number * 0x9E3779B1) & 0xFFFFFFFF)


def spread(values: Codes) -> Codes:
    """Spread salted hash values over all 32 bits, in place."""
    values ^= values >> _SHIFT
    values *= _SPREAD
    values ^= values >> _SHIFT_AGAIN
    values *= _SPREAD_AGAIN
    values ^= values >> _SHIFT
    return values


def code_points(text: str) -> Codes:
    """Give the characters of a text as numbers."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def rolling(codes: Codes, longest: int) -> list[Codes]:
    """Give the plain hashes of all runs of 1 to `longest` values."""
    first = spread(codes ^ _PLAIN)
    hashes = [first]
    for size in range(2, min(longest, len(first)) + 1):
        grown = hashes[-1][:-1] * _PRIME
        grown += first[size - 1 :]
        hashes.append(grown)
    return hashes


_PLAIN: Final = salt_of(1)
_SALTS: Final = tuple(salt_of(number) for number in range(32))
_CHARACTERS, _WORDS, _CONCEPTS = range(3)


def _within(kind: int, values: Codes, owners: Places | None, size: int, salt: int) -> _Run:
    if owners is None:
        return _Run(kind, values, _SALTS[salt], None)
    starts = owners[: len(values)]
    same = starts == owners[size - 1 : size - 1 + len(values)]
    return _Run(kind, values[same], _SALTS[salt], starts[same])


def _characters(text: str, lines: int) -> list[_Run]:
    owners = None
    if lines == 1:
        codes = code_points(f" {text} ")
    else:
        codes = code_points(f" {text} ".replace(NEWLINE, f" {NEWLINE} "))
        breaks = codes == _NEWLINE_CODE
        codes, owners = codes[~breaks], np.cumsum(breaks, dtype=np.int64)[~breaks]
    hashes = rolling(codes, CHARACTER_SIZES[-1])
    return [
        _within(_CHARACTERS, hashes[size - 1], owners, size, 10 + size)
        for size in CHARACTER_SIZES
        if size <= len(hashes)
    ]


def _words(doc: Doc, lines: int) -> list[_Run]:
    hashes: npt.NDArray[np.uint64] = doc.to_array(_ORTHS).reshape(-1).astype(np.uint64, copy=False)
    owners = None
    if lines > 1:
        breaks = hashes == doc.vocab.strings[NEWLINE]
        hashes, owners = hashes[~breaks], np.cumsum(breaks, dtype=np.int64)[~breaks]
    if not len(hashes):
        return []
    runs = rolling((hashes ^ (hashes >> _FOLD)).astype(np.uint32), WORD_SIZES[-1])
    found = [
        _within(_WORDS, runs[size - 1], owners, size, 20 + size) for size in WORD_SIZES if size <= len(runs)
    ]
    if len(hashes) >= SKIP:
        found.append(_within(_WORDS, runs[0][:-2] * _PRIME ^ runs[0][2:], owners, SKIP, 27))
    return found


def _concepts(text: str, lines: int) -> list[_Run]:
    found: list[int] = []
    owners: list[int] = []
    for owner, sentence in enumerate(text.split(NEWLINE)):
        values = _concepts_of(sentence)
        found += values
        owners += [owner] * len(values)
    numbers = np.array(found, dtype=np.uint32)
    return [_Run(_CONCEPTS, numbers, _SALTS[31], np.array(owners, np.int64) if lines > 1 else None)]


def _concepts_of(sentence: str) -> list[int]:
    seen: list[int] = []
    for word in sentence.split():
        number = concept_of(word)
        if number and (not seen or number != seen[-1]):
            seen.append(number)
    if len(seen) < 2:  # noqa: PLR2004 - a pair
        return seen
    pairs = {1 + first * 256 + second for at, first in enumerate(seen) for second in seen[at + 1 : at + 6]}
    triples = {(a * 256 + b) * 256 + c for a, b, c in zip(seen, seen[1:], seen[2:], strict=False)}
    return [*sorted(set(seen)), *sorted(pairs), *sorted(triples)]


def features_of(doc: Doc, text: str) -> Features:
    """Give characters, words and concepts of a tokenised text whose sentences stand one a line; a document would glue it anew."""
    lines = text.count(NEWLINE) + 1
    return _in_segments([*_characters(text, lines), *_words(doc, lines), *_concepts(text, lines)], lines)


def _in_segments(runs: list[_Run], lines: int) -> Features:
    """Spread all hashes at once: a dozen steps over one array cost a tenth of those over ten arrays."""
    salted = np.empty(sum(len(run.values) for run in runs), np.uint32)
    ends = [0, 0, 0]
    at = 0
    for run in runs:
        end = at + len(run.values)
        np.bitwise_xor(run.values, run.salt, out=salted[at:end])
        at = end
        for kind in range(run.kind, len(ends)):
            ends[kind] = end
    buckets = (spread(salted) & MASK).astype(np.int64)
    if lines == 1:
        spans = [(start, end) for start, end in zip([0, *ends], ends, strict=False) if end > start]
        starts = np.array([start for start, _ in spans], np.int64)
        sizes = np.array([end - start for start, end in spans], np.int64)
        return Features(buckets, starts, sizes, np.zeros(len(spans), np.int64))
    return _by_sentence(buckets, runs, lines)


def _by_sentence(buckets: Places, runs: list[_Run], lines: int) -> Features:
    keys = np.concatenate([run.owners + run.kind * lines for run in runs if run.owners is not None])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return Features(buckets[order], starts, np.diff(starts, append=len(keys)), keys[starts] % lines)
