"""Reads one message in about a millisecond: language, decision, rights and details, never an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from intents.cleaning import legible, normalise, own_words, says_something, sentences
from intents.details import details_of
from intents.labels import ANY_RIGHT, CONVERSATIONAL, NONE, OUTPUTS, RIGHTS
from intents.language import LANGUAGE_FILE, LanguageReader
from intents.reading import Intent, Reading

if TYPE_CHECKING:
    from spacy.language import Language

    from intents.scorer import Matrix

MODEL_DIRECTORY: Final = Path(__file__).parent / "model"
READ_TOGETHER: Final = 3
THRESHOLDS_FILE: Final = "thresholds.toml"
_ANY: Final = OUTPUTS.index(ANY_RIGHT)
_COMPLAINT: Final = RIGHTS.index("complaint")
_RESERVES: Final = re.compile(
    r"\breserv(?:e|es|ing) (?:\w+ ){0,2}rights?\b|\breserve (?:le|la|mon|tout|tous) "
    r"|\bbehalt\w* (?:ich|wir)\b.*\bvor\b|\bvorbehalt|\b(?:me|nos) reserv|\bmi riserv"
    r"|\bbehoud\w* (?:\w+ ){0,3}recht|\breserv\w+ ?-? ?(?:me|nos|o direito)\b"
    r"|\bjatan endale oiguse|\bоставляю за собой право|\bzastrzegam"
)
_TINY: Final = 1e-9
_TALK: Final = len(RIGHTS) + 1


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on a message is a request, worth a question, a right, or talk about one."""

    request: float
    ask: float
    right: float
    talk: float

    @classmethod
    def load(cls, path: Path) -> Thresholds:
        """Read the four numbers from a TOML file."""
        return cls(**tomllib.loads(path.read_text(encoding="utf-8")))


class Reader:
    """Reads messages with a trained pipeline; made once, used from one thread at a time."""

    def __init__(self, nlp: Language, languages: LanguageReader, thresholds: Thresholds) -> None:
        self._nlp = nlp
        self._languages = languages
        self._thresholds = thresholds

    @classmethod
    def load(cls, directory: Path | None = None) -> Reader:
        """Load a pipeline, the committed one by default; raises OSError when the folder is not there."""
        from intents.pipeline import load_pipeline

        directory = directory or MODEL_DIRECTORY
        thresholds = Thresholds.load(directory / THRESHOLDS_FILE)
        return cls(load_pipeline(directory), LanguageReader.load(directory / LANGUAGE_FILE), thresholds)

    def read(self, text: str, *, language_hint: str | None = None, quoted: Sequence[str] = ()) -> Reading:
        """Read a message; sentences that stand in `quoted` (our earlier replies) don't count."""
        plain = legible(text)
        own = own_words(plain)
        spoken = _spoken(own, quoted)
        language = self._languages.read(" ".join(spoken.values()) or plain, language_hint)
        decision, intents, sentence = self._decide(spoken)
        details = details_of(own, tuple(intent.name for intent in intents))
        return Reading(text, language, decision, intents, details, sentence)

    def _decide(self, spoken: dict[str, str]) -> tuple[str, tuple[Intent, ...], str | None]:
        if not spoken:
            return NONE, (), None
        scores = self.scores(list(spoken))
        evidence = evidence_of(scores)
        best = int(np.argmax(evidence))
        thresholds = self._thresholds
        talk = self._talk(scores)
        if evidence[best] < thresholds.ask:
            return NONE, talk, None
        decision = "request" if evidence[best] >= thresholds.request else "ask"
        intents = (*self._rights(scores, evidence, best), *talk)
        return (
            decision,
            tuple(sorted(intents, key=lambda intent: -intent.score)),
            list(spoken.values())[int(np.argmax(evidence[: len(spoken)]))],
        )

    def scores(self, lines: list[str]) -> Matrix:
        """Give the probabilities of each normalised sentence and, where there are a few, of them together."""
        from intents.pipeline import SCORES

        if 1 < len(lines) <= READ_TOGETHER:
            lines = [*lines, " ".join(lines)]
        with self._nlp.memory_zone():
            scores: Matrix = self._nlp("\n".join(lines)).user_data[SCORES]
        return _without_boilerplate(scores, lines)

    def _rights(self, scores: Matrix, evidence: Matrix, best: int) -> list[Intent]:
        counted = scores[evidence >= self._thresholds.ask]
        highest = counted[:, : len(RIGHTS)].max(axis=0)
        found = [
            Intent(name, _rounded(p))
            for name, p in zip(RIGHTS, highest, strict=True)
            if p >= self._thresholds.right
        ]
        if found:
            return found
        likeliest = int(np.argmax(scores[best, : len(RIGHTS)]))
        return [Intent(RIGHTS[likeliest], _rounded(scores[best, likeliest]))]

    def _talk(self, scores: Matrix) -> tuple[Intent, ...]:
        highest = scores[:, _TALK:].max(axis=0)
        pairs = zip(CONVERSATIONAL, highest, strict=True)
        found = (Intent(name, _rounded(p)) for name, p in pairs if p >= self._thresholds.talk)
        return tuple(sorted(found, key=lambda intent: -intent.score))


def _without_boilerplate(scores: Matrix, lines: list[str]) -> Matrix:
    """Take no complaint from a sentence that only reserves the right to complain."""
    reserving = [at for at, line in enumerate(lines) if _RESERVES.search(line)]
    if reserving:
        scores = scores.copy()
        scores[reserving, _COMPLAINT] = 0
        scores[reserving, _ANY] = scores[reserving, : len(RIGHTS)].max(axis=1)
    return scores


def evidence_of(scores: Matrix) -> Matrix:
    """Give how likely each sentence uses a right: the mean log odds of *any* and of the likeliest right."""
    pair = np.stack([scores[:, _ANY], scores[:, : len(RIGHTS)].max(axis=1)])
    odds = np.log(pair / (1 - pair + _TINY) + _TINY).mean(axis=0)
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


def _rounded(probability: float) -> float:
    return round(float(probability), 4)


def _spoken(own: str, quoted: Sequence[str]) -> dict[str, str]:
    """Give the sentences that say something of the writer's own, by their normalised form."""
    ours = {normalise(sentence) for text in quoted for sentence in sentences(legible(text))}
    lines = ((normalise(sentence), sentence) for sentence in sentences(own))
    return {line: sentence for line, sentence in lines if line not in ours and says_something(line)}
