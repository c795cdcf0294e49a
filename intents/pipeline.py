"""The reader's place inside spaCy: one multilingual tokenizer and one component of our own."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found] # compiled, without stubs
from spacy.tokens import Doc

from intents.features import features_of
from intents.scorer import WEIGHTS_FILE, Matrix, Scorer

COMPONENT: Final = "privacy_rights"
SCORES: Final = "privacy_scores"
CHARACTERS_A_ZONE: Final = 100_000


class PrivacyRights:
    """A spaCy component that scores every sentence; a text holds one sentence a line."""

    def __init__(self) -> None:
        self.scorer = Scorer.empty()

    def __call__(self, doc: Doc) -> Doc:
        """Leave a row of probabilities per line in the document's user data."""
        doc.user_data[SCORES] = self.score(doc, doc.text)
        return doc

    def score(self, doc: Doc, text: str) -> Matrix:
        """Give a row of probabilities per line of a text, of which the document is made."""
        return self.scorer.probabilities(features_of(doc, text), text.count("\n") + 1)

    def to_disk(self, path: str | Path, *, exclude: Any = ()) -> None:
        """Write the weights; called by spaCy."""
        Path(path).mkdir(parents=True, exist_ok=True)
        self.scorer.save(Path(path) / WEIGHTS_FILE)

    def from_disk(self, path: str | Path, *, exclude: Any = ()) -> PrivacyRights:
        """Read the weights; called by spaCy."""
        self.scorer = Scorer.read(Path(path) / WEIGHTS_FILE)
        return self


class LineScorer:
    """Runs a trained pipeline over sentences; from one thread at a time."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._component: PrivacyRights = nlp.get_pipe(COMPONENT)  # type: ignore[assignment] # typed as any pipe
        self._zone = ExitStack()
        self._room = 0

    def beside(self) -> Language:
        """Give a pipeline for another thread; the weights are the same, and only looked at."""
        nlp = blank_pipeline()
        nlp.get_pipe(COMPONENT).scorer = self._component.scorer  # type: ignore[attr-defined] # typed as any pipe
        return nlp

    def scores(self, lines: str) -> list[list[float]]:
        """Give the probabilities of each line, in the order of OUTPUTS.

        spaCy keeps the words it meets for as long as its memory zone lasts: one zone serves many messages, for
        the sake of the words that come again, and then ends, for the sake of the memory.
        """
        if self._room < len(lines):
            self._zone.close()
            self._zone.enter_context(self._nlp.memory_zone())
            self._room = CHARACTERS_A_ZONE
        self._room -= len(lines)
        scores: list[list[float]] = self._component.score(self._nlp.make_doc(lines), lines).tolist()
        return scores


@Language.factory(COMPONENT)
def make_privacy_rights(nlp: Language, name: str) -> PrivacyRights:  # noqa: ARG001 - spaCy passes both
    """Make the component for spaCy; it knows nothing until its weights are read."""
    return PrivacyRights()


def blank_pipeline() -> Language:
    """Give the untrained pipeline; normalised text is split at spaces, and no word attribute is computed."""
    nlp = spacy.blank("xx")
    nlp.tokenizer = Tokenizer(nlp.vocab)
    nlp.vocab.lex_attr_getters = {}  # type: ignore[attr-defined] # compiled, its stubs leave it out
    nlp.add_pipe(COMPONENT)
    return nlp


def load_pipeline(directory: Path) -> Language:
    """Give the pipeline stored in a folder; raises OSError or ValueError when it is not there or not ours."""
    return blank_pipeline().from_disk(directory)
