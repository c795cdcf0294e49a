"""What tests here share: clients to be and a desk laid out once to start copies of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.attacks import Victim, victims
from tests.doubles.desk_inside import DeskInside


@pytest.fixture(scope="module")
def people(desk: DeskInside) -> Iterator[Victim]:
    return victims(desk)
