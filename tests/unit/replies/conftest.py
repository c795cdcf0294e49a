"""The texts of an invented controller."""

from __future__ import annotations

import pytest

from assistant.replies import Texts
from tests.unit.replies.samples import facts


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts.load(desk=facts())
