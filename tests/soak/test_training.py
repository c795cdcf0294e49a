"""Training the whole pipeline again gives what is committed; from a few examples, what a correction changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intents.examples import EXAMPLES, Example
from intents.reader import MODEL_DIRECTORY, Reader
from intents.training import train

# How far the sums of another kind of processor lie apart after all epochs: one in ten reached 0.0102, which decides nothing.
_ROUNDED = 3e-2


@pytest.mark.timeout(900)
def test_the_committed_pipeline_is_what_training_gives(tmp_path: Path) -> None:
    train(tmp_path / "model")
    for name in ("privacy_rights/weights.npz", "language.npz"):
        with np.load(MODEL_DIRECTORY / name) as committed, np.load(tmp_path / "model" / name) as again:
            for key in committed.files:
                if committed[key].dtype.kind in "US":
                    assert list(committed[key]) == list(again[key])
                else:
                    np.testing.assert_allclose(
                        again[key], committed[key], atol=1.01 if key == "weights" else _ROUNDED
                    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A few of the examples, quick to train from."""
    source = tmp_path / "examples"
    for language in ("en", "fr"):
        (source / language).mkdir(parents=True)
        for label in ("erasure", "access", "none"):
            text = (EXAMPLES / language / f"{label}.txt").read_text("utf-8")
            (source / language / f"{label}.txt").write_text("\n".join(text.splitlines()[:12]), "utf-8")
    return source


def test_a_correction_is_read_as_it_was_corrected_after_learning_from_it(
    source: Path, tmp_path: Path
) -> None:
    said = "enough of that circus with the raffle leaflets"
    corrected = [Example(said, "en", frozenset({"objection"}))] * 4
    train(tmp_path / "before", 3, directory=source, epochs=10)
    train(tmp_path / "after", 3, directory=source, epochs=10, more=corrected)
    before, after = (Reader.load(tmp_path / name).read(said) for name in ("before", "after"))
    assert "objection" not in before.rights
    assert after.rights == {"objection"}


def test_training_again_gives_the_same_figures(source: Path, tmp_path: Path) -> None:
    figures = [train(tmp_path / name, 3, directory=source, epochs=3) for name in ("one", "two")]
    assert figures[0] == figures[1]
    one, two = (Reader.load(tmp_path / name) for name in ("one", "two"))
    assert one.read("delete my data").intents == two.read("delete my data").intents
