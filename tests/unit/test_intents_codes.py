"""A code that did not come or is not taken is no data that are to be corrected (GDPR 16)."""

from __future__ import annotations

import time
import timeit
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.asides import without_asides

FILE = Path(__file__).parents[1] / "data" / "intents" / "codes.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_that_fails_asks_for_nothing(reader: Reader, language: str) -> None:
    grid = product(CASES["fails"][language], CASES["code"][language])
    read = [(text, reader.read(text)) for text in (form.format(code=code) for form, code in grid)]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "none"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_beside_a_code_that_fails_is_read(reader: Reader, language: str) -> None:
    read = [(text, reader.read(text), right) for text, right in CASES["beside"][language]]
    assert [
        (text, found.decision, found.rights)
        for text, found, right in read
        if found.decision != "request" or found.rights != {right}
    ] == []


def test_a_code_that_is_held_is_corrected(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in CASES["held"]["texts"]]
    assert [text for text, found in read if "rectification" not in found.rights] == []


@pytest.mark.parametrize("piece", ["code ", "no code, ", "wrong code and ", "fix it, "])
def test_leaving_codes_out_takes_time_linear_in_the_length(piece: str) -> None:
    def seconds(times: int) -> float:
        spoken = {"line": piece * times}
        return min(timeit.repeat(lambda: without_asides(spoken), timer=time.process_time, number=1, repeat=3))

    without_asides({"warm": "warm"})
    assert seconds(8_000) < 40 * max(seconds(800), 0.0005)
