"""Training the whole pipeline again gives what is committed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intents.reader import MODEL_DIRECTORY
from intents.training import train


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
                        again[key], committed[key], atol=1.01 if key == "weights" else 1e-2
                    )
